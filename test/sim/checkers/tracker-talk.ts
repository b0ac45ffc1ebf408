/**
 * Announces are in order, true, and one at a time.                                                      BEP 3
 */
import type { AnnounceRequest } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import { type Checker, type Disbelief, inspectionOf, isOfSide, type Turn } from './checker.ts';
import { noteMemory, type Remembered } from './forgotten.ts';

interface Relation extends Remembered {
  /** The tracker has answered an announce. */
  listsUs: boolean;
  completedTold: boolean;
  /** `stopped` was sent and is not answered yet. It may be sent before an earlier announce is answered. */
  isLeaving: boolean;
}

interface Talk {
  readonly relations: Map<string, Relation>;
  /** The announce whose reply is pending. */
  inFlight: AnnounceRequest | undefined;
  wasComplete: boolean;
}

export function trackersHearTheTruth(): Checker {
  const talks = new WeakMap<Engine, Talk>();
  return {
    name: 'trackers-hear-the-truth',
    hears: [
      'added',
      'magnet-added',
      'tracker-returned',
      'announced',
      'announce-failed',
      'content-offline',
      'announce',
    ],
    onTurn(turn) {
      const { peer, fact, actions } = turn;
      const isSide = isOfSide(fact);
      let talk = talks.get(peer.engine);
      if (talk === undefined || (!isSide && (fact.type === 'added' || fact.type === 'magnet-added'))) {
        const wasComplete =
          fact.type === 'added' && inspectionOf(peer)?.ledger.haveBytes === turn.world.torrent.leftAtFirst;
        talk = { relations: new Map(), inFlight: undefined, wasComplete };
        talks.set(peer.engine, talk);
      }
      if (!isSide && fact.type === 'tracker-returned' && !relationOf(talk, fact.tracker).isLeaving) {
        const relation = relationOf(talk, fact.tracker);
        const isAsked = talk.inFlight?.tracker === fact.tracker;
        if (noteMemory(fact, relation, isAsked) === 'forgotten') relation.listsUs = false;
      }
      if (!isSide && (fact.type === 'announced' || fact.type === 'announce-failed')) {
        const relation = relationOf(talk, fact.tracker);
        if (talk.inFlight?.tracker === fact.tracker) {
          if (fact.type === 'announced') {
            relation.listsUs = !relation.isLeaving;
            if (talk.inFlight.event === 'completed') relation.completedTold = true;
          }
          talk.inFlight = undefined;
          if (noteMemory(fact, relation, true) === 'forgotten' && !relation.isLeaving)
            relation.listsUs = false;
        } else {
          relation.isLeaving = false;
        }
      }
      const listing = fact.type === 'content-offline' && !isSide ? listingOf(talk) : [];
      for (const action of actions) {
        const disbelief =
          action.type === 'announce' && !isOfSide(action.request)
            ? judge(turn, talk, action.request)
            : undefined;
        if (disbelief !== undefined)
          return `tells ${action.type === 'announce' ? action.request.tracker : ''} ${disbelief}`;
      }
      const unaware = inspectionOf(peer)?.peers.isOffline
        ? listing.find(({ isLeaving }) => !isLeaving)
        : undefined;
      if (unaware !== undefined) return 'not every tracker that lists it that its files are gone';
      return undefined;
    },
  };
}

function relationOf({ relations }: Talk, tracker: string): Relation {
  const relation = relations.get(tracker) ?? {
    listsUs: false,
    completedTold: false,
    isLeaving: false,
    ...{ memoryId: undefined, returned: undefined },
  };
  relations.set(tracker, relation);
  return relation;
}

/** Trackers that list the client, or will after their pending reply. */
function listingOf({ relations, inFlight }: Talk): Relation[] {
  return [...relations].flatMap(([tracker, relation]) =>
    relation.listsUs || inFlight?.tracker === tracker ? [relation] : [],
  );
}

function judge({ peer, world }: Turn, talk: Talk, request: AnnounceRequest): Disbelief {
  const relation = relationOf(talk, request.tracker);
  const { event, left } = request;
  if (event === 'stopped') {
    const isKnown = relation.listsUs || talk.inFlight?.tracker === request.tracker;
    const wasLeaving = relation.isLeaving;
    relation.listsUs = false;
    relation.isLeaving = true;
    if (wasLeaving) return 'twice that it stops';
    return isKnown ? undefined : 'that it stops, and has never been listed';
  }
  if (relation.isLeaving) return 'something while its answer to `stopped` is to come';
  if (talk.inFlight !== undefined) return `something while ${talk.inFlight.tracker} still owes an answer`;
  talk.inFlight = request;
  if ((event === 'started') === relation.listsUs)
    return `${event ?? 'nothing'} and is ${relation.listsUs ? '' : 'not '}listed`;
  if (event === 'completed' && (talk.wasComplete || relation.completedTold))
    return 'once more that it is complete';
  const ledger = inspectionOf(peer)?.ledger;
  if (ledger === undefined) return undefined;
  if (event === 'completed' && left > 0) return `that it is complete with ${left} bytes left`;
  const missing = world.torrent.leftAtFirst - ledger.haveBytes;
  return left === missing ? undefined : `that ${left} bytes are left, when ${missing} are`;
}
