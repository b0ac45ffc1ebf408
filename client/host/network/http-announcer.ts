/**
 * Announces over HTTP(S). A tracker's reply is untrusted until tracker/protocol has parsed it. Errors become
 * one sentence for the user. A tracker that the user did not type gets only plain announces inside a private
 * network (web-door.ts).                                                                          BEP 3 23 31
 */
import { randomBytes } from 'node:crypto';
import { programName } from '../../../torrents/program.ts';
import { addressText } from '../../../tracker/protocol/address.ts';
import { announceUrl } from '../../../tracker/protocol/announce-query.ts';
import { parseAnnounceReply, replyEndpoints } from '../../../tracker/protocol/announce-reply.ts';
import { checkTrackerUrl } from '../../../tracker/protocol/tracker-url.ts';
import type { AnnounceRequest, Fact, TorrentId } from '../../engine/contract.ts';
import type { Announcer, FactSink } from '../ports.ts';
import { AliveStreams } from './alive-streams.ts';
import { AnnounceTurns } from './announce-turns.ts';
import { type IpFamily, OtherFamily } from './other-family.ts';
import { isTrusted, type UserTrust } from './user-trust.ts';
import { type WebAnswer, WebClient, type WebWorld } from './web-request.ts';

/** libtorrent's tracker_completion_timeout. */
const answerMsMax = 30_000;
/** A `stopped` announce is a courtesy, so it must not delay the exit. */
const farewellMsMax = 3_000;
/** libtorrent's tracker_maximum_response_length. */
const answerBytesMax = 1024 * 1024;

export class HttpAnnouncer implements Announcer {
  readonly #sink: FactSink;
  readonly #web: WebClient;
  readonly #alive: AliveStreams;
  readonly #turns = new AnnounceTurns();
  readonly #otherFamily: OtherFamily;
  /** Unanswered announces over the second address family. */
  readonly #askedToo = new Set<Promise<void>>();
  /** The `key` parameter, which identifies us to a tracker when our address changes. BEP 7 */
  readonly #key = randomBytes(4).toString('hex');
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #trusts = new Map<TorrentId, UserTrust>();
  /** An answer that arrives after its torrent was stopped must not open an alive stream. */
  readonly #forgotten = new Set<TorrentId>();

  constructor(sink: FactSink, world?: WebWorld) {
    this.#sink = sink;
    this.#web = new WebClient(world);
    this.#alive = new AliveStreams(sink, this.#web);
    this.#otherFamily = new OtherFamily({
      sink,
      ask: (announce, isTyped, family, done) => {
        const asked = this.#ask(announce, isTyped, family)
          .then((fact) => {
            this.#askedToo.delete(asked);
            done(fact);
          })
          .catch(throwLater);
        this.#askedToo.add(asked);
      },
      nowMs: () => performance.now(),
    });
  }

  /**
   * Call this before the first announce. Without it, no tracker of the torrent counts as typed by the user.
   */
  trust(torrent: TorrentId, trust: UserTrust): void {
    this.#trusts.set(torrent, trust);
  }

  /** Call this once the `stopped` announces are under way: their trust is decided when they are requested. */
  forget(torrent: TorrentId): void {
    this.#trusts.delete(torrent);
    this.#alive.forget(torrent);
    this.#forgotten.add(torrent);
  }

  announce(announce: AnnounceRequest): void {
    // To one tracker, one announce at a time: a `stopped` must not overtake the `started` it ends.
    const name = `${announce.torrent} ${announce.tracker}`;
    const before = this.#underWay.get(name) ?? Promise.resolve();
    const isTyped = isTrusted(announce.tracker, this.#trusts.get(announce.torrent) ?? {});
    if (announce.event === 'stopped') this.#otherFamily.stop(announce, isTyped);
    const done = before
      .then(() => this.#ask(announce, isTyped))
      .then((fact) => {
        // The next announce may be a `stopped`: then the second family must not get a `started` first.
        const isLatest = this.#underWay.get(name) === done;
        if (isLatest) this.#underWay.delete(name);
        const isListed = fact.type === 'announced' && announce.event !== 'stopped';
        const isFollowed = isListed && !this.#forgotten.has(announce.torrent);
        const origin = isFollowed && isLatest ? new URL(announce.tracker).origin : '';
        const family = this.#web.familyOf(origin);
        if (family !== undefined) this.#otherFamily.onAnswered(announce, isTyped, family);
        this.#sink(fact);
        if (isFollowed && fact.answer.memoryId !== undefined && !this.#forgotten.has(announce.torrent))
          this.#alive.follow(announce.torrent, announce.tracker, isTyped);
      })
      // A bug of ours in the sink is thrown there; the next announce must still be made.
      .catch(throwLater);
    this.#underWay.set(name, done);
  }

  /** Waits for the answers under way, including those to `stopped`, for at most `farewellMsMax`. */
  async stop(): Promise<void> {
    this.#alive.stop();
    const late = new Promise<void>((resolve) => setTimeout(resolve, farewellMsMax).unref());
    await Promise.race([this.#allAnswered(), late]);
    await this.#web.close();
  }

  async #allAnswered(): Promise<void> {
    await Promise.all(this.#underWay.values());
    // Each may be followed by a `stopped` that waited for it.
    while (this.#askedToo.size > 0) await Promise.all(this.#askedToo);
  }

  async #ask(announce: AnnounceRequest, isTyped: boolean, family?: IpFamily): Promise<Fact> {
    const { torrent, tracker } = announce;
    const failed = (reason: string, retryInSeconds?: number | 'never'): Fact => ({
      type: 'announce-failed',
      torrent,
      tracker,
      reason,
      ...(retryInSeconds === undefined ? {} : { retryInSeconds }),
    });
    const refused = checkTrackerUrl(tracker);
    if (refused !== undefined) return failed(refused.message, 'never');

    let body: Uint8Array;
    let statusCode: number;
    try {
      const ask = () => this.#get(announce, isTyped, family);
      ({ body, statusCode } = await this.#turns.run(tracker, announce.event === 'stopped', ask));
    } catch (error) {
      return failed(inWords(error));
    }
    const reply = parseAnnounceReply(body);
    if ('failureReason' in reply) {
      const { retryInMinutes } = reply;
      return failed(
        reply.failureReason,
        typeof retryInMinutes === 'number' ? retryInMinutes * 60 : retryInMinutes,
      );
    }
    if (statusCode !== 200) return failed(`answered HTTP ${statusCode}`);
    if ('code' in reply) return failed(reply.message);
    const { intervalSeconds, minIntervalSeconds, complete, incomplete, warning } = reply;
    const { memoryId, externalAddress } = reply;
    return {
      type: 'announced',
      torrent,
      tracker,
      answer: {
        peers: replyEndpoints(reply),
        intervalSeconds,
        ...(minIntervalSeconds === undefined ? {} : { minIntervalSeconds }),
        ...(complete === undefined ? {} : { seeds: complete }),
        ...(incomplete === undefined ? {} : { leechers: incomplete }),
        ...(warning === undefined ? {} : { warning }),
        ...(memoryId === undefined ? {} : { memoryId }),
        ...(externalAddress === undefined ? {} : { ownHost: addressText(externalAddress) }),
      },
    };
  }

  async #get(announce: AnnounceRequest, isTyped: boolean, family?: IpFamily): Promise<WebAnswer> {
    const { infoHash, peerId, port, uploaded, downloaded, left, event } = announce;
    const fields = { infoHash, peerId, port, uploaded, downloaded, left, event };
    const query = { ...fields, numWant: announce.peersWanted, compact: true, key: this.#key };
    const url = announceUrl(announce.tracker, query);
    const ownQuery = announceUrl('', query).slice(1);
    const signal = AbortSignal.timeout(event === 'stopped' ? farewellMsMax : answerMsMax);
    const headers = { 'user-agent': programName, accept: '*/*' };
    const options = { headers, signal, bytesMax: answerBytesMax, isTyped, ownQuery };
    return await this.#web.get(url, family === undefined ? options : { ...options, family });
  }
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

const systemWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'no program listens there (connection refused)',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name could not be looked up',
  ECONNRESET: 'it closed the connection without an answer',
  UND_ERR_SOCKET: 'it closed the connection without an answer',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 10 s',
  ETIMEDOUT: 'no connection in time',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
};

function inWords(error: unknown): string {
  const { code, name, message } = error as NodeJS.ErrnoException;
  if (code === 'web-too-large') return 'its answer is larger than 1 MiB';
  if (name === 'TimeoutError') return 'no answer in time';
  return (code !== undefined && systemWords[code]) || message || 'it could not be asked';
}
