/**
 * Pieces are begun in the user's order. When a piece is begun with a peer, that peer offers no missing piece
 * that has an earlier deadline, a higher priority, or, with equal priority, comes first: lower index in
 * sequential order, else fewer peers that have it. A piece that the peer suggests may come before rarer ones.
 * Unwanted pieces are never requested. The wishes are taken from the user's facts, not from the engine.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Action, Fact, TorrentId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { Checker, Disbelief, Turn } from './checker.ts';
import { setDue } from './due.ts';
import { overhear } from './wire/overheard.ts';

const requestId = 6;
const requestBytes = 17;
const handshakeFirst = 19;
/** Piece priorities as in libtorrent. */
const [unwanted, priorityDefault, priorityMax] = [0, 4, 7];

type Send = Extract<Action, { type: 'send' }>;

interface Wishes {
  priorities: Uint8Array | undefined;
  sequential: boolean;
  /** Deadlines by piece. */
  readonly deadlines: Map<PieceIndex, number>;
  /** Pieces that were begun and have not been seen missing since. */
  readonly begun: Set<PieceIndex>;
}

export function theWantedComeFirst(): Checker {
  const all = new WeakMap<Engine, Map<TorrentId, Wishes>>();
  return {
    name: 'the-wanted-come-first',
    onTurn(turn) {
      const { engine } = turn.peer;
      let ofEngine = all.get(engine);
      if (ofEngine === undefined) all.set(engine, (ofEngine = new Map()));
      note(turn.fact, ofEngine, engine);
      let disbelief: Disbelief;
      const sends = turn.actions.filter(mayAsk);
      // When several peers are asked for a piece in one turn, the turn does not show which of them began it.
      const isShared = sends.length > 1 ? sharedIn(sends, engine) : () => false;
      for (const action of sends) disbelief ??= judge(turn, action, ofEngine, isShared);
      noteBegun(ofEngine, engine);
      return disbelief;
    },
    inspect({ engine }) {
      for (const [torrent, { begun }] of all.get(engine) ?? []) {
        const ledger = engine.inspect(torrent)?.ledger;
        for (const pieceIndex of begun) if (ledger?.isMissing(pieceIndex) !== false) begun.delete(pieceIndex);
      }
      return undefined;
    },
  };
}

/**
 * A piece may be begun in one turn and requested in a later one, when the download rate limit delays its
 * first request. What was best at the first moment need not be best at the second.
 */
function noteBegun(ofEngine: ReadonlyMap<TorrentId, Wishes>, engine: Engine): void {
  for (const [torrent, { begun }] of ofEngine) {
    const ledger = engine.inspect(torrent)?.ledger;
    if (ledger === undefined || ledger.fetchingCount === 0) continue;
    for (const { pieceIndex } of ledger.fetchingPieces) begun.add(pieceIndex);
  }
}

function note(fact: Fact, ofEngine: Map<TorrentId, Wishes>, engine: Engine): void {
  if (fact.type === 'added') {
    const { torrent, priorities } = fact.spec;
    ofEngine.set(torrent, {
      priorities,
      sequential: false,
      deadlines: new Map(),
      begun: new Set(),
    });
  }
  const wishes = 'torrent' in fact ? ofEngine.get(fact.torrent) : undefined;
  if (wishes === undefined) return;
  if (fact.type === 'pieces-selected') wishes.priorities = fact.priorities.slice();
  else if (fact.type === 'order-chosen') wishes.sequential = fact.sequential;
  else if (fact.type === 'piece-stored') wishes.deadlines.delete(fact.pieceIndex);
  else if (fact.type === 'deadline-set') {
    // A stored piece has no deadline, even if it is lost later.
    const isStored = engine.inspect(fact.torrent)?.ledger.has(fact.pieceIndex) === true;
    if (fact.atMs === undefined || isStored) wishes.deadlines.delete(fact.pieceIndex);
    else setDue(wishes.deadlines, fact.pieceIndex, fact.atMs, engine.usage.limits.deadlinesMax);
  }
}

function mayAsk(action: Action): action is Send {
  return action.type === 'send' && action.bytes.length >= requestBytes;
}

function sharedIn(
  sends: readonly Send[],
  engine: Engine,
): (torrent: TorrentId, piece: PieceIndex) => boolean {
  const askers = new Map<string, number>();
  for (const { connection, bytes } of sends) {
    if (bytes[0] === handshakeFirst) continue;
    const torrent = engine.torrentOf(connection);
    for (const piece of new Set(requestedIn(bytes)))
      askers.set(`${torrent} ${piece}`, 1 + (askers.get(`${torrent} ${piece}`) ?? 0));
  }
  return (torrent, piece) => (askers.get(`${torrent} ${piece}`) ?? 0) > 1;
}

function judge(
  turn: Turn,
  { connection, bytes }: Send,
  ofEngine: ReadonlyMap<TorrentId, Wishes>,
  isShared: (torrent: TorrentId, piece: PieceIndex) => boolean,
): Disbelief {
  const { peer, actions } = turn;
  const torrent = peer.engine.torrentOf(connection);
  const wishes = torrent === undefined ? undefined : ofEngine.get(torrent);
  if (wishes === undefined || bytes[0] === handshakeFirst) return undefined;
  const inspection = peer.engine.inspect(torrent!);
  const session = inspection?.sessions.get(connection);
  for (const pieceIndex of requestedIn(bytes)) {
    if (priorityOf(wishes, pieceIndex) === unwanted)
      return `asks connection ${connection} for piece ${pieceIndex}, which nobody wants`;
    if (wishes.begun.has(pieceIndex)) continue;
    wishes.begun.add(pieceIndex);
    if (inspection === undefined || session === undefined || isShared(torrent!, pieceIndex)) continue;
    // When a connection closes, the other peers are asked at once, before the rest of the turn frees or adds
    // pieces.
    const isPlain = !actions.some(({ type }) => type === 'close');
    const hints = overhear(turn).conversations.get(connection)?.peerSuggested;
    const isHinted = hints?.has(pieceIndex) === true;
    const isByRarity =
      !wishes.sequential &&
      !isHinted &&
      inspection.ledger.haveCount >= peer.engine.usage.limits.randomFirstPieces;
    const disbelief = isPlain ? judgeBegun(wishes, inspection, session, pieceIndex, isByRarity) : undefined;
    if (disbelief !== undefined)
      return `begins piece ${pieceIndex} with connection ${connection}, ${disbelief}`;
  }
  return undefined;
}

function judgeBegun(
  wishes: Wishes,
  { ledger, picker }: Inspection,
  { pieces }: PeerSession,
  begun: PieceIndex,
  isByRarity: boolean,
): Disbelief {
  const dueMs = wishes.deadlines.get(begun) ?? Number.MAX_SAFE_INTEGER;
  const priority = priorityOf(wishes, begun);
  for (const other of ledger.geometry.pieces()) {
    if (!ledger.isMissing(other) || wishes.begun.has(other) || !pieces.offers(other)) continue;
    const otherPriority = priorityOf(wishes, other);
    if (otherPriority === unwanted) continue;
    const otherDueMs = wishes.deadlines.get(other);
    if (otherDueMs !== undefined && otherDueMs < dueMs) return `and piece ${other} is due sooner`;
    if (wishes.deadlines.has(begun)) continue;
    if (otherPriority > priority)
      return `and piece ${other} is wanted more: ${otherPriority}, not ${priority}`;
    if (wishes.sequential && otherPriority === priority && other < begun)
      return `and piece ${other} comes before it`;
    if (isByRarity && otherPriority === priority && picker.availability(other) < picker.availability(begun))
      return `which ${picker.availability(begun)} peers have, and ${picker.availability(other)} have piece ${other}`;
  }
  return undefined;
}

function priorityOf({ priorities }: Wishes, pieceIndex: PieceIndex): number {
  return Math.min(priorityMax, priorities?.[pieceIndex] ?? priorityDefault);
}

/** The pieces requested in these whole messages, in order. */
function* requestedIn(bytes: Uint8Array): Generator<PieceIndex> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + requestBytes <= bytes.length; at += 4 + view.getUint32(at)) {
    if (view.getUint32(at) === requestBytes - 4 && bytes[at + 4] === requestId)
      yield view.getUint32(at + 5) as PieceIndex;
  }
}
