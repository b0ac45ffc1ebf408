/**
 * Upload slots: which peers are served, and from when on. The model keeps lists of waiting and served peers,
 * and picks the optimistic peer with the choker's own random numbers.                                   BEP 3
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { Choker } from '../../../client/engine/serving/choker.ts';
import type { InitialSeeding } from '../../../client/engine/serving/initial-seeding.ts';
import { differ, limitsWith, OverheardChance, type Part, rarely, sessionOf } from './part.ts';

/** A stand-in for a session, with the fields that the choker reads and changes. */
class Peer {
  isOpen = true;
  peerInterested = false;
  amChoking = true;
  hasAsked = false;
  optimistic = false;
  reuploads = 0;
  isStuck = false;
  readonly connection: number;
  readonly up = { rate: 0 };
  readonly down = { rate: 0 };
  readonly uploads = { flushedBytes: 0, isIdle: true, isStuck: () => this.isStuck };

  constructor(connection: number) {
    this.connection = connection;
  }

  setChoking(choking: boolean): void {
    this.amChoking = choking;
    if (!choking) this.hasAsked = false;
  }
}

interface Slot {
  readonly peer: Peer;
  readonly sinceMs: number;
  usedMs: number;
  flushed: number;
}

/** What each peer is worth in this round, noted before the choker changes anything. */
interface Round {
  readonly wanting: readonly Peer[];
  readonly merit: ReadonlyMap<Peer, number>;
}

class Model {
  waiting: Peer[] = [];
  served: Slot[] = [];
  /**
   * The peers in the optimistic slot. While the first one is not interested, another may have the slot as
   * well.
   */
  lucky = new Set<Peer>();
  slots: number;
  nowMs = 0;
  #nextRoundMs = 0;
  #rounds = 0;
  #rate = 0;
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.slots = Math.min(limits.uploadSlotsMax, limits.uploadSlotsMin);
  }

  #serve(peer: Peer): void {
    this.waiting = this.waiting.filter((other) => other !== peer);
    const { flushedBytes: flushed } = peer.uploads;
    this.served.push({ peer, sinceMs: this.nowMs, usedMs: this.nowMs, flushed });
  }

  #refuse(peer: Peer): void {
    this.served = this.served.filter((slot) => slot.peer !== peer);
    if (peer.peerInterested && !this.waiting.includes(peer)) this.waiting.push(peer);
  }

  #fill(): void {
    while (this.waiting.length > 0 && this.served.length < this.slots) this.#serve(this.waiting[0]!);
  }

  onInterest(peer: Peer): void {
    const isServed = this.served.some((slot) => slot.peer === peer);
    this.waiting = peer.peerInterested ? this.waiting : this.waiting.filter((other) => other !== peer);
    if (!peer.peerInterested && isServed) this.#refuse(peer);
    if (peer.peerInterested && !isServed && !this.waiting.includes(peer)) this.waiting.push(peer);
    this.#fill();
  }

  onGone(peer: Peer): void {
    this.waiting = this.waiting.filter((other) => other !== peer);
    const isServed = this.served.some((slot) => slot.peer === peer);
    this.served = this.served.filter((slot) => slot.peer !== peer);
    if (isServed) this.#fill();
  }

  tick(nowMs: number, elapsedMs: number): void {
    const { uploadSlotsMin, uploadSlotsMax, uploadSlotBps, uploadSlotIdleMs } = this.#limits;
    let [idle, went] = [0, 0];
    for (const slot of this.served) {
      const { peer } = slot;
      went += peer.uploads.flushedBytes - slot.flushed;
      slot.flushed = peer.uploads.flushedBytes;
      if (!peer.uploads.isIdle && !peer.isStuck) slot.usedMs = nowMs;
      if (nowMs - slot.usedMs >= uploadSlotIdleMs && (peer.uploads.isIdle || peer.isStuck)) idle += 1;
    }
    const change = Math.floor((went * 1_000) / elapsedMs) - this.#rate;
    this.#rate += change > -4 && change < 4 ? change : Math.trunc(change / 4);
    this.nowMs = nowMs;
    const carried = Math.min(
      uploadSlotsMax,
      Math.max(uploadSlotsMin, Math.floor(this.#rate / uploadSlotBps)),
    );
    this.slots = Math.min(uploadSlotsMax, carried + idle);
    if (this.slots === uploadSlotsMax) {
      let left = Math.min(this.waiting.length, this.served.length);
      for (const { peer, usedMs } of [...this.served]) {
        if (left === 0 || (peer.hasAsked && !peer.isStuck) || nowMs - usedMs < uploadSlotIdleMs) continue;
        this.#refuse(peer);
        left -= 1;
      }
    }
    this.#fill();
  }

  /** The round that is due now, or undefined. */
  round(peers: readonly Peer[], haveAll: boolean): Round | undefined {
    if (this.nowMs < this.#nextRoundMs) return undefined;
    this.#nextRoundMs = this.nowMs + this.#limits.rechokeMs;
    const wanting = peers.filter(({ isOpen, peerInterested }) => isOpen && peerInterested);
    if (wanting.length <= this.slots) return undefined;
    const isTurn = this.#rounds++ % this.#limits.optimisticRechokes === 0;
    if (isTurn) for (const peer of wanting) this.lucky.delete(peer);
    const isOnTrial = (peer: Peer) =>
      this.served.some((slot) => slot.peer === peer && this.nowMs - slot.sinceMs < this.#limits.trialMs);
    const meritOf = (peer: Peer) => (isOnTrial(peer) ? Number.MAX_SAFE_INTEGER : peer.reuploads);
    return { wanting, merit: new Map(wanting.map((peer) => [peer, haveAll ? meritOf(peer) : 0])) };
  }

  /** The best peers have all slots but one. The optimistic slot goes to a peer drawn from the others. */
  choose({ wanting, merit }: Round, haveAll: boolean, chance: OverheardChance): string | undefined {
    const worth = ({ up, down }: Peer) => (haveAll ? up.rate : down.rate);
    const ranked = [...wanting].sort(
      (a, b) => merit.get(b)! - merit.get(a)! || worth(b) - worth(a) || a.connection - b.connection,
    );
    let lucky = wanting.find((peer) => this.lucky.has(peer));
    if (lucky === undefined) {
      const others = ranked.slice(this.slots - 1);
      if (chance.bounds.length !== 1 || chance.bounds[0] !== others.length)
        return `draws the optimistic peer among ${chance.bounds.join()}, and there are ${others.length}`;
      lucky = others[chance.drawn[0]!]!;
      this.lucky.add(lucky);
    }
    const best = ranked.filter((peer) => peer !== lucky).slice(0, this.slots - 1);
    const chosen = [...best, lucky];
    for (const peer of wanting) {
      const isServed = this.served.some((slot) => slot.peer === peer);
      if (isServed && !chosen.includes(peer)) this.#refuse(peer);
    }
    for (const peer of chosen) if (!this.served.some((slot) => slot.peer === peer)) this.#serve(peer);
    return undefined;
  }
}

function playChoker(random: Prng): string | undefined {
  const uploadSlotsMin = 1 + random.below(3);
  const limits = limitsWith({
    ...{
      uploadSlotsMin,
      uploadSlotsMax: uploadSlotsMin + random.below(3),
      uploadSlotBps: 1_000 + random.below(9_000),
    },
    ...{ uploadSlotIdleMs: 500 + random.below(2_000), trialMs: 500 + random.below(4_000) },
    ...{ rechokeMs: 300 + random.below(2_000), optimisticRechokes: 1 + random.below(3) },
  });
  const chance = new OverheardChance(random);
  const fade = (those: readonly Peer[]) => {
    for (const peer of those) peer.reuploads = Math.floor((peer.reuploads * 3) / 4);
  };
  const deaf = { suggest: () => {}, release: () => {}, tick: () => {}, fade } as unknown as InitialSeeding;
  const choker = new Choker(deaf, limits, chance.asPrng);
  const model = new Model(limits);
  let peers: Peer[] = [];
  let [nowMs, haveAll] = [1_000, rarely(random, 2)];
  // As a swarm does when it starts.
  choker.tick([], haveAll, nowMs);
  model.tick(nowMs, nowMs);
  model.round([], haveAll);
  for (let step = 1; step < 80; step++) {
    const peer = peers[random.below(Math.max(1, peers.length))];
    let disbelief: string | undefined;
    if (peers.length < 7 && rarely(random, 5)) peers.push(new Peer(step));
    else if (peer !== undefined && rarely(random, 3)) {
      peer.peerInterested = !peer.peerInterested;
      choker.onInterest(sessionOf(peer));
      model.onInterest(peer);
    } else if (peer !== undefined && rarely(random, 12)) {
      peers = peers.filter((other) => other !== peer);
      peer.isOpen = false;
      choker.onGone(sessionOf(peer));
      model.onGone(peer);
    } else {
      const elapsedMs = 100 + random.below(500);
      nowMs += elapsedMs;
      if (rarely(random, 20)) haveAll = !haveAll;
      for (const one of peers) drawWorth(random, one);
      disbelief = tick(elapsedMs);
    }
    disbelief ??= judge();
    if (disbelief !== undefined) return disbelief;
  }
  return undefined;

  function tick(elapsedMs: number): string | undefined {
    chance.bounds.length = chance.drawn.length = 0;
    model.tick(nowMs, elapsedMs);
    const round = model.round(peers, haveAll);
    const reuploads = new Map(peers.map((peer) => [peer, peer.reuploads] as const));
    choker.tick(peers as unknown as PeerSession[], haveAll, nowMs);
    if (round === undefined) return undefined;
    for (const peer of round.wanting) {
      const left = Math.floor((reuploads.get(peer)! * 3) / 4);
      if (peer.reuploads !== left)
        return `of ${reuploads.get(peer)} that were passed on ${peer.reuploads} count on, not ${left}`;
    }
    return model.choose(round, haveAll, chance);
  }

  function judge(): string | undefined {
    for (const peer of peers) {
      const isServed = model.served.some((slot) => slot.peer === peer);
      const wrong =
        differ(`connection ${peer.connection} is served`, !peer.amChoking, isServed) ??
        differ(`connection ${peer.connection} is the optimistic one`, peer.optimistic, model.lucky.has(peer));
      if (wrong !== undefined) return `of ${model.slots} slots: ${wrong}`;
    }
    return (
      differ('served', choker.servedCount, model.served.length) ??
      differ('waiting', choker.waitingCount, model.waiting.length)
    );
  }
}

function drawWorth(random: Prng, peer: Peer): void {
  peer.up.rate = random.below(4) * 1_000;
  peer.down.rate = random.below(4) * 1_000;
  if (rarely(random, 4)) peer.reuploads += 64;
  peer.isStuck = rarely(random, 6);
  if (rarely(random, 3)) peer.uploads.isIdle = !peer.uploads.isIdle;
  if (!peer.amChoking && rarely(random, 2)) {
    peer.hasAsked = true;
    peer.uploads.flushedBytes += random.below(6_000);
  }
}

export const slots: readonly Part[] = [{ name: 'upload slots', play: playChoker }];
