/** The peers, and why no data arrives: the lines of `-v`, and those of a stalled download. */
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textWidth } from '../../../client/cli/screen/text-width.ts';
import { obstaclesOf } from '../../../client/cli/swarm-view/obstacles.ts';
import { sourceTable, sourceWords } from '../../../client/cli/swarm-view/source-table.ts';
import { outlook, standstillLines } from '../../../client/cli/swarm-view/standstill.ts';
import type { PeerStatus, TorrentStatus, TrackerStatus } from '../../../client/engine/status.ts';

const peer = (fields: Partial<PeerStatus> = {}): PeerStatus => ({
  ...{ address: { host: '192.168.1.5', port: 6881 }, incoming: false, peerId: new Uint8Array(20) },
  origin: 'tracker',
  ...{ client: 'qBittorrent 4.5.2', haveCount: 50, downloaded: 12_582_912, uploaded: 0 },
  ...{ downBps: 1_048_576, upBps: 0, peerChoking: false, amInterested: true, amChoking: true },
  ...{ peerInterested: false, stalled: false, onTrial: false },
  ...fields,
});
const tracker = (fields: Partial<TrackerStatus> = {}): TrackerStatus => ({
  ...{ url: 'http://host:6969/passkey/announce', working: false, lastFailure: undefined },
  ...{ lastWarning: undefined, peers: undefined, retryInSeconds: undefined, askedInSeconds: undefined },
  ...fields,
});
const status = (fields: Partial<TorrentStatus> = {}) =>
  ({
    ...{ complete: false, pieceCount: 100, peers: [], peersKnown: 0, trackers: [], trouble: undefined },
    ...fields,
  }) as TorrentStatus;
const plainTable = (some: Partial<TorrentStatus>, columns = 120, rows = 20) =>
  sourceTable([status(some)], columns, rows).map((line) => stripVTControlCharacters(line));

describe('the table of sources', () => {
  it('the table of sources shows peers, rates, amounts and their progress', () => {
    expect(plainTable({ peers: [peer()] })).toEqual([
      'peer              client                  rate   bytes  has',
      '192.168.1.5:6881  qBittorrent 4.5.2  ↓ 1 MiB/s  12 MiB  50%',
    ]);
  });

  it.each<[string, Partial<PeerStatus>, Partial<TorrentStatus>]>([
    ['choked by it: waiting for a turn', { peerChoking: true }, {}],
    ['has nothing we need', { amInterested: false, peerChoking: true }, {}],
    ['stalled: silent, though asked', { stalled: true }, {}],
    ['waiting for our disk', {}, { trouble: { code: 'ENOSPC', message: 'full' } }],
    ['asked, nothing yet', {}, {}],
    ['on trial: its first piece is under way', { onTrial: true }, {}],
    ['on trial: one piece first', { onTrial: true, downBps: 1 }, {}],
    ['wants nothing we have', {}, { complete: true }],
    ['waits for its turn', { peerInterested: true }, { complete: true }],
    ['asks for nothing just now', { peerInterested: true, amChoking: false }, { complete: true }],
  ])('the table of sources says why a peer is idle: %s', (words, fields, of) => {
    expect(plainTable({ peers: [peer({ downBps: 0, ...fields })], ...of })[1]).toMatch(
      new RegExp(`${words}$`),
    );
  });

  it('the table of sources has the busiest peers first, and counts those that do not fit', () => {
    const peers = [1, 3, 2, 4].map((n) =>
      peer({ address: { host: `10.0.0.${n}`, port: 1 }, downBps: n * 1000 }),
    );
    const lines = plainTable({ peers }, 100, 4);
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['peer', '10.0.0.4:1', '10.0.0.3:1', 'and']);
    expect(lines.at(-1)).toBe('and 2 peers more');
  });

  it('the table of sources is never wider or longer than the terminal, for any client names', () => {
    const some = fc.record({
      client: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
      ...{ downBps: fc.nat(), upBps: fc.nat(), downloaded: fc.nat(), stalled: fc.boolean() },
      address: fc.record({ host: fc.ipV6(), port: fc.nat(65_535) }),
    });
    const shape = [
      fc.array(some),
      fc.integer({ min: 8, max: 160 }),
      fc.integer({ min: 0, max: 30 }),
    ] as const;
    fc.assert(
      fc.property(...shape, (peers, columns, rows) => {
        const lines = sourceTable([status({ peers: peers.map((fields) => peer(fields)) })], columns, rows);
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it('the table of sources shows no control characters of a client name', () => {
    expect(plainTable({ peers: [peer({ client: 'x\x1b[2J\u202e' })] }).join()).toContain(
      'x\\u001b[2J\\u202e',
    );
  });

  it('the table of sources is one line per peer in a log', () => {
    expect(
      sourceWords([status({ peers: [peer(), peer({ client: undefined, downBps: 0, stalled: true })] })]),
    ).toEqual([
      '  192.168.1.5:6881 (qBittorrent 4.5.2), ↓ 1 MiB/s, 12 MiB, has 50%',
      '  192.168.1.5:6881, 12 MiB, has 50%, stalled: silent, though asked',
    ]);
  });
});

describe('a stalled download', () => {
  const lines = (
    of: Partial<TorrentStatus>,
    ended: [string, number][] = [],
    unreached: [string, number][] = [],
  ) =>
    standstillLines(
      status(of),
      { ended: new Map(ended), unreached: new Map(unreached) },
      obstaclesOf(status(of), [], { closed: 0, dialed: 0 }),
    ).map((line) => stripVTControlCharacters(line).trim());

  it('a stalled download shows the last words of every tracker, by its host alone', () => {
    const trackers = [
      tracker({ lastFailure: 'no program listens there', retryInSeconds: 300 }),
      tracker({ url: 'http://other/announce', peers: 3, askedInSeconds: 90 }),
      tracker({ url: 'udp://old:1', lastFailure: 'udp trackers are not supported' }),
    ];
    expect(lines({ trackers, peersKnown: 3 })).toEqual([
      'host:6969  no program listens there; asked again in 5 min',
      'other      knows 3 peers; asked again in 1 min 30 s',
      'old:1      udp trackers are not supported; not asked again',
      'peers      3 known, 0 connected',
    ]);
  });

  it('a stalled download counts the peers that left, by reason', () => {
    expect(
      lines({ peersKnown: 4 }, [
        ['stalled', 1],
        ['closed by peer', 3],
      ]),
    ).toEqual([
      'peers  4 known, 0 connected; 4 connections ended: 3 × it closed the connection, 1 × it kept us waiting for a minute',
    ]);
  });

  it('a stalled download counts the peers that could not be reached, by reason', () => {
    const unreached: [string, number][] = [
      ['ECONNREFUSED', 2],
      ['dial-timeout', 1],
    ];
    expect(lines({ peersKnown: 3 }, [], unreached)).toEqual([
      'peers  3 known, 0 connected; 3 dials failed: 2 × no program listens there, 1 × no connection in time',
    ]);
  });

  it('a stall is temporary when it may end by itself, and fatal otherwise', () => {
    expect(outlook(status({ trackers: [tracker({ lastFailure: 'HTTP 503' })] }))).toBe('temporary');
    expect(outlook(status({ trackers: [tracker({ url: 'udp://old:1' })] }))).toBe('fatal');
    expect(outlook(status({ trackers: [tracker({ url: 'udp://old:1' })], peersKnown: 1 }))).toBe('temporary');
    expect(outlook(status({ trouble: { code: 'ENOSPC', message: 'no space' } }))).toBe('temporary');
    expect(lines({})).toEqual([
      'peers  0 known, 0 connected',
      'why    this torrent names no tracker',
      'hint   add an HTTP tracker with --tracker http://HOST:PORT/announce, or a peer with --peer HOST:PORT',
    ]);
  });
});
