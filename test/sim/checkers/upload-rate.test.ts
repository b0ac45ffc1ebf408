import { expect, it } from 'vitest';
import type { Action, Fact } from '../../../client/engine/contract.ts';
import { torrent } from '../world/peer.ts';
import { World } from '../world/world.ts';
import { woke } from './midway.ts';
import { uploadsAreEarned } from './upload-rate.ts';

it('uploads-are-earned reports a block that is read before the rate limit allows it', () => {
  const world = new World({ seed: 1, totalBytes: 65_536, pieceLength: 16_384 });
  const peer = world.join({ uploadBpsMax: 999 });
  const checker = uploadsAreEarned();
  const read = (nowMs: number, fact: Fact = woke) => {
    const block = { pieceIndex: 0, begin: 0, bytes: 1_998 } as never;
    const actions: Action[] = [{ type: 'read-block', torrent, read: 1, block }];
    return checker.onTurn!({ world, peer, fact, actions, nowMs });
  };
  expect(read(10_000)).toBeUndefined();
  expect(read(11_700)).toMatch(/thousandths of a byte are owed$/);
  expect(read(11_760)).toBeUndefined();
});
