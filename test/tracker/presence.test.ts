/** Who is online: an account is present from its first announce until the last of its peers is gone. */
import { describe, expect, it } from 'vitest';
import { openPresence, type PresentPeer } from '../../tracker/presence.ts';

const [tide, moon] = [Uint8Array.of(1), Uint8Array.of(2)];
const peer = (accountId: number, more: Partial<PresentPeer> = {}): PresentPeer => ({
  swarm: tide,
  release: 1,
  accountId,
  host: '10.0.0.1',
  port: 7000 + accountId,
  isSeed: true,
  ...more,
});

describe('an account that announces', () => {
  it('an account that announces is online, and holds the torrent fully or partly', () => {
    const presence = openPresence(1_000);
    presence.announced(peer(1), 0);
    presence.announced(peer(2, { isSeed: false }), 0);
    presence.announced(peer(1, { swarm: moon, release: 2 }), 0);
    expect(presence.holders(tide, 10).map(({ accountId, isSeed }) => [accountId, isSeed])).toEqual([
      [1, true],
      [2, false],
    ]);
    expect([...presence.online()]).toEqual([1, 2]);
  });

  it('`stopped` removes a peer from its torrent at once, and from no other', () => {
    const presence = openPresence(1_000);
    presence.announced(peer(1), 0);
    presence.announced(peer(1, { swarm: moon, release: 2 }), 0);
    presence.stopped(peer(1));
    expect([presence.holders(tide, 10), presence.isOnline(1)]).toEqual([[], true]);
    presence.stopped(peer(1, { swarm: moon, release: 2 }));
    expect(presence.isOnline(1)).toBe(false);
  });

  it('a peer is removed after the timeout since its last announce', () => {
    const presence = openPresence(1_000);
    presence.announced(peer(1), 0);
    presence.announced(peer(2), 100);
    presence.announced(peer(1), 900);
    presence.expire(1_099);
    expect([...presence.online()].sort()).toEqual([1, 2]);
    presence.expire(1_100);
    expect([...presence.online()]).toEqual([1]);
    presence.expire(1_900);
    expect(presence.online().size).toBe(0);
  });

  it('peers are found by account and by release, and removed with their swarm', () => {
    const presence = openPresence(1_000);
    presence.announced(peer(1), 0);
    presence.announced(peer(1, { swarm: moon, release: 2 }), 0);
    presence.announced(peer(2), 0);
    const found = (peers: readonly PresentPeer[]) =>
      peers.map(({ accountId, release }) => [accountId, release]);
    expect(found(presence.ofAccount(1))).toEqual([
      [1, 1],
      [1, 2],
    ]);
    expect(found(presence.ofRelease(1))).toEqual([
      [1, 1],
      [2, 1],
    ]);
    presence.drop(tide);
    expect([found(presence.ofAccount(1)), presence.ofRelease(1)]).toEqual([[[1, 2]], []]);
    expect([...presence.online()]).toEqual([1]);
    presence.drop(tide);
  });

  it('a peer under another account replaces the first one at that port', () => {
    const presence = openPresence(1_000);
    presence.announced(peer(1, { port: 7000 }), 0);
    presence.announced(peer(2, { port: 7000 }), 1);
    expect(presence.holders(tide, 10).map(({ accountId }) => accountId)).toEqual([2]);
    expect([presence.isOnline(1), presence.isOnline(2)]).toEqual([false, true]);
  });

  it('above the limit no new peer is listed, and listed ones stay', () => {
    const presence = openPresence(1_000, 2);
    for (const accountId of [1, 2, 3]) presence.announced(peer(accountId), 0);
    presence.announced(peer(1, { isSeed: false }), 10);
    expect([...presence.online()].sort()).toEqual([1, 2]);
    expect(presence.holders(tide, 1)).toMatchObject([{ accountId: 2 }]);
  });
});

it('presence is incomplete until every peer above the limit has timed out, even if other peers leave before', () => {
  const presence = openPresence(1_000, 1);
  presence.announced(peer(1), 0);
  expect(presence.isIncomplete).toBe(false);
  presence.announced(peer(2), 100);
  presence.stopped(peer(1));
  expect(presence.isIncomplete).toBe(true);
  presence.expire(1_099);
  expect(presence.isIncomplete).toBe(true);
  presence.expire(1_100);
  expect(presence.isIncomplete).toBe(false);
});
