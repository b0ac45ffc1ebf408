/**
 * A torrent whose files are gone behaves as if it were stopped until they are back: no peer, no dial, and no
 * announce except `stopped`.
 */
import type { Action } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import { type Checker, type Disbelief, inspectionOf, isOfSide, mayBeOfFirst, type Turn } from './checker.ts';

export function offlineIsSilent(): Checker {
  const offline = new WeakSet<Engine>();
  return {
    name: 'offline-is-silent',
    onTurn(turn) {
      const { peer, fact } = turn;
      const { engine } = peer;
      if (fact.type !== 'content-offline' && !offline.has(engine)) return undefined;
      const inspection = inspectionOf(peer);
      if (isOfSide(fact)) return undefined;
      if (fact.type === 'content-offline' && inspection !== undefined) offline.add(engine);
      if (fact.type === 'content-online') offline.delete(engine);
      if (inspection === undefined) offline.delete(engine);
      return offline.has(engine) ? judge(turn) : undefined;
    },
  };
}

function judge({ peer, fact, actions }: Turn): Disbelief {
  const inspection = inspectionOf(peer)!;
  if (!inspection.peers.isOffline) return 'its files are gone, and it goes on';
  if (inspection.sessions.size > 0)
    return `its files are gone, and ${inspection.sessions.size} peers are here`;
  for (const action of actions) {
    const isSide = 'connection' in action && !mayBeOfFirst(peer, action.connection);
    const what = isSide ? undefined : forbidden(action);
    // In that turn itself, bytes written before may still be sent, and connections are closed.
    if (what !== undefined && fact.type !== 'content-offline') return `its files are gone, and it ${what}`;
  }
  return undefined;
}

function forbidden(action: Action): string | undefined {
  switch (action.type) {
    case 'dial':
      return `dials ${action.address.host}`;
    case 'send-block':
      return `sends a block on connection ${action.connection}`;
    case 'announce':
      return action.request.event === 'stopped' || isOfSide(action.request)
        ? undefined
        : `announces ${action.request.event ?? 'nothing'}`;
    default:
      return undefined;
  }
}
