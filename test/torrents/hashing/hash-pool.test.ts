import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hashFiles } from '../../../torrents/hashing/engine.ts';
import { type HashPlan, sharePlan } from '../../../torrents/hashing/plan.ts';
import { HashPool } from '../../../torrents/hashing/pool.ts';

const pieceLength = 2 ** 18;
let folder: string;
let pool: HashPool;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cicada-pool-'));
  pool = new HashPool(2);
});
afterEach(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

function planOf(name: string, bytes: number): HashPlan {
  const path = join(folder, name);
  writeFileSync(path, contentOf(name, bytes));
  const files = [{ path, bytes, offset: 0 }];
  return { files, totalBytes: bytes, pieceLength, onFault: 'stop', sha1: true, sha256: true };
}

const contentOf = (name: string, bytes: number) => Buffer.alloc(bytes, `${name} `);

function sha1Of(name: string, bytes: number): Uint8Array {
  const pieces = Array.from({ length: Math.ceil(bytes / pieceLength) }, (_, i) =>
    contentOf(name, bytes).subarray(i * pieceLength, (i + 1) * pieceLength),
  );
  return Buffer.concat(pieces.map((piece) => createHash('sha1').update(piece).digest()));
}

const large = 3 * 2 ** 20 + 17;

describe('a pool of hash workers', () => {
  it('a pool gives each of many concurrent plans its own hashes, with no more threads than allowed', async () => {
    const names = Array.from({ length: 9 }, (_, i) => `song-${i}`);
    const sizes = names.map((_, i) => large + i * pieceLength + i);
    const results = await Promise.all(names.map((name, i) => hashFiles(planOf(name, sizes[i]!), { pool })));
    for (const [i, { sha1Table, faults }] of results.entries()) {
      expect(faults).toEqual([]);
      expect(Buffer.compare(sha1Table, sha1Of(names[i]!, sizes[i]!))).toBe(0);
    }
    expect(pool.threads).toBe(2);
  });

  it('a pool keeps its threads for the next plan, and ends them after an idle time', async () => {
    await hashFiles(planOf('a', large), { pool });
    expect(pool.threads).toBe(1);
    await hashFiles(planOf('b', large), { pool });
    expect(pool.threads).toBe(1);
    await vi.waitFor(() => expect(pool.threads).toBe(0), { timeout: 10_000, interval: 50 });
    const { sha1Table } = await hashFiles(planOf('c', large), { pool });
    expect(Buffer.compare(sha1Table, sha1Of('c', large))).toBe(0);
  });

  it('a small torrent is hashed without a thread, and its hashes are the same as with one', async () => {
    const { sha1Table } = await hashFiles(planOf('small', 90_000), { pool });
    expect(pool.threads).toBe(0);
    expect(Buffer.compare(sha1Table, sha1Of('small', 90_000))).toBe(0);
    const empty = await hashFiles({ ...planOf('empty', 0), files: [] }, { pool });
    expect(empty.faults).toEqual([]);
  });

  it('a torrent of many tiny files is hashed by a thread, because opening them would block the caller', async () => {
    const files = Array.from({ length: 300 }, (_, i) => {
      const path = join(folder, String(i));
      writeFileSync(path, 'x');
      return { path, bytes: 1, offset: i };
    });
    await hashFiles({ ...planOf('one', 1), files, totalBytes: 300, sha256: false }, { pool });
    expect(pool.threads).toBe(1);
  });

  it('a file that cannot be read fails only its own plan', async () => {
    const missing = { ...planOf('gone', large) };
    rmSync(join(folder, 'gone'));
    const small = { ...planOf('small', 10) };
    rmSync(join(folder, 'small'));
    const [bad, badSmall, good] = await Promise.all(
      [missing, small, planOf('here', large)].map((plan) => hashFiles(plan, { pool })),
    );
    expect(bad!.faults.map(({ code }) => code)).toEqual(['file-missing']);
    expect(badSmall!.faults.map(({ code }) => code)).toEqual(['file-missing']);
    expect(good!.faults).toEqual([]);
  });

  it('a plan that is aborted while it waits rejects at once, and the plan before it goes on', async () => {
    const control = new AbortController();
    const first = hashFiles(planOf('first', 64 * 2 ** 20), { pool });
    const second = hashFiles(planOf('second', large), { pool, signal: control.signal });
    control.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    expect((await first).faults).toEqual([]);
  });

  it('closing a pool fails its running and waiting plans, and later plans get new threads', async () => {
    const plans = ['one', 'two', 'three'].map((name) => planOf(name, 64 * 2 ** 20));
    const settled = Promise.allSettled(plans.map((plan) => hashFiles(plan, { pool })));
    await pool.close();
    for (const { status } of await settled) expect(status).toBe('rejected');
    expect((await hashFiles(plans[0]!, { pool })).faults).toEqual([]);
  });

  it('a thread that crashes fails the plan that it had, and the next plan gets a new thread', async () => {
    const broken = { ...sharePlan(planOf('broken', large)), pathEnds: undefined as never };
    await expect(pool.run(broken)).rejects.toThrow(/undefined/);
    const { sha1Table } = await hashFiles(planOf('next', large), { pool });
    expect(Buffer.compare(sha1Table, sha1Of('next', large))).toBe(0);
  });
});
