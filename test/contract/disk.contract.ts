/**
 * What every Disk must do (client/host/ports.ts), as tests for each implementation. A bench holds one torrent
 * and its original content.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { Fact, PieceMemory, TorrentId } from '../../client/engine/contract.ts';
import type { Disk } from '../../client/host/ports.ts';
import { blockBytesMax, type Geometry, type PieceIndex } from '../../torrents/geometry.ts';

export interface DiskBench {
  readonly disk: Disk;
  readonly memory: PieceMemory;
  /** Piece buffers that have not been released. */
  readonly outstanding: number;
  readonly torrent: TorrentId;
  readonly geometry: Geometry;
  /** The original content of the torrent. */
  readonly truth: Uint8Array;
  /** The info dictionary that matches the torrent's info-hash. */
  readonly infoBytes: Uint8Array;
  readonly facts: Fact[];
  until(condition: () => boolean): Promise<void>;
  /** Makes all writes fail until it is called with false. */
  refuseWrites(refuse: boolean): void;
  stop(): Promise<void>;
}

export function diskContract(name: string, open: (has: 'all' | 'none') => Promise<DiskBench>): void {
  describe(`${name} as a disk`, () => {
    let bench: DiskBench;
    afterEach(() => bench.stop());

    const pieces = () => [...bench.geometry.pieces()];
    const truthOf = (pieceIndex: PieceIndex) => {
      const from = bench.geometry.pieceOffset(pieceIndex);
      return bench.truth.slice(from, from + bench.geometry.pieceBytes(pieceIndex));
    };
    function store(pieceIndex: PieceIndex, content = truthOf(pieceIndex), wantDigests = false): void {
      const { disk, memory, torrent } = bench;
      const buffer = memory.allocate(content.length);
      // In two runs, as from two packets.
      const half = content.length >> 1;
      memory.write(buffer, 0, content, 0, half);
      memory.write(buffer, half, content, half, content.length);
      disk.storePiece(torrent, pieceIndex, buffer, wantDigests);
    }

    async function storeAndWait(...args: Parameters<typeof store>): Promise<Fact> {
      const before = bench.facts.length;
      store(...args);
      await bench.until(() => bench.facts.length > before);
      return bench.facts.at(-1)!;
    }

    async function read(
      pieceIndex: PieceIndex,
      begin: number,
      bytes: number,
    ): Promise<Uint8Array | undefined> {
      const id = 1_000 + bench.facts.length;
      const block = bench.geometry.block(pieceIndex, begin, bytes)!;
      bench.disk.readBlock(bench.torrent, id, block);
      const mine = () => bench.facts.find((f) => 'read' in f && f.read === id);
      await bench.until(() => mine() !== undefined);
      const fact = mine()!;
      return fact.type === 'block-read' ? fact.bytes : undefined;
    }

    it('a correct piece is stored, reported once, and can then be read', async () => {
      bench = await open('none');
      for (const pieceIndex of pieces()) {
        const fact = await storeAndWait(pieceIndex);
        expect(fact).toEqual({ type: 'piece-stored', torrent: bench.torrent, pieceIndex });
      }
      for (const pieceIndex of pieces()) {
        const truth = truthOf(pieceIndex);
        for (let begin = 0; begin < truth.length; begin += blockBytesMax) {
          const bytes = Math.min(blockBytesMax, truth.length - begin);
          expect(
            Buffer.compare((await read(pieceIndex, begin, bytes))!, truth.subarray(begin, begin + bytes)),
          ).toBe(0);
        }
      }
      expect(bench.outstanding).toBe(0);
    });

    it('every read is answered exactly once, with many in progress', async () => {
      bench = await open('all');
      const calls = pieces().flatMap((pieceIndex) => {
        const bytes = bench.geometry.blockBytes(pieceIndex, 0);
        return Array.from({ length: 20 }, (_, i) => ({ pieceIndex, bytes, read: pieceIndex * 100 + i }));
      });
      for (const { pieceIndex, bytes, read: id } of calls) {
        bench.disk.readBlock(bench.torrent, id, bench.geometry.block(pieceIndex, 0, bytes)!);
      }
      await bench.until(() => bench.facts.length === calls.length);
      expect(bench.facts.every((f) => f.type === 'block-read')).toBe(true);
      expect(new Set(bench.facts.map((f) => 'read' in f && f.read)).size).toBe(calls.length);
    });

    it('any range of a piece up to one block length can be read', async () => {
      bench = await open('all');
      const [first] = pieces();
      const truth = truthOf(first!);
      for (const [begin, bytes] of [
        [0, 1],
        [1, blockBytesMax],
        [truth.length - 1, 1],
        [blockBytesMax - 3, 7],
      ] as const) {
        const got = await read(first!, begin, Math.min(bytes, truth.length - begin));
        expect(Buffer.compare(got!, truth.subarray(begin, begin + bytes))).toBe(0);
      }
    });

    it('a corrupt piece is reported with a digest per block, and is not kept', async () => {
      bench = await open('none');
      const [first] = pieces();
      const wrong = truthOf(first!);
      wrong[wrong.length - 1] = wrong[wrong.length - 1]! ^ 1;
      const bad = await storeAndWait(first!, wrong);
      expect(bad).toMatchObject({ type: 'piece-corrupt', torrent: bench.torrent, pieceIndex: first });
      expect(bench.outstanding).toBe(0);
      // The digests of the good copy show which blocks of the bad one were right.
      const good = await storeAndWait(first!, truthOf(first!), true);
      expect(good).toMatchObject({ type: 'piece-stored' });
      const [before, after] = [bad, good].map((fact) => ('digests' in fact ? (fact.digests ?? []) : []));
      expect(before).toHaveLength(bench.geometry.blockCount(first!));
      expect(after!.map((digest, i) => digest === before![i])).toEqual(
        before!.map((_, i) => i !== before!.length - 1),
      );
    });

    it('a piece that cannot be written is reported with the reason, and is stored once the cause is gone', async () => {
      bench = await open('none');
      const [first] = pieces();
      bench.refuseWrites(true);
      const fact = await storeAndWait(first!);
      expect(fact).toMatchObject({ type: 'piece-unstorable', pieceIndex: first });
      if (fact.type === 'piece-unstorable') expect(fact.trouble.code).toMatch(/^E[A-Z]+$/);
      expect(bench.outstanding).toBe(0);
      bench.refuseWrites(false);
      expect(await storeAndWait(first!)).toMatchObject({ type: 'piece-stored' });
    });

    it('a corrupt piece is reported as corrupt even if the disk refuses writes, because hashes are checked first', async () => {
      bench = await open('none');
      const [first] = pieces();
      expect(await storeAndWait(first!, new Uint8Array(bench.geometry.pieceBytes(first!)))).toMatchObject({
        type: 'piece-corrupt',
      });
    });

    it('many pieces can be stored at once, in any order', async () => {
      bench = await open('none');
      const order = pieces().reverse();
      for (const pieceIndex of order) store(pieceIndex);
      await bench.until(() => bench.facts.length === order.length);
      expect(new Set(bench.facts.map((f) => f.type === 'piece-stored' && f.pieceIndex))).toEqual(
        new Set(order),
      );
      expect(bench.outstanding).toBe(0);
    });

    it('a correct info dictionary is told from a wrong one', async () => {
      bench = await open('none');
      const wrong = bench.infoBytes.slice();
      wrong[0] = wrong[0]! ^ 1;
      bench.disk.checkMetadata(bench.torrent, 2, wrong);
      bench.disk.checkMetadata(bench.torrent, 4, bench.infoBytes);
      await bench.until(() => bench.facts.length === 2);
      expect(bench.facts).toMatchObject([
        { type: 'metadata-checked', connection: 2, isRight: false },
        { type: 'metadata-checked', connection: 4, isRight: true },
      ]);
    });
  });
}
