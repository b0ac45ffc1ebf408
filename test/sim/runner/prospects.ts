/**
 * Which peers must be able to complete once everything has healed, independent of what the engine decides.
 *
 * Two peers can meet when one of them learns of the other and can dial it: both announce to one tracker, or
 * the plan introduces them. The pieces of an honest peer reach every peer it can meet, directly or through
 * others. Pieces of hostile peers do not count.
 */
import type { CastMember } from '../plan/cast.ts';
import { canMeet } from '../plan/meetings.ts';
import type { SimPeer } from '../world/peer.ts';
import type { Side } from '../world/side.ts';
import type { PlannedSwarm } from './planned-swarm.ts';

/** By name: peers that have or can get every piece, and magnets that can meet a peer with the metadata. */
export function prospectsOf(swarm: PlannedSwarm): Set<string> {
  const present = swarm.cast.filter(({ name, leaveMs }) => swarm.peers.has(name) && leaveMs === undefined);
  // Pieces pass only through peers that store them: a magnet has no pieces.
  const seekers = present.filter(({ magnet }) => magnet);
  const holders = present.filter(({ name, magnet }) => !magnet && isSound(swarm.peers.get(name)!));
  const able = new Set<string>();
  for (const seeker of seekers) if (holders.some((holder) => canMeet(seeker, holder))) able.add(seeker.name);
  const pieces = [...swarm.world.geometry.pieces()];
  for (const group of groupsOf(holders)) {
    const platters = group.map(({ name }) => swarm.peers.get(name)!.platter);
    const isWhole = pieces.every((pieceIndex) => platters.some((platter) => platter.holds(pieceIndex)));
    if (isWhole) for (const { name } of group) able.add(name);
  }
  return able;
}

/** The same for side torrents: peers that run one and can get every piece. */
export function sideProspectsOf(swarm: PlannedSwarm): { readonly name: string; readonly side: Side }[] {
  return swarm.world.sides.flatMap((torrent) => {
    const sideOf = (name: string) => swarm.peers.get(name)?.sides.find((side) => side.torrent === torrent);
    const present = swarm.cast.filter(
      ({ name, leaveMs }) => leaveMs === undefined && sideOf(name)?.isWanted === true,
    );
    const pieces = [...torrent.geometry.pieces()];
    return groupsOf(present).flatMap((group) => {
      const sides = group.map(({ name }) => ({ name, side: sideOf(name)! }));
      const isWhole = pieces.every((piece) => sides.some(({ side }) => side.platter.isRight(piece)));
      return isWhole ? sides : [];
    });
  });
}

/** False for seeds whose files are gone for good, and for peers that serve corrupt pieces without knowing. */
function isSound({ isOfflineForGood, platter }: SimPeer): boolean {
  return !isOfflineForGood && ![...platter.harms.values()].some(({ isVisible }) => !isVisible);
}

function groupsOf(members: readonly CastMember[]): CastMember[][] {
  const left = new Set(members);
  const groups: CastMember[][] = [];
  for (const first of left) {
    left.delete(first);
    const group = [first];
    for (const member of group) {
      for (const other of left) {
        if (!canMeet(member, other)) continue;
        left.delete(other);
        group.push(other);
      }
    }
    groups.push(group);
  }
  return groups;
}
