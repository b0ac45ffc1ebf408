/**
 * Deadlines: at most `deadlinesMax` pieces have one, and the latest is dropped when there are more. Pieces
 * with something left to request wait in the order of their deadlines. Computed from the user's facts
 * (client/engine/pieces/deadlines.ts).
 */
import type { TorrentId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { Checker, Disbelief } from './checker.ts';

/** Deadlines by piece, in the order in which the user set them. */
export type Due = Map<PieceIndex, number>;

/** Sets a deadline. When there are too many, the latest is dropped. */
export function setDue(due: Due, pieceIndex: PieceIndex, atMs: number, max: number): void {
  due.delete(pieceIndex);
  due.set(pieceIndex, atMs);
  if (due.size <= max) return;
  let latest = pieceIndex;
  for (const [other, otherMs] of due) if (otherMs > due.get(latest)!) latest = other;
  due.delete(latest);
}

export function theDueAreRemembered(): Checker {
  const all = new WeakMap<Engine, Map<TorrentId, Due>>();
  return {
    name: 'the-due-are-remembered',
    hears: ['added', 'stopped', 'deadline-set', 'piece-stored'],
    onTurn({ peer, fact }) {
      const { engine } = peer;
      const ofEngine = all.get(engine) ?? new Map<TorrentId, Due>();
      all.set(engine, ofEngine);
      if (fact.type === 'added') ofEngine.set(fact.spec.torrent, new Map());
      if (fact.type === 'stopped') ofEngine.delete(fact.torrent);
      const due = 'torrent' in fact ? ofEngine.get(fact.torrent) : undefined;
      if (due === undefined) return undefined;
      if (fact.type === 'piece-stored') due.delete(fact.pieceIndex);
      if (fact.type !== 'deadline-set') return undefined;
      const { pieceIndex, atMs } = fact;
      const inspection = engine.inspect(fact.torrent);
      if (atMs === undefined || inspection?.ledger.has(pieceIndex)) due.delete(pieceIndex);
      else setDue(due, pieceIndex, atMs, engine.usage.limits.deadlinesMax);
      return inspection && judge(due, inspection);
    },
    inspect({ engine }) {
      for (const [torrent, due] of all.get(engine) ?? []) {
        const inspection = engine.inspect(torrent);
        const disbelief = inspection && judge(due, inspection);
        if (disbelief !== undefined) return disbelief;
      }
      return undefined;
    },
  };
}

function judge(due: Due, { ledger, scheduler }: Inspection): Disbelief {
  const { deadlines } = scheduler;
  if (deadlines.size !== due.size)
    return `remembers ${deadlines.size} pieces that are due, and ${due.size} are`;
  if (due.size === 0) return undefined;
  const { waiting } = deadlines;
  for (const [pieceIndex, atMs] of due) {
    if (deadlines.atMs(pieceIndex) !== atMs)
      return `believes piece ${pieceIndex} to be due at ${deadlines.atMs(pieceIndex)} ms, and it is at ${atMs}`;
    const isLeft = ledger.isMissing(pieceIndex) || (ledger.fetching(pieceIndex)?.freeCount ?? 0) > 0;
    if (isLeft && !waiting.includes(pieceIndex)) return `has forgotten that piece ${pieceIndex} is due`;
  }
  for (const [at, pieceIndex] of waiting.entries()) {
    const atMs = due.get(pieceIndex);
    if (atMs === undefined) return `believes that piece ${pieceIndex} is due, and it is not`;
    const before = at === 0 ? atMs : due.get(waiting[at - 1]!)!;
    if (before > atMs) return `has piece ${waiting[at - 1]} before ${pieceIndex}, which is due sooner`;
  }
  return undefined;
}
