/**
 * Who is online, as far as a viewer may know: an account is online for viewers who see a release that it
 * announces now. An account that announces only hidden releases is not, so that nothing reveals these
 * releases. Signing in or reading does not make an account online. Pure.
 */
import { maySee, type ReleaseAccess, type Viewer } from './access.ts';
import type { Presence, PresentPeer } from './presence.ts';

export interface Online {
  /** In no particular order. */
  seenBy(viewer: Viewer): ReadonlySet<number>;
  isSeen(viewer: Viewer, accountId: number): boolean;
}

/** `accessOf`: the access of the release that a peer is announced for. */
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
