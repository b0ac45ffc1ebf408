/** Which peer owns which piece, and which peer is to blame for a corrupt piece. */
import type { PeerRecord } from '../../../../client/engine/peers/peer-record.ts';
import type { FetchingPiece } from '../../../../client/engine/pieces/fetching-piece.ts';
import type { PieceLedger } from '../../../../client/engine/pieces/piece-ledger.ts';
import { PieceProvenance } from '../../../../client/engine/pieces/piece-provenance.ts';
import {
  type BlockSource,
  KeptPieces,
  type RequestedPiece,
} from '../../../../client/engine/requests/block-source.ts';
import { PieceOwnership } from '../../../../client/engine/requests/piece-ownership.ts';
import type { UnprovenSeedLimiter } from '../../../../client/engine/requests/unproven-seed-limiter.ts';
import type { PieceIndex } from '../../../../torrents/geometry.ts';
import { agree, agreeOnAll, type SteppedPart } from '../step.ts';
import { drawRecord } from './papers.ts';

type Words = 'missing' | 'fetching' | 'have';

/** The model: for each piece its owner, and whether it is open, and the pieces given to an unproven peer. */
export const pieceOwnership: SteppedPart = {
  name: 'piece-ownership',
  begin(random) {
    const count = 2 + random.below(4);
    const states = Array.from({ length: count }, (): Words => 'fetching');
    const suspects = new Set<number>();
    const ledger = {
      isMissing: (pieceIndex: number) => states[pieceIndex] === 'missing',
      has: (pieceIndex: number) => states[pieceIndex] === 'have',
    } as unknown as PieceLedger<BlockSource>;
    const begun: [session: object, atMs: number][] = [];
    const meantBegun: typeof begun = [];
    const trials = {
      onBegun: (session: object, atMs: number) => begun.push([session, atMs]),
    } as unknown as UnprovenSeedLimiter;
    const ownership = new PieceOwnership(ledger, (pieceIndex) => suspects.has(pieceIndex), trials);
    const pieces = states.map(
      (_, pieceIndex) => ({ pieceIndex, freeCount: 1, ownedMs: 0 }) as unknown as RequestedPiece,
    );
    const sessions = [0, 0, 1, 2].map((goodPieces) => {
      const offered = new Set<number>();
      const session = {
        ...{ record: drawRecord(goodPieces), kept: new KeptPieces() },
        pieces: { offers: (pieceIndex: number) => offered.has(pieceIndex) },
      } as unknown as BlockSource;
      return { session, offered };
    });
    const meant = pieces.map(() => ({
      ...{ owner: undefined as BlockSource | undefined, isExclusive: false, isOpen: false, ownedMs: 0 },
    }));
    const trialOf = new Map<BlockSource, PieceIndex>();
    let nowMs = 0;
    const mayTake = (session: BlockSource) => {
      const trial = trialOf.get(session);
      return session.record.goodPieces > 0 || trial === undefined || states[trial] !== 'fetching';
    };
    return () => {
      nowMs += random.below(3);
      const at = random.below(count);
      const { session, offered } = sessions[random.below(sessions.length)]!;
      const [piece, model] = [pieces[at]!, meant[at]!];
      const freeCount = random.below(3);
      switch (random.below(9)) {
        case 0:
        case 1:
          if (model.owner !== undefined) break;
          ownership.own(piece, session, nowMs);
          Object.assign(model, {
            owner: session,
            ownedMs: nowMs,
            isExclusive: suspects.has(at),
            isOpen: false,
          });
          if (session.record.goodPieces > 0) break;
          if (!trialOf.has(session)) meantBegun.push([session, nowMs]);
          trialOf.set(session, at as PieceIndex);
          break;
        case 2:
          piece.freeCount = freeCount;
          ownership.disown(piece);
          Object.assign(model, { owner: undefined, isExclusive: false, isOpen: freeCount > 0 });
          break;
        case 3:
          ownership.leave(piece);
          Object.assign(model, { owner: undefined, isExclusive: false, isOpen: false });
          break;
        case 4:
          ownership.onOpen(piece);
          model.isOpen = true;
          break;
        case 5:
          ownership.onAllAsked(piece);
          model.isOpen = false;
          break;
        case 6:
          session.record.goodPieces = random.below(2);
          if (!suspects.delete(at)) suspects.add(at);
          break;
        case 7:
          if (!offered.delete(at)) offered.add(at);
          break;
        default:
          states[at] = (['missing', 'fetching', 'have'] as const)[random.below(3)]!;
      }
      const may = mayTake(session);
      agree('whether it is a stranger', ownership.isUnproven(session), session.record.goodPieces === 0);
      agree('whether it may take one more', ownership.mayTake(session), may);
      const mayAdopt = offered.has(at) && (trialOf.get(session) === at || may);
      agree('whether it may adopt one', ownership.mayAdopt(piece, session), mayAdopt);
      agree('what a stranger was given', session.kept.trial, trialOf.get(session));
      agreeOnAll('trials', begun.flat(), meantBegun.flat());
      agreeOnAll(
        'the owners',
        pieces.map((one) => one.owner),
        meant.map((one) => one.owner),
      );
      const alone = meant.map((one) => (one.isExclusive ? one.owner : undefined));
      agreeOnAll(
        'who alone may send one',
        pieces.map((one) => one.exclusiveTo),
        alone,
      );
      const sinces = (of: readonly { readonly ownedMs: number }[]) => of.map((one) => one.ownedMs);
      agreeOnAll('since when they have owners', sinces(pieces), sinces(meant));
      if (random.below(2) === 0) return;
      const those = (isOne: (one: (typeof meant)[number]) => boolean) =>
        pieces.filter((one) => isOne(meant[one.pieceIndex]!));
      agreeOnAll(
        'the orphans',
        inOrder(ownership.orphans),
        those((one) => one.owner === undefined && one.isOpen),
      );
      for (const { session: one } of sessions) {
        agreeOnAll(
          'what it keeps to',
          inOrder(one.kept.pieces),
          those(({ owner }) => owner === one),
        );
        const own = those(({ owner, isOpen }) => owner === one && isOpen);
        agreeOnAll('what of it is open', inOrder(one.kept.open), own);
      }
    };
  },
};

function inOrder(pieces: Iterable<RequestedPiece>): RequestedPiece[] {
  return [...pieces].sort((a, b) => a.pieceIndex - b.pieceIndex);
}

/** The model knows who lies: no other peer is ever blamed. The corrupt copies remembered for each piece. */
const copiesMax = 8;

export const pieceProvenance: SteppedPart = {
  name: 'piece-provenance',
  begin(random) {
    const provenance = new PieceProvenance();
    const records = Array.from({ length: 4 }, () => drawRecord());
    const blockCount = 1 + random.below(3);
    const copies = [0, 1, 2].map(() => ({ count: 0, guilty: new Set<PeerRecord>() }));
    const good = Array.from({ length: blockCount }, (_, block) => `${block} as it is`);
    let stores = 5;
    return () => {
      if (random.below(30) === 0) stores = 2 + random.below(20);
      const pieceIndex = random.below(3) as PieceIndex;
      const model = copies[pieceIndex]!;
      if (random.below(stores) > 0) {
        const isOfOne = random.below(3) === 0;
        const one = records[random.below(records.length)]!;
        // The bytes of a pad come from no peer.
        const sources = good.map(() => {
          if (random.below(5) === 0) return undefined;
          return isOfOne ? one : records[random.below(records.length)]!;
        });
        const isWrong = sources.map(() => random.below(3) === 0);
        const digests = good.map((digest, block) =>
          isWrong[block] ? `${digest} not ${random.below(9)}` : digest,
        );
        const distinct = [...new Set(sources.filter((source) => source !== undefined))];
        const piece = { pieceIndex, sources } as unknown as FetchingPiece;
        const liars = provenance.onCorrupt(piece, digests);
        agreeOnAll('proven liars', liars, distinct.length === 1 ? distinct : []);
        model.count += 1;
        if (model.count <= copiesMax)
          for (const [block, source] of sources.entries())
            if (source !== undefined && isWrong[block]) model.guilty.add(source);
      } else {
        const hasDigests = random.below(5) > 0;
        const liars = provenance.onStored(pieceIndex, hasDigests ? good : undefined);
        const meant = records.filter((record) => hasDigests && model.guilty.has(record));
        agree('how many liars there are', liars.length, meant.length);
        agreeOnAll(
          'those who lied',
          records.filter((record) => liars.includes(record)),
          meant,
        );
        copies[pieceIndex] = { count: 0, guilty: new Set() };
      }
      for (const [one, { count }] of copies.entries())
        agree('whether a piece is suspect', provenance.isSuspect(one as PieceIndex), count > 0);
    };
  },
};
