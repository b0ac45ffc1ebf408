/** Facts as a recording keeps them: all that is decided by, and no payload. */
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

describe('bytes are kept', () => {
  it('as they lie in a larger buffer, the run that is meant', () => {
    expect(base64(inside(1, 2, 3))).toBe(base(1, 2, 3));
    expect(base64(inside(1, 2, 3), 1)).toBe(base(2, 3));
    expect(base64(inside(1, 2, 3), 1, 2)).toBe(base(2));
  });

  it('of a stream as they are told without payload', () => {
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

  it('of a block only by their count', () => {
    const fact: Fact = { type: 'block-read', torrent: 1, read: 2, bytes: inside(1, 2, 3) };
    expect(recorded(fact)).toEqual({ type: 'block-read', torrent: 1, read: 2, bytes: 3 });
  });
});

describe('a torrent is kept', () => {
  const spec = { torrent: 1, infoHash, geometry, trackers, private: false };
  const hash = base(...infoHash);

  it('without what is not known of it', () => {
    expect(recorded({ type: 'added', spec })).toEqual({
      type: 'added',
      spec: { torrent: 1, infoHash: hash, geometry: { totalBytes: 100_000, pieceLength: 32_768 }, trackers },
    });
  });

  it('as private when it is', () => {
    expect(recorded({ type: 'added', spec: { ...spec, private: true } }).spec).toMatchObject({
      private: true,
    });
  });

  it('with its pieces, wishes, pads and info dictionary', () => {
    const more = {
      ...{ have: inside(0xa0), priorities: inside(0, 4, 7, 1), infoBytes: inside(100, 101) },
      dataBytes: new Map([[3 as PieceIndex, 1_000]]),
    };
    expect(recorded({ type: 'added', spec: { ...spec, ...more } }).spec).toMatchObject({
      ...{ have: base(0xa0), priorities: base(0, 4, 7, 1), infoBytes: base(100, 101) },
      dataBytes: [[3, 1_000]],
    });
  });

  it('with the pieces that are shorter than their place, and a last one only when it is shorter than it must be', () => {
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

  it('as a magnet link by its hash and trackers', () => {
    expect(recorded({ type: 'magnet-added', spec: { torrent: 1, infoHash, trackers } })).toEqual({
      type: 'magnet-added',
      spec: { torrent: 1, infoHash: hash, trackers },
    });
  });
});

it('a choice of pieces is kept with its torrent, and other facts are kept as they are', () => {
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
