/**
 * Disk errors have their documented effect on a torrent: how long the download pauses after pieces could not
 * be stored or were lost, which trouble the status shows, and what is reported. Computed from the disk's
 * facts alone (client/engine/swarm/disk-troubles.ts, loss-pace.ts).
 */
import type { Fact, TorrentId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { Checker, Disbelief, Turn } from './checker.ts';

/** State of one torrent. */
interface Patience {
  readonly had: Set<PieceIndex>;
  paused: boolean | 'held';
  untilMs: number;
  /** The last pause after a loss, and when a piece was first stored since. */
  lossWaitMs: number;
  storedMs: number | undefined;
  refusal: string | undefined;
  loss: string | undefined;
  absence: string | undefined;
  /** Wanted pieces that were lost and not stored again. */
  readonly lacked: Set<PieceIndex>;
  wasUnreadable: boolean;
}

/** Errors of a failing disk. With other errors, another program has deleted or changed files. */
const failing = new Set(['EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'ENXIO', 'ESTALE']);

export function disksAreWaitedFor(): Checker {
  const all = new WeakMap<Engine, Map<TorrentId, Patience>>();
  return {
    name: 'disks-are-waited-for',
    hears: [
      ...(['added', 'stopped', 'woke', 'piece-stored', 'piece-unstorable', 'pieces-lost'] as const),
      ...(['content-offline', 'content-online', 'pieces-selected', 'block-unreadable'] as const),
    ],
    onTurn(turn) {
      const { peer, fact, nowMs } = turn;
      let ofEngine = all.get(peer.engine);
      if (ofEngine === undefined) all.set(peer.engine, (ofEngine = new Map()));
      if (fact.type === 'added')
        ofEngine.set(fact.spec.torrent, fresh(peer.engine.inspect(fact.spec.torrent)));
      if (fact.type === 'stopped') ofEngine.delete(fact.torrent);
      const own = 'torrent' in fact ? ofEngine.get(fact.torrent) : undefined;
      const about = own && 'torrent' in fact ? peer.engine.inspect(fact.torrent) : undefined;
      const disbelief = about && note(turn, own!, about);
      if (disbelief !== undefined) return disbelief;
      for (const [torrent, patience] of ofEngine) {
        const inspection = peer.engine.inspect(torrent);
        const wrong = inspection && judgePause(patience, inspection, peer.engine.usage.limits, nowMs);
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    },
    inspect({ engine }) {
      for (const [torrent, patience] of all.get(engine) ?? []) {
        const disbelief = judgeShown(patience, engine.status(torrent)?.trouble?.code);
        if (disbelief !== undefined) return disbelief;
      }
      return undefined;
    },
  };
}

function fresh(inspection: Inspection | undefined): Patience {
  const { ledger } = inspection!;
  return {
    had: new Set([...ledger.geometry.pieces()].filter((pieceIndex) => ledger.has(pieceIndex))),
    ...{ paused: false, untilMs: 0, lossWaitMs: 0, storedMs: undefined, wasUnreadable: false },
    ...{ refusal: undefined, loss: undefined, absence: undefined, lacked: new Set() },
  };
}

function note(turn: Turn, own: Patience, inspection: Inspection): Disbelief {
  const { fact, nowMs } = turn;
  const { selection } = inspection;
  const { limits } = turn.peer.engine.usage;
  switch (fact.type) {
    case 'piece-stored':
      own.had.add(fact.pieceIndex);
      own.lacked.delete(fact.pieceIndex);
      own.refusal = undefined;
      own.storedMs ??= nowMs;
      if (own.paused === true && selection.missingCount > 0) own.paused = false;
      break;
    case 'piece-unstorable': {
      const isNews = own.refusal !== fact.trouble.code;
      own.refusal = fact.trouble.code;
      pause(own, true, nowMs + limits.diskRetryMs);
      const isTold = turn.actions.some((a) => a.type === 'report' && a.report.type === 'disk-trouble');
      if (isTold !== isNews) return `${isTold ? 'tells again' : 'does not tell'} of ${fact.trouble.code}`;
      break;
    }
    case 'pieces-lost':
      return noteLost(turn, fact, own, inspection);
    case 'pieces-selected':
      for (const pieceIndex of own.lacked) if (!selection.lacks(pieceIndex)) own.lacked.delete(pieceIndex);
      break;
    case 'content-offline':
      own.absence ??= fact.trouble.code;
      break;
    case 'content-online':
      own.absence = undefined;
      break;
    case 'block-unreadable':
      own.wasUnreadable = true;
  }
  if (own.lacked.size === 0) own.loss = undefined;
  return undefined;
}

function noteLost(
  { actions, nowMs, peer }: Turn,
  { pieces, trouble }: Extract<Fact, { type: 'pieces-lost' }>,
  own: Patience,
  { ledger, selection }: Inspection,
): Disbelief {
  const lost = [...new Set(pieces)].filter((pieceIndex) => own.had.delete(pieceIndex));
  if (lost.length === 0) return undefined;
  for (const pieceIndex of lost) if (selection.wants(pieceIndex)) own.lacked.add(pieceIndex);
  own.loss = own.lacked.size === 0 ? undefined : trouble.code;
  if (failing.has(trouble.code)) {
    const { diskRetryMs, lossRetryMaxMs, lossRoundMs } = peer.engine.usage.limits;
    const isSettled = own.storedMs !== undefined && nowMs - own.storedMs >= lossRoundMs;
    const isFirst = isSettled || own.lossWaitMs === 0;
    own.lossWaitMs = isFirst ? diskRetryMs : Math.min(lossRetryMaxMs, 2 * own.lossWaitMs);
    own.storedMs = undefined;
    pause(own, 'held', nowMs + own.lossWaitMs);
  }
  const bytes = lost.reduce((sum, pieceIndex) => sum + ledger.dataBytes(pieceIndex), 0);
  const isTold = actions.some(
    ({ type, ...rest }) =>
      type === 'report' &&
      'report' in rest &&
      rest.report.type === 'pieces-lost' &&
      rest.report.pieceCount === lost.length &&
      rest.report.bytes === bytes,
  );
  return isTold ? undefined : `does not tell that ${lost.length} pieces of ${bytes} bytes are lost`;
}

/** A new pause never shortens the one under way, and a stored piece does not end a pause after a loss. */
function pause(own: Patience, how: true | 'held', untilMs: number): void {
  if (own.paused !== 'held') own.paused = how;
  own.untilMs = Math.max(own.untilMs, untilMs);
}

/** The pause ends at the first tick after its time. */
function judgePause(
  own: Patience,
  { scheduler, peers }: Inspection,
  limits: Limits,
  nowMs: number,
): Disbelief {
  const { paused } = scheduler;
  if (peers.stopping) return undefined;
  if (nowMs < own.untilMs || own.paused === false)
    return paused === own.paused
      ? undefined
      : `fetching is ${wordOf(paused)}, and should be ${wordOf(own.paused)} until ${own.untilMs} ms`;
  if (paused !== false && nowMs >= own.untilMs + limits.tickMs)
    return `fetches nothing, and the pause was over ${nowMs - own.untilMs} ms ago`;
  if (paused === false) own.paused = false;
  return undefined;
}

function wordOf(paused: boolean | 'held'): string {
  return paused === false ? 'not paused' : paused === true ? 'paused' : 'held';
}

function judgeShown(
  { absence, refusal, loss, wasUnreadable }: Patience,
  shown: string | undefined,
): Disbelief {
  const code = absence ?? refusal ?? loss;
  if (shown === code || (code === undefined && wasUnreadable)) return undefined;
  return `shows ${shown ?? 'no trouble'}, and the trouble is ${code ?? 'over'}`;
}
