/**
 * Who is online, as a viewer may know it: an account is online for those who see a release that it announces now. An
 * account that announces only what is hidden from a viewer is not online for that viewer, so nothing tells of its
 * releases. Being signed in, or reading along, makes nobody online. Pure.
 */
import { maySee, type ReleaseAccess, type Viewer } from './access.ts';
import type { Presence, PresentPeer } from './presence.ts';

export interface Online {
  /** In no order. */
  seenBy(viewer: Viewer): ReadonlySet<number>;
  isSeen(viewer: Viewer, accountId: number): boolean;
}

/** `accessOf`: who sees the release that a peer is announced for. */
export function openOnline(
  presence: Pick<Presence, 'online' | 'ofAccount'>,
  accessOf: (peer: PresentPeer) => ReleaseAccess | undefined,
): Online {
  const isSeen = (viewer: Viewer, accountId: number) =>
    presence.ofAccount(accountId).some((peer) => maySee(viewer, accessOf(peer)));
  return {
    seenBy: (viewer) => new Set([...presence.online()].filter((accountId) => isSeen(viewer, accountId))),
    isSeen,
  };
}
