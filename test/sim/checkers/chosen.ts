/**
 * The user's selection is counted right: wanted bytes, wanted bytes present, and wanted pieces missing.
 * Computed from the user's facts (client/engine/pieces/piece-selection.ts).
 */
import type { TorrentId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import type { Checker, Disbelief } from './checker.ts';

type Priorities = Uint8Array | undefined;

export function theChosenAreCounted(): Checker {
  const all = new WeakMap<Engine, Map<TorrentId, Priorities>>();
  return {
    name: 'the-chosen-are-counted',
    hears: ['added', 'stopped', 'pieces-selected'],
    onTurn({ peer, fact }) {
      const { engine } = peer;
      const ofEngine = all.get(engine) ?? new Map<TorrentId, Priorities>();
      all.set(engine, ofEngine);
      if (fact.type === 'added') ofEngine.set(fact.spec.torrent, fact.spec.priorities?.slice());
      if (fact.type === 'stopped') ofEngine.delete(fact.torrent);
      if (fact.type !== 'pieces-selected') return undefined;
      const priorities = fact.priorities.slice();
      ofEngine.set(fact.torrent, priorities);
      const inspection = engine.inspect(fact.torrent);
      return inspection && judge(priorities, inspection);
    },
    inspect({ engine }) {
      for (const [torrent, priorities] of all.get(engine) ?? []) {
        const inspection = engine.inspect(torrent);
        const disbelief = inspection && judge(priorities, inspection);
        if (disbelief !== undefined) return disbelief;
      }
      return undefined;
    },
  };
}

function judge(priorities: Priorities, { ledger, selection }: Inspection): Disbelief {
  let wantedBytes = 0;
  let haveBytes = 0;
  let missing = 0;
  for (const pieceIndex of ledger.geometry.pieces()) {
    if (priorities !== undefined && priorities[pieceIndex] === 0) continue;
    const bytes = ledger.dataBytes(pieceIndex);
    wantedBytes += bytes;
    if (ledger.has(pieceIndex)) haveBytes += bytes;
    else missing += 1;
  }
  const counted = [selection.wantedBytes, selection.haveWantedBytes, selection.missingCount];
  const right = [wantedBytes, haveBytes, missing];
  return counted.every((count, at) => count === right[at])
    ? undefined
    : `counts ${counted.join(', ')} bytes wanted, of these here, and pieces missing; there are ${right.join(', ')}`;
}
