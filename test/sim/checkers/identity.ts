/**
 * Whoever we are connected with is somebody else, and is so once: neither an echo of ourselves nor the same peer of the
 * same host again, where that can be told.                                                                       BEP 3
 */
import type { PeerSession } from '../../../client/engine/peer-session.ts';
import { type Checker, inspectionOf } from './checker.ts';

export function everybodyIsSomebodyElse(): Checker {
  return {
    name: 'everybody-is-somebody-else',
    hears: ['report peer-connected'],
    onTurn({ peer, actions }) {
      const hasMet = actions.some(
        (action) => action.type === 'report' && action.report.type === 'peer-connected',
      );
      return hasMet
        ? judge(peer.engine.usage.peerId, inspectionOf(peer)?.sessions.values() ?? [])
        : undefined;
    },
  };
}

function judge(ourId: Uint8Array, sessions: Iterable<PeerSession>): string | undefined {
  const us = Buffer.from(ourId).toString('hex');
  /** By name and host: the port of each that was dialed, undefined for one that came. */
  const known = new Map<string, (number | undefined)[]>();
  for (const { peerId, address, incoming } of sessions) {
    const id = Buffer.from(peerId!).toString('hex');
    if (id === us) return `is connected with itself, as ${address.host}`;
    const name = `${id} at ${address.host}`;
    const port = incoming ? undefined : address.port;
    const others = known.get(name) ?? [];
    // Two ports that were dialed may be two neighbours, of whom one lies.
    const isSame = (other: number | undefined) => other === undefined || port === undefined || other === port;
    if (others.some(isSame)) return `is connected twice with ${name}`;
    known.set(name, [...others, port]);
  }
  return undefined;
}
