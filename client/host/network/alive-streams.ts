/**
 * Learns at once that a tracker is there again after a restart: one alive stream for each tracker that has one, however
 * many torrents are announced to it. A tracker says in its replies that it has one; no other is asked.
 *
 * Invariant: the stream's request goes where the announces of the same torrents may go, or less far (web-door.ts), and
 * without a passkey. What stands in it is believed as much as the tracker's replies: it makes us announce, no oftener than
 * the engine's limits allow.
 */
import { programName } from '../../../torrents/program.ts';
import { aliveUrl, memoryIdOf } from '../../../tracker/protocol/alive.ts';
import type { TorrentId } from '../../engine/contract.ts';
import type { FactSink } from '../ports.ts';
import type { WebClient } from './web-request.ts';

/** Three beats of the tracker. */
const silentMsMax = 45_000;
/** Until the first try after an end; doubles up to the maximum, which is how late a return is noticed. */
const retryFirstMs = 1_000;
const retryMsMax = 20_000;
/** A tracker that refuses the stream has no room for it, or has none any more. */
const refusedMs = 10 * 60_000;
/**
 * What a proxy says while the tracker behind it is away, as long as a restart takes. 503 is not one of them: the tracker
 * itself says so when it has no room for one more stream.
 */
const goneStatuses: ReadonlySet<number> = new Set([502, 504]);
/** Trackers that are followed at once: each costs a connection. */
const streamsMax = 64;
/** A stream that ends sooner counts as a failure: a tracker that restarts again and again is asked more and more rarely. */
const stoodMsMin = retryMsMax;
/** Beats take two months for so much. What sends more is no alive stream. */
const streamBytesMax = 1024 * 1024;
/** A line is 22 characters; whoever sends longer ones is no tracker of ours. */
const lineCharactersMax = 256;

interface AliveStream {
  /** Torrent → the announce URLs of this tracker that it has. */
  readonly torrents: Map<TorrentId, Set<string>>;
  readonly ending: AbortController;
}

export interface AliveWorld {
  /** Resolves then, or when the signal says so. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Never goes back. */
  readonly nowMs: () => number;
}

export class AliveStreams {
  readonly #sink: FactSink;
  readonly #web: WebClient;
  readonly #world: AliveWorld;
  readonly #streams = new Map<string, AliveStream>();

  constructor(sink: FactSink, web: WebClient, world: AliveWorld = realWorld) {
    this.#sink = sink;
    this.#web = web;
    this.#world = world;
  }

  /** This tracker has answered an announce of this torrent, and has an alive stream. */
  follow(torrent: TorrentId, tracker: string, isTyped: boolean): void {
    const url = aliveUrl(tracker);
    if (url === undefined) return;
    // What the user typed may be asked in more places: it is a stream of its own.
    const key = `${isTyped ? 'typed' : 'named'} ${url}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      if (this.#streams.size >= streamsMax) return;
      stream = { torrents: new Map(), ending: new AbortController() };
      this.#streams.set(key, stream);
      void this.#keep(url, isTyped, stream);
    }
    const trackers = stream.torrents.get(torrent);
    if (trackers === undefined) stream.torrents.set(torrent, new Set([tracker]));
    else trackers.add(tracker);
  }

  forget(torrent: TorrentId): void {
    for (const [key, { torrents, ending }] of this.#streams) {
      if (!torrents.delete(torrent) || torrents.size > 0) continue;
      this.#streams.delete(key);
      ending.abort();
    }
  }

  stop(): void {
    for (const { ending } of this.#streams.values()) ending.abort();
    this.#streams.clear();
  }

  async #keep(url: string, isTyped: boolean, stream: AliveStream): Promise<void> {
    const { signal } = stream.ending;
    for (let failures = 0; !signal.aborted; failures++) {
      const begunMs = this.#world.nowMs();
      const outcome = await this.#listen(url, isTyped, stream);
      if (signal.aborted) return;
      if (outcome === 'stood' && this.#world.nowMs() - begunMs >= stoodMsMin) failures = 0;
      const backoffMs = Math.min(retryMsMax, retryFirstMs * 2 ** failures);
      // Half of it at random: the clients of a tracker do not come in one moment.
      const waitMs = outcome === 'refused' ? refusedMs : backoffMs * (0.5 + this.#world.random() / 2);
      await this.#world.wait(waitMs, signal);
    }
  }

  /** Until it ends. `stood`: it told its memory. */
  async #listen(
    url: string,
    isTyped: boolean,
    { torrents, ending }: AliveStream,
  ): Promise<'stood' | 'failed' | 'refused'> {
    const headers = { 'user-agent': programName, accept: 'text/event-stream' };
    // The body ends with this: nobody reads on, and the connection is given back.
    const reading = new AbortController();
    const signal = AbortSignal.any([ending.signal, reading.signal]);
    let memoryId: string | undefined;
    try {
      const { statusCode, body } = await this.#web.open(url, { headers, signal, isTyped, silentMsMax });
      if (goneStatuses.has(statusCode)) return 'failed';
      if (statusCode !== 200) return 'refused';
      let rest = '';
      let bytes = 0;
      for await (const part of body) {
        bytes += part.length;
        if (bytes > streamBytesMax) return 'refused';
        const lines = (rest + Buffer.from(part).toString('latin1')).split('\n');
        rest = lines.pop()!;
        if (rest.length > lineCharactersMax) return 'refused';
        // The first one counts: it is of the tracker that we are connected to.
        if (memoryId !== undefined) continue;
        memoryId = lines.map(memoryIdOf).find((id) => id !== undefined);
        if (memoryId === undefined) continue;
        for (const [torrent, trackers] of torrents) {
          for (const tracker of trackers)
            this.#sink({ type: 'tracker-returned', torrent, tracker, memoryId });
        }
      }
    } catch {
      // It ends like this when the tracker is killed, or cannot be reached.
    } finally {
      reading.abort();
    }
    return memoryId === undefined ? 'failed' : 'stood';
  }
}

const realWorld: AliveWorld = {
  wait: (ms, signal) =>
    new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      // What it waits for is no reason for a program to stay.
      const timer = setTimeout(done, ms).unref();
      signal.addEventListener('abort', done);
    }),
  random: Math.random,
  nowMs: () => performance.now(),
};
