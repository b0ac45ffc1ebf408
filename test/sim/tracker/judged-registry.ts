/**
 * The production registry beside its model: every answer is compared with the model's. The first wrong answer
 * is kept for the checker (test/sim/checkers/tracker-answers.ts).
 */
import type { AnnounceRequest } from '../../../tracker/protocol/announce-query.ts';
import type { AnnounceReply } from '../../../tracker/protocol/announce-reply.ts';
import type { TrackerFailure } from '../../../tracker/protocol/reply.ts';
import type { ScrapedTorrent } from '../../../tracker/protocol/scrape-reply.ts';
import { resolveOptions } from '../../../tracker/registry/limits.ts';
import { decodeSwarms, encodeSwarm } from '../../../tracker/registry/snapshot.ts';
import {
  type PeerAddress,
  type RandomBelow,
  Registry,
  type RegistryOptions,
} from '../../../tracker/registry.ts';
import { hexOf } from './addresses.ts';
import { RegistryModel } from './registry-model.ts';

export class JudgedRegistry extends Registry {
  disbelief: string | undefined;
  /** Called with the swarm of each announce. */
  onAnnounce: ((swarmHash: Uint8Array) => void) | undefined;
  readonly #model: RegistryModel;
  readonly #given: Partial<RegistryOptions>;

  constructor(options: Partial<RegistryOptions> = {}, model = new RegistryModel(resolveOptions(options))) {
    super(options);
    this.#given = options;
    this.#model = model;
  }

  /**
   * The tracker after a restart from a snapshot of now, `downSeconds` later. Peers that have not timed out
   * are listed again.
   */
  restarted(nowMs: number, downSeconds = 0): JudgedRegistry {
    const bytes = Buffer.concat([...this.saved(nowMs)].map(encodeSwarm));
    const after = this.emptied();
    const swarms = decodeSwarms(bytes);
    const downMs = 1_000 * downSeconds;
    if (swarms === undefined) after.#note('cannot read its own snapshot');
    else after.restore(swarms, { nowMs: nowMs + downMs, downMs });
    this.#model.restart(nowMs + downMs);
    after.#judgeCounts();
    return after;
  }

  /**
   * An empty registry after a restart. Its model still has all peers: the caller restores those that may come
   * back.
   */
  emptied(): JudgedRegistry {
    const after = new JudgedRegistry(this.#given, this.#model);
    after.disbelief = this.disbelief;
    after.onAnnounce = this.onAnnounce;
    return after;
  }

  override announce(
    request: AnnounceRequest,
    address: PeerAddress,
    nowMs: number,
    random: RandomBelow,
    swarmHash: Uint8Array = request.infoHash,
  ): AnnounceReply | TrackerFailure {
    this.onAnnounce?.(swarmHash);
    this.#model.begin(nowMs);
    const reply = super.announce(request, address, nowMs, random, swarmHash);
    const isServed = this.#given.isAllowed?.(request.infoHash) ?? true;
    if ('failureReason' in reply) {
      if (isServed) this.#note(`refuses: ${reply.failureReason}`);
    } else if (!isServed) this.#note('answers for a torrent that it does not serve');
    else
      this.#note(
        this.#model.announce(request, address.remote, nowMs, hexOf(swarmHash), reply, address.local),
      );
    return reply;
  }

  override scrape(
    infoHashes: readonly Uint8Array[],
    swarmOf: (infoHash: Uint8Array) => Uint8Array | undefined = (infoHash) => infoHash,
  ): ScrapedTorrent[] {
    const scraped = super.scrape(infoHashes, swarmOf);
    for (const [i, infoHash] of infoHashes.entries()) {
      const swarm = (this.#given.isAllowed?.(infoHash) ?? true) ? swarmOf(infoHash) : undefined;
      const should = this.#model.scrape(swarm === undefined ? '' : hexOf(swarm));
      const { complete, incomplete, downloaded } = scraped[i]!;
      const isRight =
        complete === should.complete &&
        incomplete === should.incomplete &&
        downloaded === should.downloaded &&
        hexOf(scraped[i]!.infoHash) === hexOf(infoHash);
      if (!isRight)
        this.#note(
          `scrapes ${complete}/${incomplete}/${downloaded}; it is ${should.complete}/${should.incomplete}/${should.downloaded}`,
        );
    }
    return scraped;
  }

  override expire(nowMs: number): number {
    const expired = super.expire(nowMs);
    const should = this.#model.expire(nowMs);
    if (expired !== should) this.#note(`drops ${expired} who fell silent, and ${should} did`);
    this.#judgeCounts();
    return expired;
  }

  override remove(swarmHash: Uint8Array, remote: Uint8Array, port: number): void {
    super.remove(swarmHash, remote, port);
    this.#model.remove(hexOf(swarmHash), remote, port);
    this.#judgeCounts();
  }

  override drop(swarmHash: Uint8Array): void {
    super.drop(swarmHash);
    this.#model.drop(hexOf(swarmHash));
    this.#judgeCounts();
  }

  override keep(infoHash: Uint8Array): void {
    super.keep(infoHash);
    this.#model.keep(hexOf(infoHash));
    this.#judgeCounts();
  }

  #judgeCounts(): void {
    const [counted, should] = [JSON.stringify(this.counts), JSON.stringify(this.#model.counts)];
    if (counted !== should) this.#note(`counts ${counted}, and it is ${should}`);
  }

  #note(disbelief: string | undefined): void {
    this.disbelief ??= disbelief;
  }
}
