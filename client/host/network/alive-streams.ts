/**
 * Learns at once that a tracker is back after a restart: one alive stream per tracker that offers one, shared
 * by all torrents announced to it. A tracker offers it in its announce replies; no other tracker is asked.
 *
 * Invariant: the stream's request is allowed at most where the announces of the same torrents are
 * (web-door.ts), and carries no passkey. Its content is trusted as much as the tracker's replies: it makes us
 * announce, within the engine's rate limits.
 */
import { programName } from '../../../torrents/program.ts';
import { aliveUrl, memoryIdOf } from '../../../tracker/protocol/alive.ts';
import type { TorrentId } from '../../engine/contract.ts';
import type { FactSink } from '../ports.ts';
import type { WebClient } from './web-request.ts';

/** Three heartbeats of the tracker. */
const silentMsMax = 45_000;
/** Backoff before the first retry; doubles up to the maximum, which is how late a return is noticed. */
const retryFirstMs = 1_000;
const retryMsMax = 20_000;
/** A tracker that refuses the stream has no capacity for it, or no longer offers it. */
const refusedMs = 10 * 60_000;
/**
 * What a proxy answers while the tracker behind it restarts. 503 is not one of them: the tracker itself sends
 * it when it has no capacity for one more stream.
 */
const goneStatuses: ReadonlySet<number> = new Set([502, 504]);
/** Streams at the same time: each costs a connection. */
const streamsMax = 64;
/**
 * A stream that ends sooner counts as a failure, so that a tracker in a restart loop is asked less and less
 * often.
 */
const stoodMsMin = retryMsMax;
/** Heartbeats need two months for this much. A stream that sends more is not an alive stream. */
const streamBytesMax = 1024 * 1024;
/** A line has 22 characters; a longer one is not from a Cicada tracker. */
const lineCharactersMax = 256;

interface AliveStream {
  /** Torrent → its announce URLs of this tracker. */
  readonly torrents: Map<TorrentId, Set<string>>;
  readonly ending: AbortController;
}

export interface AliveWorld {
  /** Resolves after `ms`, or when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A random number from 0 to 1. */
  readonly random: () => number;
  /** Monotonic. */
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

  /** This tracker has answered an announce of this torrent, and offers an alive stream. */
  follow(torrent: TorrentId, tracker: string, isTyped: boolean): void {
    const url = aliveUrl(tracker);
    if (url === undefined) return;
    // A tracker that the user typed may be reached in more networks, so it has a stream of its own.
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
      // Half of the delay is random, so that the clients of a tracker do not return in the same moment.
      const waitMs = outcome === 'refused' ? refusedMs : backoffMs * (0.5 + this.#world.random() / 2);
      await this.#world.wait(waitMs, signal);
    }
  }

  /** Resolves when the stream ends. `stood`: it delivered the tracker's memory id. */
  async #listen(
    url: string,
    isTyped: boolean,
    { torrents, ending }: AliveStream,
  ): Promise<'stood' | 'failed' | 'refused'> {
    const headers = { 'user-agent': programName, accept: 'text/event-stream' };
    // Aborting this ends the body and releases the connection.
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
        // The first id counts: it belongs to the tracker we are connected to.
        if (memoryId !== undefined) continue;
        memoryId = lines.map(memoryIdOf).find((id) => id !== undefined);
        if (memoryId === undefined) continue;
        for (const [torrent, trackers] of torrents) {
          for (const tracker of trackers)
            this.#sink({ type: 'tracker-returned', torrent, tracker, memoryId });
        }
      }
    } catch {
      // The tracker was killed or cannot be reached.
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
      // This timer must not keep the process alive.
      const timer = setTimeout(done, ms).unref();
      signal.addEventListener('abort', done);
    }),
  random: Math.random,
  nowMs: () => performance.now(),
};
