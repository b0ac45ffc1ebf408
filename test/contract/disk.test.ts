import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fact } from '../../client/engine/contract.ts';
import { Prng } from '../../client/engine/prng.ts';
import { Geometry, type PieceIndex } from '../../torrents/geometry.ts';
import { Gate } from '../sim/kernel/gate.ts';
import { Scheduler } from '../sim/kernel/scheduler.ts';
import { Trace } from '../sim/kernel/trace.ts';
import { Content } from '../sim/world/content.ts';
import { SimDisk } from '../sim/world/disk.ts';
import { healthyDisk } from '../sim/world/disk-temper.ts';
import { SimMemory } from '../sim/world/piece-memory.ts';
import { Platter } from '../sim/world/platter.ts';
import { type DiskBench, diskContract } from './disk.contract.ts';
import { type FileBench, oddFiles, openFileBench } from './file-bench.ts';

async function simulated(has: 'all' | 'none'): Promise<DiskBench> {
  const scheduler = new Scheduler();
  const memory = new SimMemory();
  const facts: Fact[] = [];
  // The bytes of a read are borrowed until the fact has been handled, so they are copied.
  const sink = (fact: Fact) =>
    facts.push(fact.type === 'block-read' ? { ...fact, bytes: fact.bytes.slice() } : fact);
  const geometry = new Geometry(170_000, 32 * 1024);
  const content = new Content(geometry, 1);
  const temper = { ...healthyDisk };
  const disk = new SimDisk({
    scheduler,
    trace: new Trace(),
    gate: new Gate(),
    memory,
    random: new Prng(1),
    sink,
    temper,
  });
  const truth = Uint8Array.from(
    [...geometry.pieces()].flatMap((pieceIndex) => [
      ...content.bytes(pieceIndex, 0, geometry.pieceBytes(pieceIndex)),
    ]),
  );
  const infoBytes = Uint8Array.from({ length: 100 }, (_, i) => i);
  disk.add(1, new Platter(content, () => has === 'all', 0));
  disk.expectMetadata(1, infoBytes);
  return {
    disk,
    memory,
    get outstanding() {
      return memory.outstanding;
    },
    torrent: 1,
    geometry,
    truth,
    infoBytes,
    facts,
    until: async (condition) => {
      if (!scheduler.run(condition, scheduler.nowMs + 60_000)) throw new Error('it never came to this');
    },
    refuseWrites: (refuse) => {
      temper.failing = refuse ? 'ENOSPC' : undefined;
    },
    stop: async () => {},
  };
}

async function real(has: 'all' | 'none'): Promise<DiskBench> {
  const prepare = (folder: string, source: string) => {
    if (has === 'all') fs.cpSync(source, path.join(folder, 'album'), { recursive: true });
  };
  return openFileBench({ prepare });
}

diskContract('The simulated disk', simulated);
diskContract('The file system', real);

describe('the file system', () => {
  let bench: FileBench;
  afterEach(() => bench.stop());

  const piece = (index: number) => index as PieceIndex;

  it('a file is named NAME.part until its last byte is stored', async () => {
    bench = await openFileBench();
    // The empty file is complete from the start.
    expect(bench.listing()).toEqual(['album', 'album/c.txt']);
    await bench.store(piece(0));
    expect(bench.listing()).toEqual(['album', 'album/a.flac.part', 'album/c.txt']);
    await bench.store(piece(1));
    await bench.store(piece(2));
    expect(bench.listing()).toContain('album/a.flac.part');
    // The fourth piece ends a.flac, contains all of b.txt and begins d/e.flac.
    await bench.store(piece(3));
    expect(bench.listing()).toEqual([
      'album',
      'album/a.flac',
      'album/b.txt',
      'album/c.txt',
      'album/d',
      'album/d/e.flac.part',
    ]);
    await bench.store(piece(4));
    await bench.store(piece(5));
    expect(bench.listing().filter((name) => name.endsWith('.part'))).toEqual([]);
    for (const name of Object.keys(oddFiles)) {
      const [ours, theirs] = [bench.album, bench.source].map((at) => fs.readFileSync(path.join(at, name)));
      expect(ours!.equals(theirs!)).toBe(true);
    }
  });

  it('no byte of a corrupt piece is written', async () => {
    bench = await openFileBench();
    const buffer = bench.memory.allocate(bench.geometry.pieceBytes(piece(0)));
    bench.disk.storePiece(bench.torrent, piece(0), buffer, false);
    await bench.until(() => bench.facts.length === 1);
    expect(bench.facts[0]).toMatchObject({ type: 'piece-corrupt' });
    const part = path.join(bench.album, 'a.flac.part');
    expect(fs.existsSync(part) ? fs.statSync(part).size : 0).toBe(0);
  });

  it('a preexisting file is compared and never written', async () => {
    bench = await openFileBench({
      prepare: (folder, source) => {
        fs.mkdirSync(path.join(folder, 'album'));
        fs.copyFileSync(path.join(source, 'b.txt'), path.join(folder, 'album', 'b.txt'));
      },
    });
    const at = path.join(bench.album, 'b.txt');
    const before = fs.statSync(at, { bigint: true });
    await bench.storeAll();
    const after = fs.statSync(at, { bigint: true });
    expect([after.ino, after.mtimeNs, after.nlink]).toEqual([before.ino, before.mtimeNs, 1n]);
    expect(bench.listing().filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('a piece that would change a preexisting file is refused, and the file stays as it is', async () => {
    bench = await openFileBench({
      prepare: (folder) => {
        fs.mkdirSync(path.join(folder, 'album'));
        fs.writeFileSync(path.join(folder, 'album', 'b.txt'), '0123456789');
      },
    });
    await bench.store(piece(2));
    const fact = await bench.store(piece(3));
    expect(fact).toMatchObject({ type: 'piece-unstorable', trouble: { code: 'EEXIST' } });
    // The message names the file.
    if (fact.type === 'piece-unstorable') expect(fact.trouble.message).toContain('b.txt');
    expect(fs.readFileSync(path.join(bench.album, 'b.txt'), 'utf8')).toBe('0123456789');
  });

  it('a file that appeared under the final name is not overwritten', async () => {
    bench = await openFileBench({ sizes: { 'one.bin': 1_000 } });
    fs.mkdirSync(bench.album, { recursive: true });
    fs.writeFileSync(path.join(bench.album, 'one.bin'), 'mine');
    const fact = await bench.store(piece(0));
    expect(fact).toMatchObject({ type: 'piece-unstorable', trouble: { code: 'EEXIST' } });
    expect(fs.readFileSync(path.join(bench.album, 'one.bin'), 'utf8')).toBe('mine');
    // The file is gone again, so the same piece is accepted.
    fs.rmSync(path.join(bench.album, 'one.bin'));
    expect(await bench.store(piece(0))).toMatchObject({ type: 'piece-stored' });
    expect(bench.listing()).toEqual(['album', 'album/one.bin']);
  });

  it('a symbolic link in place of a part file is not followed', async () => {
    bench = await openFileBench({ sizes: { 'one.bin': 1_000 } });
    const victim = path.join(bench.source, '..', 'victim');
    fs.writeFileSync(victim, 'precious');
    fs.mkdirSync(bench.album, { recursive: true });
    fs.symlinkSync(victim, path.join(bench.album, 'one.bin.part'));
    expect(await bench.store(piece(0))).toMatchObject({
      type: 'piece-unstorable',
      trouble: { code: 'ELOOP' },
    });
    expect(fs.readFileSync(victim, 'utf8')).toBe('precious');
  });

  it.each([
    ['was deleted', (at: string) => fs.rmSync(at), 'EGONE'],
    ['was truncated', (at: string) => fs.truncateSync(at, 5), 'ESHORT'],
    [
      'was replaced by a folder',
      (at: string) => {
        fs.rmSync(at);
        fs.mkdirSync(at);
      },
      'EREPLACED',
    ],
  ])('each read of a file that %s is answered as unreadable', async (_, spoil, code) => {
    bench = await openFileBench({
      prepare: (folder, source) => fs.cpSync(source, path.join(folder, 'album'), { recursive: true }),
    });
    spoil(path.join(bench.album, 'a.flac'));
    const block = bench.geometry.block(0, 0, 16_384)!;
    for (const read of [1, 2]) bench.disk.readBlock(1, read, block);
    await bench.until(() => bench.facts.length === 2);
    bench.disk.readBlock(1, 3, block);
    await bench.until(() => bench.facts.length === 3);
    expect(bench.facts).toMatchObject(
      [1, 2, 3].map((read) => ({ type: 'block-unreadable', read, trouble: { code } })),
    );
  });

  it('a read after the end of a v2 file returns zeros, because libtorrent requests its last block whole', async () => {
    bench = await openFileBench({
      sizes: { 'a.flac': 40_000, 'b.flac': 5 },
      format: 'v2',
      prepare: (folder, source) => fs.cpSync(source, path.join(folder, 'album'), { recursive: true }),
    });
    const { geometry, source } = bench;
    for (const index of [1, 2]) bench.disk.readBlock(1, index, geometry.block(index, 0, 16_384)!);
    await bench.until(() => bench.facts.length === 2);
    const whole = (name: string, from: number) => {
      const block = Buffer.alloc(16_384);
      fs.readFileSync(path.join(source, name)).copy(block, 0, from);
      return block;
    };
    const blockOf = (read: number) => {
      const fact = bench.facts.find((f) => f.type === 'block-read' && f.read === read);
      return fact?.type === 'block-read' ? Buffer.from(fact.bytes) : undefined;
    };
    expect(blockOf(1)?.equals(whole('a.flac', 32_768))).toBe(true);
    expect(blockOf(2)?.equals(whole('b.flac', 0))).toBe(true);
  });

  it('a block of a large piece can be read at any position, also across the limits of one read', async () => {
    bench = await openFileBench({
      sizes: { 'a.flac': 1_500_000 },
      pieceLength: 1024 * 1024,
      prepare: (folder, source) => fs.cpSync(source, path.join(folder, 'album'), { recursive: true }),
    });
    const { geometry, truth } = bench;
    const begins = [256 * 1024 - 100, 256 * 1024, 512 * 1024 - 16_383, 768 * 1024 - 16_384];
    const blocks = begins.map((begin) => geometry.block(0, begin, 16_384)!);
    blocks.push(geometry.block(1, 1_500_000 - 1024 * 1024 - 5, 5)!);
    for (const [read, block] of blocks.entries()) bench.disk.readBlock(1, read, block);
    await bench.until(() => bench.facts.length === blocks.length);
    for (const [read, { pieceIndex, begin, bytes }] of blocks.entries()) {
      const fact = bench.facts.find((f) => f.type === 'block-read' && f.read === read);
      const from = geometry.pieceOffset(pieceIndex) + begin;
      expect(
        fact?.type === 'block-read' && Buffer.compare(fact.bytes, truth.subarray(from, from + bytes)),
      ).toBe(0);
    }
  });

  it('a piece that lies in hundreds of files is written with few of them open at a time', async () => {
    const sizes = Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`${i}.txt`, 20 + (i % 7)]));
    bench = await openFileBench({ sizes });
    const openFiles = () => fs.readdirSync('/proc/self/fd').length;
    const before = process.platform === 'linux' ? openFiles() : 0;
    let most = 0;
    const watching = setInterval(() => {
      if (process.platform === 'linux') most = Math.max(most, openFiles());
    }, 0);
    await bench.storeAll();
    bench.disk.readBlock(1, 1, bench.geometry.block(0, 0, 10_000)!);
    await bench.until(() => bench.facts.some((f) => f.type === 'block-read'));
    clearInterval(watching);
    expect(most - before).toBeLessThan(200);
    expect(bench.listing()).toHaveLength(701);
    expect(bench.listing().some((name) => name.endsWith('.part'))).toBe(false);
  });

  it('no block is served from a file that has changed since it was first read', async () => {
    bench = await openFileBench({
      prepare: (folder, source) => fs.cpSync(source, path.join(folder, 'album'), { recursive: true }),
    });
    const ask = async (read: number, pieceIndex: number) => {
      bench.disk.readBlock(bench.torrent, read, { pieceIndex: piece(pieceIndex), begin: 0, bytes: 1_000 });
      await bench.until(() => bench.facts.some((fact) => 'read' in fact && fact.read === read));
      return bench.facts.find((fact) => 'read' in fact && fact.read === read);
    };
    expect(await ask(1, 0)).toMatchObject({ type: 'block-read' });
    fs.appendFileSync(path.join(bench.album, 'a.flac'), 'a tag that was edited');
    expect(await ask(2, 1)).toMatchObject({ type: 'block-unreadable', trouble: { code: 'ECHANGED' } });
  });

  it('a removed torrent gets no more facts, and its buffers are released', async () => {
    bench = await openFileBench();
    bench.disk.remove(1);
    bench.disk.storePiece(1, piece(0), bench.memory.allocate(32 * 1024), false);
    expect(bench.outstanding).toBe(0);
  });
});
