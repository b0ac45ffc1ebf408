/** A file bench whose torrent loses files: records the facts, and continues the download. */
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Fact } from '../../client/engine/contract.ts';
import type { PieceIndex } from '../../torrents/geometry.ts';
import type { FileBench } from '../contract/file-bench.ts';
import { differenceOf } from '../e2e/shared-folder.ts';

type Lost = Extract<Fact, { type: 'pieces-lost' }>;

export function lossesIn(facts: readonly Fact[]): Lost[] {
  return facts.filter((fact): fact is Lost => fact.type === 'pieces-lost');
}

export async function storeRight(bench: FileBench, ...pieces: number[]): Promise<void> {
  for (const piece of pieces) {
    expect(await bench.store(piece as PieceIndex)).toMatchObject({ type: 'piece-stored' });
  }
}

/**
 * Downloads missing pieces, as the engine does, until everything is stored and confirmed. Then compares the
 * files.
 */
export async function goOn(bench: FileBench): Promise<void> {
  for (let round = 0; round < 50; round++) {
    for (const piece of bench.geometry.pieces()) if (!bench.files.has(piece)) await bench.store(piece);
    if (!(await bench.disk.watch.confirm(bench.torrent))) continue;
    expect(differenceOf(bench.source, bench.album)).toBeUndefined();
    return;
  }
  throw new Error('it never became complete');
}

/** Names, kinds, inodes, sizes and contents of everything below. */
export function treeOf(folder: string): unknown[] {
  return (fs.readdirSync(folder, { recursive: true }) as string[]).sort().map((name) => {
    const where = path.join(folder, name);
    const { ino, size, mode, mtimeNs } = fs.lstatSync(where, { bigint: true });
    return [
      name,
      ino,
      size,
      mode,
      mtimeNs,
      (mode & 0o170000n) === 0o100000n && fs.readFileSync(where, 'hex'),
    ];
  });
}
