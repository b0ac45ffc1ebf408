/** Facts as a recording keeps them: everything that decisions depend on, and no payload. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../client/engine/contract.ts';
import { base64, recordedFact } from '../../../client/host/recording/recorded-fact.ts';
import { Geometry, type PieceIndex } from '../../../torrents/geometry.ts';

const inside = (...bytes: number[]) => Uint8Array.of(9, 9, ...bytes, 9).subarray(2, 2 + bytes.length);
const infoHash = inside(...Array.from({ length: 20 }, (_, i) => i));
const geometry = new Geometry(100_000, 32_768);
const trackers = [['http://one/announce', 'udp://two'], ['http://three']];
const noElision = () => {
  throw new Error('there is no stream');
};
const recorded = (fact: Fact) => JSON.parse(JSON.stringify(recordedFact(fact, noElision)));
const base = (...bytes: number[]) => Buffer.from(bytes).toString('base64');

describe('recorded bytes', () => {
  it('recorded bytes are the range that is meant, even within a larger buffer', () => {
    expect(base64(inside(1, 2, 3))).toBe(base(1, 2, 3));
    expect(base64(inside(1, 2, 3), 1)).toBe(base(2, 3));
    expect(base64(inside(1, 2, 3), 1, 2)).toBe(base(2));
  });

  it('recorded bytes of a stream have no payload', () => {
    const bytes = inside(1, 2, 3, 4);
    const asked: unknown[] = [];
    const elide = (...about: unknown[]) => {
      asked.push(about);
      return ['AQ==', 3];
    };
    const fact = recordedFact({ type: 'received', connection: 7, bytes, count: 3 }, elide);
    expect(fact).toEqual({ type: 'received', connection: 7, bytes: ['AQ==', 3] });
    expect(asked).toEqual([[7, bytes, 3]]);
  });

  it('a recorded block has only its size', () => {
    const fact: Fact = { type: 'block-read', torrent: 1, read: 2, bytes: inside(1, 2, 3) };
    expect(recorded(fact)).toEqual({ type: 'block-read', torrent: 1, read: 2, bytes: 3 });
  });
});

describe('recorded torrents', () => {
  const spec = { torrent: 1, infoHash, geometry, trackers, private: false };
  const hash = base(...infoHash);

  it('a recorded torrent omits unknown fields', () => {
    expect(recorded({ type: 'added', spec })).toEqual({
      type: 'added',
      spec: { torrent: 1, infoHash: hash, geometry: { totalBytes: 100_000, pieceLength: 32_768 }, trackers },
    });
  });

  it('a recorded private torrent is private', () => {
    expect(recorded({ type: 'added', spec: { ...spec, private: true } }).spec).toMatchObject({
      private: true,
    });
  });

  it('a recorded torrent has its pieces, selection, pad files and info dictionary', () => {
    const more = {
      ...{ have: inside(0xa0), priorities: inside(0, 4, 7, 1), infoBytes: inside(100, 101) },
      dataBytes: new Map([[3 as PieceIndex, 1_000]]),
    };
    expect(recorded({ type: 'added', spec: { ...spec, ...more } }).spec).toMatchObject({
      ...{ have: base(0xa0), priorities: base(0, 4, 7, 1), infoBytes: base(100, 101) },
      dataBytes: [[3, 1_000]],
    });
  });

  it('a recorded torrent has its short pieces, and the last one only when it is shorter than it must be', () => {
    const short = new Map([
      [1, 5],
      [3, 1_000],
    ]);
    const odd = new Geometry(100_000, 32_768, short);
    expect(recorded({ type: 'added', spec: { ...spec, geometry: odd } }).spec.geometry.shortPieces).toEqual([
      [1, 5],
      [3, 1_000],
    ]);
    // 100,000 bytes end with 1,696 in the last piece.
    const usual = new Geometry(100_000, 32_768, new Map([[3, 1_696]]));
    expect(recorded({ type: 'added', spec: { ...spec, geometry: usual } }).spec.geometry).toEqual({
      totalBytes: 100_000,
      pieceLength: 32_768,
    });
  });

  it('a recorded magnet link has its info-hash and trackers', () => {
    expect(recorded({ type: 'magnet-added', spec: { torrent: 1, infoHash, trackers } })).toEqual({
      type: 'magnet-added',
      spec: { torrent: 1, infoHash: hash, trackers },
    });
  });
});

it('a recorded selection of pieces has its torrent, and other facts are unchanged', () => {
  expect(recorded({ type: 'pieces-selected', torrent: 3, priorities: inside(0, 7) })).toEqual({
    type: 'pieces-selected',
    torrent: 3,
    priorities: base(0, 7),
  });
  const fact: Fact = {
    type: 'pieces-lost',
    torrent: 1,
    pieces: [2 as PieceIndex],
    trouble: { code: 'E', message: 'm' },
  };
  expect(recordedFact(fact, noElision)).toBe(fact);
});
