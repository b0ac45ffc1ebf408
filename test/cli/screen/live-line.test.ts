import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveArea } from '../../../client/cli/screen/live-area.ts';
import { hashingLine, type TransferFigures, transferLine } from '../../../client/cli/screen/progress-line.ts';
import { cutToWidth, padToWidth, textWidth } from '../../../client/cli/screen/text-width.ts';
import { waitingReason } from '../../../client/cli/swarm-view/waiting-reason.ts';
import type { PeerStatus, TorrentStatus, TrackerStatus } from '../../../client/engine/status.ts';

const figures: TransferFigures = {
  ...{ bytes: 14_155_776, totalBytes: 60_000_000, downBps: 2_831_155, upBps: 1_572_864, peers: 2 },
  ...{ etaSeconds: 17, waitingFor: undefined },
};

describe('the line of a download', () => {
  const lineAt = (columns: number) =>
    stripVTControlCharacters(transferLine(figures).lines(columns, 24).join('\n'));

  it('the line of a download has progress, rate, peers and time left', () => {
    expect(lineAt(100)).toMatch(
      /^ 23% {2}━+╸?─+ {2}13\.5 of 57\.2 MiB {2}↓ 2\.7 MiB\/s {2}↑ 1\.5 MiB\/s {2}2 peers {2}17 s left$/,
    );
  });

  it('a narrow line of a download drops the least useful parts first', () => {
    expect(lineAt(60)).toMatch(/━+╸?─+ {2}↓ 2\.7 MiB\/s {2}2 peers {2}17 s left$/);
    expect(lineAt(34)).toMatch(/━+╸?─+ {2}↓ 2\.7 MiB\/s$/);
    expect(lineAt(12)).toBe(' 23%  ↓ 2.7 MiB/s');
  });

  it('the line of a download is never wider than the terminal, for any figures', () => {
    const anything = fc.record({
      ...{ bytes: fc.nat(2 ** 30), downBps: fc.nat(), upBps: fc.nat(), peers: fc.nat(1000) },
      ...{
        etaSeconds: fc.option(fc.nat(1e6), { nil: undefined }),
        totalBytes: fc.integer({ min: 2 ** 30, max: 2 ** 40 }),
      },
    });
    fc.assert(
      fc.property(anything, fc.integer({ min: 30, max: 200 }), (some, columns) => {
        const [line] = transferLine({ ...some, waitingFor: undefined }).lines(columns, 24);
        expect(textWidth(line!)).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it('the line of a download says why no data arrives', () => {
    const waiting = transferLine({ ...figures, waitingFor: 'waiting for peers: asking host' });
    expect(waiting.plain()).toBe('23%, waiting for peers: asking host');
  });

  it('the line of a download is one plain sentence in a log', () => {
    expect(transferLine(figures).plain()).toBe(
      '23%, 13.5 of 57.2 MiB, 2.7 MiB/s down, 1.5 MiB/s up, 2 peers, 17 s left',
    );
    expect(
      hashingLine('Hashing', { bytes: 50, totalBytes: 100, bytesPerSecond: 25, etaSeconds: 2 }).plain(),
    ).toBe('Hashing: 50% of 100 B, 25 B/s, 2 s left');
  });
});

describe('why nothing comes', () => {
  const tracker = (fields: Partial<TrackerStatus>): TrackerStatus => ({
    ...{ url: 'http://host:6969/secret-passkey/announce', working: false, lastFailure: undefined },
    ...{
      lastWarning: undefined,
      peers: undefined,
      retryInSeconds: undefined,
      askedInSeconds: undefined,
      ...fields,
    },
  });
  const status = (fields: Partial<TorrentStatus>) =>
    ({
      peers: [],
      peersKnown: 0,
      trackers: [tracker({})],
      trouble: undefined,
      ...fields,
    }) as unknown as TorrentStatus;
  const peer = (fields: Partial<PeerStatus>) =>
    ({ amInterested: true, peerChoking: false, stalled: false, ...fields }) as PeerStatus;

  it.each<[string, Partial<TorrentStatus>, RegExp]>([
    ['no tracker', { trackers: [] }, /names no tracker.*--peer/],
    ['not asked yet', {}, /asking host:6969$/],
    [
      'a failing tracker',
      { trackers: [tracker({ lastFailure: 'connection refused' })] },
      /host:6969: connection refused/,
    ],
    ['no other peers', { trackers: [tracker({ peers: 0 })] }, /knows no other peers yet/],
    ['peers that do not answer', { peersKnown: 3 }, /3 peers known, none has answered/],
    [
      'peers without what is missing',
      { peers: [peer({ amInterested: false })] },
      /none has the missing pieces/,
    ],
    ['peers that choke', { peers: [peer({ peerChoking: true })] }, /waiting for a turn/],
    ['a silent peer', { peers: [peer({ stalled: true })] }, /silent/],
    ['a full disk', { trouble: { code: 'ENOSPC', message: 'no space left' } }, /disk is full: make room/],
  ])('the waiting reason is worded: %s', (_, fields, words) =>
    expect(waitingReason(status(fields))).toMatch(words),
  );

  it('a waiting reason never shows the secret part of a tracker’s address', () => {
    expect(waitingReason(status({ trackers: [tracker({ lastFailure: 'x' })] }))).not.toContain('secret');
  });

  it('a waiting reason makes the control characters of a tracker’s words visible', () => {
    const words = waitingReason(status({ trackers: [tracker({ lastFailure: '\x1b[2Jgone' })] }));
    expect(words).toContain('\\u001b[2Jgone');
  });
});

describe('a live area', () => {
  function area(columns: number, rows = 24) {
    const stream = Object.assign(new PassThrough(), { columns, rows });
    const live = new LiveArea(stream as unknown as WriteStream);
    return { live, written: () => (stream.read() as Buffer | null)?.toString() ?? '' };
  }

  it('a live area leaves room for ^C after the last line, and cuts longer lines', () => {
    const { live, written } = area(20);
    live.paint(['x'.repeat(50)]);
    expect(stripVTControlCharacters(written()).trim()).toBe(`${'x'.repeat(16)}…`);
  });

  it('a live area is never higher than the terminal', () => {
    const { live, written } = area(80, 5);
    live.paint(Array.from({ length: 20 }, (_, i) => `line ${i}`));
    expect(written().split('\n')).toHaveLength(4);
  });

  it('a live area returns to its first line before it paints again', () => {
    const { live, written } = area(80);
    live.paint(['a', 'b', 'c']);
    written();
    live.paint(['d']);
    expect(written()).toContain('\r\x1b[2A');
  });

  it('a live area is removed while text is printed above it', () => {
    const { live, written } = area(80);
    live.paint(['painted']);
    written();
    let between = '';
    live.above(() => {
      between = written();
    });
    expect(between).toContain('\x1b[J');
    expect(written()).toContain('painted');
  });
});

describe('the width of text', () => {
  it('wide characters count two columns, combining marks and colours none', () => {
    expect(textWidth('日本')).toBe(4);
    expect(textWidth('e\u0301')).toBe(1);
    expect(textWidth('\x1b[31mred\x1b[39m')).toBe(3);
  });

  it('a text is cut to the width, with its colours reset', () => {
    expect(cutToWidth('日本語', 4)).toBe('日…');
    expect(cutToWidth('\x1b[31mlong text\x1b[39m', 5)).toBe('\x1b[31mlong…\x1b[0m');
    expect(padToWidth('日', 4)).toBe('日  ');
  });

  it('a cut or padded text never exceeds the width', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, columns) => {
        expect(textWidth(cutToWidth(text, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
