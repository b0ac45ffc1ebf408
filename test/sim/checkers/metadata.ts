/**
 * How the info dictionary of a magnet link is fetched, counted on the wire: from no more peers at once than allowed, from as
 * many as there are; of no peer that has just refused, or says it is absurdly long; none is waited for longer than the limits
 * say, nor given up sooner; whoever sent a wrong one is banned, and once it is here nobody is asked.                 BEP 9
 */
import type { ConnectionId, TorrentId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import type { PeerRecord } from '../../../client/engine/peer-record.ts';
import { type Checker, type Disbelief, firstOf, type Turn } from './checker.ts';
import type { Conversation } from './wire/conversation.ts';
import { overhear } from './wire/overheard.ts';

/** A peer that was too slow is given twice as long the next time, so many times. */
const doublingsMax = 4;

/** Of one magnet link. */
interface Search {
  /** From whom it is fetched, and since when. */
  readonly fetches: Map<ConnectionId, { readonly sinceMs: number; progressMs: number; came: number }>;
  readonly checked: Map<ConnectionId, PeerRecord | undefined>;
  readonly refusals: Map<ConnectionId, { count: number; atMs: number }>;
  readonly slowness: Map<PeerRecord, number>;
  isFound: boolean;
}

export function metadataIsFetched(): Checker {
  const all = new WeakMap<Engine, Map<TorrentId, Search>>();
  return {
    name: 'metadata-is-fetched',
    hears: ['magnet-added', 'stopped', 'received', 'closed', 'woke', 'metadata-checked', 'send', 'close'],
    onTurn(turn) {
      const { peer, fact } = turn;
      let searches = all.get(peer.engine);
      if (searches === undefined) all.set(peer.engine, (searches = new Map()));
      if (fact.type === 'magnet-added')
        searches.set(fact.spec.torrent, {
          ...{ fetches: new Map(), checked: new Map(), refusals: new Map() },
          ...{ slowness: new Map(), isFound: false },
        });
      for (const [torrent, search] of searches) {
        const disbelief = judge(turn, torrent, search);
        if (disbelief !== undefined) return disbelief;
      }
      if (fact.type === 'stopped') searches.delete(fact.torrent);
      return undefined;
    },
  };
}

function judge(turn: Turn, torrent: TorrentId, search: Search): Disbelief {
  const { fact, actions } = turn;
  if ('torrent' in fact && fact.torrent !== torrent) return undefined;
  const { conversations, torrents } = overhear(turn);
  const own = torrents.get(torrent);
  const about = [...conversations].filter(([, { torrent: its, isStray }]) => its === own && !isStray);
  const disbelief = firstOf(judgeVerdict(turn, torrent, search), judgeEnds(turn, search));
  for (const action of actions) {
    if (action.type === 'report' && action.report.type === 'metadata-received') search.isFound = true;
    if (action.type !== 'check-metadata' || action.torrent !== torrent) continue;
    const { connection } = action;
    search.checked.set(connection, turn.peer.engine.usage.sessions.get(connection)?.record);
    search.fetches.delete(connection);
    conversations.get(connection)?.extension.forgetMetadata();
  }
  if (disbelief !== undefined || fact.type === 'stopped') return disbelief;
  for (const [connection, conversation] of about) {
    const wrong = judgeTalk(turn, connection, conversation, search);
    if (wrong !== undefined) return `connection ${connection}: ${wrong}`;
  }
  const { limits } = turn.peer.engine.usage;
  const busy = search.fetches.size + search.checked.size;
  if (busy > limits.metadataSourcesMax)
    return `fetches the metadata from ${busy} peers, and ${limits.metadataSourcesMax} are allowed`;
  return fact.type === 'woke' && !search.isFound && busy < limits.metadataSourcesMax
    ? judgeIdle(turn, about, search)
    : undefined;
}

/** What was asked and answered in this turn. */
function judgeTalk(
  { nowMs, peer }: Turn,
  connection: ConnectionId,
  { extension }: Conversation,
  search: Search,
): Disbelief {
  const { limits } = peer.engine.usage;
  const { metadataAsked, metadataCame, metadataRefusals, metadataBytes = 0 } = extension;
  // What was asked for as the peer had said it first may not be there any more as it says it later.
  const isSure = peer.engine.usage.sessions.get(connection)?.extensionHandshakes === 1;
  const refusal = search.refusals.get(connection);
  const hasRefused = metadataRefusals > (refusal?.count ?? 0);
  if (hasRefused) search.refusals.set(connection, { count: metadataRefusals, atMs: nowMs });
  if (hasRefused) search.fetches.delete(connection);
  if (metadataAsked.size === 0) return void search.fetches.delete(connection);
  const fetch = search.fetches.get(connection);
  if (fetch === undefined) {
    if (search.isFound) return 'is asked for metadata that is here';
    if (isSure && metadataBytes > limits.metadataBytesMax)
      return `is asked for ${metadataBytes} bytes of metadata`;
    if (hasRefused || (refusal !== undefined && nowMs - refusal.atMs < limits.metadataTimeoutMs))
      return `is asked again for metadata ${nowMs - (refusal?.atMs ?? nowMs)} ms after it has refused it`;
    search.fetches.set(connection, { sinceMs: nowMs, progressMs: nowMs, came: metadataCame });
  } else if (metadataCame > fetch.came) {
    fetch.came = metadataCame;
    fetch.progressMs = nowMs;
  }
  const waiting = metadataAsked.size - metadataCame;
  const left = Math.ceil(metadataBytes / (16 * 1024)) - metadataCame;
  const due = Math.min(left, limits.metadataRequestsMax);
  return !isSure || waiting === due
    ? undefined
    : `is asked for ${waiting} blocks of metadata at once, and not ${due}`;
}

function judgeVerdict({ fact, nowMs, peer }: Turn, torrent: TorrentId, search: Search): Disbelief {
  if (fact.type !== 'metadata-checked' || fact.torrent !== torrent) return undefined;
  const record = search.checked.get(fact.connection);
  search.checked.delete(fact.connection);
  if (fact.isRight || record === undefined || peer.engine.usage.limits.banMs === 0) return undefined;
  return record.bannedUntilMs > nowMs ? undefined : `has not banned ${record.key}, which sent wrong metadata`;
}

/** Nobody is given up too soon, and nobody is waited for too long. */
function judgeEnds({ actions, fact, nowMs, peer }: Turn, search: Search): Disbelief {
  const { sessions, limits } = peer.engine.usage;
  for (const action of actions) {
    if (action.type !== 'close') continue;
    const fetch = search.fetches.get(action.connection);
    search.fetches.delete(action.connection);
    search.refusals.delete(action.connection);
    const session = sessions.get(action.connection);
    if (action.reason !== 'stalled' || fetch === undefined || session === undefined) continue;
    const slowness = search.slowness.get(session.record!) ?? 0;
    search.slowness.set(session.record!, slowness + 1);
    const silentMs = nowMs - Math.max(fetch.progressMs, session.heardMs);
    const isOver = nowMs - fetch.sinceMs >= allowedMs(slowness, limits);
    if (silentMs < limits.metadataTimeoutMs && !isOver)
      return `gives connection ${action.connection} up ${nowMs - fetch.sinceMs} ms after it began to fetch metadata`;
  }
  if (fact.type === 'closed') {
    search.fetches.delete(fact.connection);
    search.refusals.delete(fact.connection);
  }
  if (fact.type !== 'woke' || search.isFound) return undefined;
  for (const [connection, { sinceMs, progressMs }] of search.fetches) {
    const session = sessions.get(connection);
    if (session?.record === undefined || session.gone) continue;
    const waitMs = allowedMs(search.slowness.get(session.record) ?? 0, limits) + limits.tickMs;
    const silentMs = nowMs - Math.max(progressMs, session.heardMs);
    if (nowMs - sinceMs >= waitMs || silentMs >= limits.metadataTimeoutMs + limits.tickMs)
      return `waits for metadata of connection ${connection} for ${nowMs - sinceMs} ms`;
  }
  return undefined;
}

function allowedMs(slowness: number, { metadataFetchMsMax }: Limits): number {
  return metadataFetchMsMax * 2 ** Math.min(doublingsMax, slowness);
}

/** Somebody has it and is not asked. */
function judgeIdle(
  { nowMs, peer }: Turn,
  about: readonly [ConnectionId, Conversation][],
  { fetches, checked, refusals }: Search,
): Disbelief {
  const { sessions, limits } = peer.engine.usage;
  for (const [connection, { extension }] of about) {
    const { metadataBytes, utMetadata } = extension;
    if (metadataBytes === undefined || utMetadata === undefined) continue;
    if (metadataBytes > limits.metadataBytesMax || sessions.get(connection)?.isOpen !== true) continue;
    const refusedMs = refusals.get(connection)?.atMs ?? -limits.metadataTimeoutMs;
    const mayAsk = nowMs - refusedMs >= limits.metadataTimeoutMs + limits.tickMs;
    if (mayAsk && !fetches.has(connection) && !checked.has(connection))
      return `does not ask connection ${connection} for the metadata, which has it`;
  }
  return undefined;
}
