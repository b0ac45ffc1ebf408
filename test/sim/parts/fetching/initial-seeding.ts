/**
 * Which piece a seed assigns to each peer first. The model has a queue of waiting pieces, shuffled by the
 * same random numbers, a list of assignments, and for each piece its first holder and since when.
 */
import type { PeerSession } from '../../../../client/engine/connection/peer-session.ts';
import type { Context } from '../../../../client/engine/context.ts';
import { defaultLimits } from '../../../../client/engine/limits.ts';
import { Prng, shuffle } from '../../../../client/engine/prng.ts';
import { InitialSeeding } from '../../../../client/engine/serving/initial-seeding.ts';
import { Geometry, type PieceIndex } from '../../../../torrents/geometry.ts';
import { agree, agreeOnAll, Clock, type SteppedPart } from '../step.ts';

const passedMax = 16;
const spreadUnit = 64;

interface Peer {
  readonly session: PeerSession;
  readonly has: Set<PieceIndex>;
  readonly told: PieceIndex[];
  readonly meantTold: PieceIndex[];
  reuploads: number;
}

interface Promise {
  readonly pieceIndex: PieceIndex;
  readonly to: Peer;
  isBegun: boolean;
}

export const initialSeeding: SteppedPart = {
  name: 'first-copies',
  begin(random) {
    const count = 1 + random.below(random.below(3) === 0 ? 40 : 8);
    const geometry = new Geometry(count * 20_000, 20_000);
    const limits = {
      ...defaultLimits,
      ...{ spreadTimeoutMs: 10 + random.below(1_000), requestsOutstandingFirst: 1 + random.below(6) },
    };
    const seed = random.next();
    const [chance, sameChance] = [new Prng(seed), new Prng(seed)];
    // A piece has two blocks.
    const aheadMin = 1 + Math.floor((limits.requestsOutstandingFirst + 1) / 2);
    const peers: Peer[] = [];
    const sessions = new Map<number, PeerSession>();
    const holders = (pieceIndex: PieceIndex) => peers.filter(({ has }) => has.has(pieceIndex)).length;
    let hasAll = true;
    const copies = new InitialSeeding(geometry, { hasAll: () => hasAll, availability: holders, sessions }, {
      limits,
      random: chance,
    } as unknown as Context);
    const clock = new Clock(random);
    let waiting: PieceIndex[] | undefined;
    let promises: Promise[] = [];
    let firsts = new Map<PieceIndex, { readonly by: number; readonly sinceMs: number; isShared: boolean }>();
    let kept = new Set<PieceIndex>();
    let connections = 0;
    const come = () => {
      const told: PieceIndex[] = [];
      const has = new Set<PieceIndex>();
      const session = {
        ...{ connection: connections++, fast: random.below(5) > 0, reuploads: 0 },
        pieces: { has: (pieceIndex: PieceIndex) => has.has(pieceIndex) },
        sendSuggest: (pieceIndex: PieceIndex) => told.push(pieceIndex),
      } as unknown as PeerSession;
      sessions.set(session.connection, session);
      peers.push({ session, has, told, meantTold: [], reuploads: 0 });
    };
    const wait = (pieceIndex: PieceIndex) => {
      if (!waiting!.includes(pieceIndex)) waiting!.push(pieceIndex);
    };
    const suggest = (to: Peer) => {
      while (to.session.fast && hasAll) {
        if (promises.filter((one) => one.to === to && !one.isBegun).length >= aheadMin) return;
        if (waiting === undefined) shuffle((waiting = [...geometry.pieces()]), sameChance);
        const passed: PieceIndex[] = [];
        let found: PieceIndex | undefined;
        while (found === undefined && waiting.length > 0 && passed.length < passedMax) {
          const next = waiting.shift()!;
          const isKept = kept.has(next) && holders(next) === 1;
          const isFree = (holders(next) === 0 || isKept) && !promises.some((one) => one.pieceIndex === next);
          if (isFree && to.has.has(next)) passed.push(next);
          else if (isFree) found = next;
        }
        for (const one of passed) wait(one);
        if (found === undefined) return;
        promises.push({ pieceIndex: found, to, isBegun: false });
        to.meantTold.push(found);
      }
    };
    const release = (to: Peer) => {
      copies.release(to.session);
      const broken = promises.filter((one) => one.to === to);
      promises = promises.filter((one) => one.to !== to);
      // Those it has begun come first, in the order in which it began them; then those it was told of.
      for (const one of broken.filter(({ isBegun }) => isBegun)) wait(one.pieceIndex);
      for (const one of broken.filter(({ isBegun }) => !isBegun)) wait(one.pieceIndex);
    };
    const hear = (from: Peer, pieceIndex: PieceIndex) => {
      from.has.add(pieceIndex);
      copies.onHave(from.session, pieceIndex, clock.nowMs);
      if (!hasAll) return;
      const first = firsts.get(pieceIndex);
      if (first === undefined)
        firsts.set(pieceIndex, { by: from.session.connection, sinceMs: clock.nowMs, isShared: false });
      else if (first.by !== from.session.connection) {
        const giver = peers.find(({ session }) => session.connection === first.by);
        if (giver !== undefined) giver.reuploads += spreadUnit;
        first.isShared = true;
        kept.delete(pieceIndex);
      }
      const promise = promises.find((one) => one.pieceIndex === pieceIndex);
      promises = promises.filter((one) => one !== promise);
      if (promise !== undefined && !promise.isBegun) suggest(promise.to);
    };
    const tick = () => {
      copies.tick(clock.nowMs);
      for (const [pieceIndex, { sinceMs, isShared }] of firsts) {
        if (isShared || clock.nowMs - sinceMs < limits.spreadTimeoutMs) continue;
        if (holders(pieceIndex) > 1) firsts.get(pieceIndex)!.isShared = true;
        else {
          firsts.delete(pieceIndex);
          kept.add(pieceIndex);
          if (waiting !== undefined) wait(pieceIndex);
        }
      }
    };
    come();
    return () => {
      clock.goOn(
        [limits.spreadTimeoutMs],
        [...firsts.values()].map(({ sinceMs }) => sinceMs + limits.spreadTimeoutMs),
      );
      const peer = peers[random.below(Math.max(1, peers.length))];
      const way = random.below(16);
      if (peer === undefined || (way === 0 && peers.length < 5)) come();
      else if (way < 4) {
        copies.suggest(peer.session);
        suggest(peer);
      } else if (way < 8) {
        const ahead = promises.filter((one) => one.to === peer);
        const promise = ahead[random.below(Math.max(1, ahead.length))];
        const pieceIndex = promise?.pieceIndex ?? (random.below(count) as PieceIndex);
        copies.onRequest(peer.session, pieceIndex);
        if (promise !== undefined && !promise.isBegun) {
          // In the order in which they are begun.
          promises = [...promises.filter((one) => one !== promise), { ...promise, isBegun: true }];
          suggest(peer);
        }
      } else if (way < 12) {
        const mine = promises.filter((one) => one.to === peer);
        const promised = mine[random.below(Math.max(1, mine.length))]?.pieceIndex;
        const pieceIndex = random.below(2) === 0 ? promised : (random.below(count) as PieceIndex);
        if (pieceIndex !== undefined && !peer.has.has(pieceIndex)) hear(peer, pieceIndex);
      } else if (way < 14) tick();
      else if (way === 14) {
        release(peer);
        if (random.below(2) === 0) return;
        sessions.delete(peer.session.connection);
        peers.splice(peers.indexOf(peer), 1);
      } else if (random.below(4) === 0) {
        hasAll = !hasAll;
        copies.forget();
        [waiting, promises, firsts, kept] = [undefined, [], new Map(), new Set()];
      }
      for (const { session, told, meantTold, reuploads } of peers) {
        agreeOnAll('what a peer is told to take', told, meantTold);
        agree('how much it has reuploaded', session.reuploads, reuploads);
      }
    };
  },
};
