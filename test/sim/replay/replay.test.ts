/** Recordings may come from strangers: an error says what is wrong, and in which line. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordingError } from './recording.ts';
import { replay } from './replay.ts';

const peerId = Buffer.from('-CI0100-recorder0000').toString('base64');
const infoHash = Buffer.alloc(20, 7).toString('base64');
const header = JSON.stringify({
  ...{ format: 'cicada-flight-recording', version: 1, peerId, port: 6881, seed: 1 },
  ...{ uploadBpsMax: 0, downloadBpsMax: 0, limits: { tickMs: 500, fromTheFuture: 1 } },
});
const spec = {
  ...{ torrent: 1, infoHash, trackers: [] },
  geometry: { totalBytes: 100_000, pieceLength: 16_384 },
};
const step = (fact: object, atMs = 0, actions = '00000000') => JSON.stringify({ atMs, fact, actions });
const end = JSON.stringify({ end: 'stopped', facts: 0 });

/** Reads this engine's digests from the divergences of a recording with wrong ones. */
function digestOf(...facts: readonly object[]): string[] {
  const lines = [header];
  for (const [i, fact] of facts.entries()) {
    const { divergence } = replay([...lines, step(fact, i)]);
    lines.push(step(fact, i, divergence!.replayed));
  }
  return lines;
}

describe('a recording', () => {
  const facts = [
    { type: 'added', spec },
    { type: 'peers-found', torrent: 1, peers: [{ host: '10.0.0.1', port: 6881 }] },
    { type: 'stopped', torrent: 1 },
  ];

  it('a recording whose peers have no origin is replayed with the origin user', () => {
    const isPrivate = { ...spec, private: true };
    const named = { type: 'peers-found', torrent: 1, peers: [{ host: '10.0.0.1', port: 6881 }] };
    const dials = (...told: object[]) => {
      const before = digestOf(...told.slice(0, -1));
      return replay([...before, step(told.at(-1)!, told.length - 1)]).divergence!.actions;
    };
    expect(dials({ type: 'added', spec: isPrivate }, named)).toMatchObject([{ type: 'dial' }]);
    expect(dials({ type: 'added', spec }, { ...named, origin: 'pex' })).toMatchObject([{ type: 'dial' }]);
    expect(dials({ type: 'added', spec: isPrivate }, { ...named, origin: 'pex' })).toEqual([]);
  });

  it('a recording replays lost pieces, and content that went offline and came back', () => {
    const trouble = { code: 'content-away', message: 'the folder is not there' };
    const whole = {
      ...spec,
      have: Buffer.alloc(1, 255).toString('base64'),
      trackers: [['http://a.test/announce']],
    };
    const told = [
      { type: 'added', spec: whole },
      { type: 'content-offline', torrent: 1, trouble },
      { type: 'content-online', torrent: 1 },
      { type: 'pieces-lost', torrent: 1, pieces: [0, 3], trouble },
    ];
    expect(replay(digestOf(...told))).toMatchObject({ identical: true, facts: 4 });
    const { divergence } = replay([...digestOf(...told.slice(0, 3)), step(told[3]!, 3)]);
    expect(divergence!.actions).toMatchObject([{ report: { type: 'pieces-lost', pieceCount: 2 } }]);
  });

  it('a recording with an end line has that end', () => {
    expect(replay([...digestOf(...facts), end, ''])).toMatchObject({
      identical: true,
      end: 'stopped',
      facts: 3,
    });
  });

  it('a recording whose last line was cut off is replayed up to there', () => {
    const lines = digestOf(...facts);
    lines[3] = lines[3]!.slice(0, 20);
    expect(replay(lines)).toMatchObject({ identical: true, end: 'cut-off', facts: 2 });
  });

  it('a recording cut off before its first fact is refused', () => {
    const whole = digestOf(facts[0]!);
    for (const lines of [whole.slice(0, 1), [whole[0]!, whole[1]!.slice(0, 20)]])
      expect(() => replay(lines)).toThrow(
        `nothing to replay: the recording breaks off on line ${lines.length}`,
      );
    expect(() => replay([header.slice(0, 30)])).toThrow(/line 1/);
  });

  it('a recording that diverges names the line, both digests and the actions of this engine', () => {
    const lines = digestOf(...facts);
    lines[2] = step(facts[1]!, 1, 'deadbeef');
    const { identical, divergence } = replay(lines);
    expect(identical).toBe(false);
    expect(divergence).toMatchObject({ line: 3, recorded: 'deadbeef', actions: [{ type: 'dial' }] });
  });
});

describe('invalid recordings', () => {
  const first = step({ type: 'added', spec });
  it.each<[string, string[], string, RegExp]>([
    [
      'lost pieces without an index',
      [
        header,
        step({ type: 'pieces-lost', torrent: 1, pieces: ['0'], trouble: { code: 'x', message: 'x' } }),
        end,
      ],
      'recording-line-invalid',
      /line 2: pieces-lost\/pieces\/0/,
    ],
    ['an empty file', [], 'recording-unknown', /line 1: the file is empty/],
    ['another file', ['ID3'], 'recording-unknown', /line 1: this is no JSON/],
    ['other JSON', ['{"a":1}'], 'recording-unknown', /line 1: .*cicada download --record/],
    [
      'a later version',
      [header.replace('"version":1', '"version":2')],
      'recording-version',
      /version 2.*version 1/,
    ],
    [
      'a header without a seed',
      [header.replace('"seed":1,', '')],
      'recording-line-invalid',
      /line 1: header/,
    ],
    [
      'limits that contradict each other',
      [header.replace('500', '20000')],
      'recording-line-invalid',
      /limits/,
    ],
    [
      'a line in the middle that is no JSON',
      [header, '{', first],
      'recording-line-invalid',
      /line 2: this is no JSON/,
    ],
    [
      'a fact of an unknown type',
      [header, step({ type: '__proto__' })],
      'recording-line-invalid',
      /line 2: no fact/,
    ],
    [
      'a fact without a field',
      [header, step({ type: 'flushed', connection: 1 })],
      'recording-line-invalid',
      /line 2: flushed/,
    ],
    [
      'more pieces than any torrent has',
      [header, step({ type: 'added', spec: { ...spec, geometry: { totalBytes: 2 ** 40, pieceLength: 1 } } })],
      'recording-line-invalid',
      /line 2: added\/spec\/geometry/,
    ],
    [
      'a read of a gigabyte',
      [header, step({ type: 'received', connection: 1, bytes: Array(1024).fill(1024 * 1024) })],
      'recording-line-invalid',
      /line 2: received\/bytes/,
    ],
    [
      'a clock that goes back',
      [
        header,
        step({ type: 'woke' }, 5, replay([header, step({ type: 'woke' }, 5)]).divergence!.replayed),
        step({ type: 'woke' }, 4),
      ],
      'recording-line-invalid',
      /line 3: .*goes back/,
    ],
  ])('%s: the recording is refused', (_, lines, code, message) => {
    expect(() => replay(lines)).toThrow(message);
    expect(() => replay(lines)).toThrow(expect.objectContaining({ code }));
  });

  it('random lines are refused with a RecordingError only', () => {
    const json = fc.json();
    const nearly = fc
      .record({
        type: fc.constantFrom('received', 'added', 'connected', 'block-read'),
        connection: fc.jsonValue(),
        spec: fc.jsonValue(),
        bytes: fc.jsonValue(),
      })
      .map((fact) => step(fact));
    fc.assert(
      fc.property(fc.array(fc.oneof(json, nearly, fc.string()), { maxLength: 5 }), (lines) => {
        try {
          replay([header, ...lines]);
        } catch (error) {
          expect(error).toBeInstanceOf(RecordingError);
        }
      }),
    );
  });
});
