/** The snapshot file of the swarms: writing, reading, and starting without a usable one. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPasskeys } from '../../../tracker/admission/passkeys.ts';
import type { Registry } from '../../../tracker/registry.ts';
import { type SnapshotTrouble, snapshotFile, snapshotName } from '../../../tracker/swarms/snapshot-file.ts';
import { openSwarmAccess } from '../../../tracker/swarms/swarm-access.ts';
import { openSwarmKeeper, type SwarmKeeper } from '../../../tracker/swarms/swarm-keeper.ts';
import { hashOf, type SwarmWorld, swarmWorld } from '../registry/swarm-world.ts';

const key = new Uint8Array(32).fill(3);
let folder: string;
let file: string;
const troubles: SnapshotTrouble[] = [];

beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'cicada-snapshot-'));
  file = join(folder, snapshotName);
  troubles.length = 0;
});
afterEach(() => fs.rm(folder, { recursive: true, force: true }));

/** A tracker with `album` in its catalogue as a public release. */
async function start(more: { key?: Uint8Array; wallMs?: number; isWanted?: boolean } = {}) {
  const world = swarmWorld();
  const keeper = await keeperOf(world.registry, world, more);
  return { world, keeper };
}

function keeperOf(
  registry: Registry,
  world: SwarmWorld,
  more: { key?: Uint8Array; wallMs?: number; isWanted?: boolean },
): Promise<SwarmKeeper> {
  const swarmAccess = openSwarmAccess({
    ...{ registry, signInRequired: false, passkeys: openPasskeys(key), peerTimeoutMs: 1e9 },
    ...{ onChanged() {}, onFinished() {} },
  });
  const access = { publisherId: 1, visibility: 'everyone' } as const;
  swarmAccess.admission.setRelease({ number: 1, releaseId: 'r', infoHashes: [hashOf('album')], access });
  return openSwarmKeeper({
    ...{ dataFolder: folder, key, swarmAccess, nowMs: () => world.nowMs, isWanted: true },
    ...more,
    wallMs: () => more.wallMs ?? 1e12,
    changes: () => registry.counts.leechers,
    onTrouble: (trouble) => void troubles.push(trouble),
  });
}

/** A tracker with one peer that was closed cleanly. */
async function endedCleanly(): Promise<SwarmKeeper> {
  const { world, keeper } = await start();
  world.announce('10.0.0.1/7001');
  await keeper.close();
  return keeper;
}

describe('a tracker that starts again', () => {
  it('after a clean stop the tracker lists its peers again, with the same memory id', async () => {
    const before = await endedCleanly();
    const { world, keeper } = await start();
    expect(world.peersFor('10.0.0.2/7002')).toEqual(['10.0.0.1/7001']);
    expect(keeper).toMatchObject({ restored: 1, memoryId: before.memoryId });
    expect(troubles).toEqual([]);
  });

  it('after a kill the tracker lists the peers of the last snapshot, with a new memory id', async () => {
    const { world, keeper } = await start();
    world.announce('10.0.0.1/7001');
    keeper.tick();
    await expect
      .poll(() =>
        fs.access(file).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    world.announce('10.0.0.2/7002');
    const after = await start();
    expect(after.world.peersFor('10.0.0.3/7003')).toEqual(['10.0.0.1/7001']);
    expect(after.keeper.memoryId).not.toBe(keeper.memoryId);
  });

  it('a small snapshot is written at most every five seconds, and not at all without announces', async () => {
    const { world, keeper } = await start();
    world.announce('10.0.0.1/7001');
    keeper.tick();
    await expect
      .poll(() =>
        fs.access(file).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    const inode = async () => (await fs.stat(file, { bigint: true })).mtimeNs;
    const first = await inode();
    for (const nowMs of [1_000, 4_000, 6_000]) {
      world.nowMs = nowMs;
      keeper.tick();
    }
    await new Promise(setImmediate);
    expect(await inode()).toBe(first);
    world.announce('10.0.0.2/7002');
    world.nowMs = 12_000;
    keeper.tick();
    await expect.poll(inode).not.toBe(first);
  });

  it('the time that the tracker was down counts towards timeouts, unless the clock went back', async () => {
    await endedCleanly();
    expect((await start({ wallMs: 1e12 + 3_600_000 })).keeper.restored).toBe(0);
    expect((await start({ wallMs: 1e12 - 3_600_000 })).keeper.restored).toBe(1);
  });

  it('the snapshot is readable by its owner only', async () => {
    await endedCleanly();
    expect((await fs.stat(file)).mode & 0o777).toBe(0o600);
    expect(await fs.readdir(folder)).toEqual([snapshotName]);
  });

  it('an operator who disables snapshots gets the old one removed and no new one', async () => {
    await endedCleanly();
    const { world, keeper } = await start({ isWanted: false });
    expect(keeper.restored).toBe(0);
    world.announce('10.0.0.1/7001');
    keeper.tick();
    await keeper.close();
    expect(await fs.readdir(folder)).toEqual([]);
  });
});

describe('a snapshot that cannot be used', () => {
  const unusable = async (what: RegExp, more = {}) => {
    const { keeper } = await start(more);
    expect(keeper.restored).toBe(0);
    expect(troubles).toEqual([{ code: 'snapshot-unusable', message: expect.stringMatching(what) }]);
    // It is replaced by the next snapshot.
    await keeper.close();
    expect((await start(more)).keeper.restored).toBe(0);
    expect(troubles).toHaveLength(1);
  };

  it('a truncated snapshot is reported as damaged and not restored, at every length', async () => {
    await endedCleanly();
    const whole = await fs.readFile(file);
    for (const length of [0, 7, 8, 25, 26, 57, 58, whole.length - 33, whole.length - 1]) {
      await fs.writeFile(file, whole.subarray(0, length));
      troubles.length = 0;
      expect((await start()).keeper.restored).toBe(0);
      expect(troubles[0]).toMatchObject({
        code: 'snapshot-unusable',
        message: expect.stringMatching(/damaged/),
      });
    }
  });

  it('a snapshot with one changed bit is reported as damaged', async () => {
    await endedCleanly();
    const whole = await fs.readFile(file);
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 1 << (at % 8);
      await fs.writeFile(file, changed);
      troubles.length = 0;
      const found = await snapshotFile({
        dataFolder: folder,
        key,
        onTrouble: (one) => troubles.push(one),
      }).read();
      expect(found).toBeUndefined();
      expect(troubles).toHaveLength(1);
    }
  });

  it('a snapshot of another version, or of a tracker with another key, is reported as such', async () => {
    await endedCleanly();
    await unusable(/another tracker\.key/, { key: randomBytes(32) });
    troubles.length = 0;
    const whole = await fs.readFile(file);
    whole[8] = 2;
    await fs.writeFile(file, whole);
    await unusable(/another version/);
  });

  it('a snapshot is not read through a symbolic link or from a folder', async () => {
    await endedCleanly();
    await fs.rename(file, join(folder, 'elsewhere'));
    await fs.symlink(join(folder, 'elsewhere'), file);
    expect((await start()).keeper.restored).toBe(0);
    await fs.rm(file);
    await fs.mkdir(file);
    expect((await start()).keeper.restored).toBe(0);
    expect(troubles.map(({ code }) => code)).toEqual(['snapshot-unusable', 'snapshot-unusable']);
  });
});

it('a snapshot that cannot be written is reported once', async () => {
  const { world, keeper } = await start();
  world.announce('10.0.0.1/7001');
  await fs.rm(folder, { recursive: true });
  keeper.tick();
  await expect.poll(() => troubles.length).toBe(1);
  world.nowMs = 61_000;
  keeper.tick();
  await keeper.close();
  expect(troubles).toEqual([{ code: 'snapshot-unwritten', message: expect.stringMatching(/ENOENT/) }]);
});
