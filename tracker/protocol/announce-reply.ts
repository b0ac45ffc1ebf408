/**
 * The answer to an announce: AnnounceReply ⇄ bytes. The tracker writes it, the client reads it as hostile
 * input.
 *
 * Invariant: a parsed reply has at most `peersMax` peers, each dialable, and intervals within the bounds
 * below. Peers stay packed in both directions: the tracker stores them so, and a client may never need them
 * as text.                                                                                   BEP 3 7 23 24 31
 */
import type { BValue } from '../../torrents/bencode/bencode.ts';
import { encode } from '../../torrents/bencode/bencode-encode.ts';
import { readMemoryId } from './alive.ts';
import { type AddressBytes, type Endpoint, isDialable, packEndpoints, unpackEndpoints } from './endpoint.ts';
import type { ProtocolError } from './protocol-error.ts';
import { encodeFailure, openReply, readableText, readCount, type TrackerFailure } from './reply.ts';

export interface AnnounceReply {
  /** Until the next regular announce. */
  readonly intervalSeconds: number;
  /** The client should not announce earlier, unless it has an event to report. */
  readonly minIntervalSeconds?: number;
  /** Seeds in the swarm. */
  readonly complete?: number;
  /** Leechers in the swarm. */
  readonly incomplete?: number;
  /** 6 bytes per peer.  BEP 23 */
  readonly peers: Uint8Array;
  /** 18 bytes per peer.  BEP 7 */
  readonly peers6: Uint8Array;
  /** The address from which the tracker saw the client, 4 or 16 bytes.  BEP 24 */
  readonly externalAddress?: Uint8Array;
  readonly warning?: string;
  /**
   * Identifies the tracker's memory of peers. It changes when a restart forgot them (alive.ts). A Cicada
   * extension.
   */
  readonly memoryId?: string;
}

/**
 * Trackers send 200 at most; a longer list would only fill the client's memory. Peer lists hold 3000 in all.
 */
export const peersMax = 2000;
/** For a reply without an interval: the traditional value. */
const intervalSecondsDefault = 1800;
/** A hostile tracker can neither make the client announce in a loop nor keep it away for more than a day. */
const intervalSecondsMin = 10;
const intervalSecondsMax = 24 * 60 * 60;

/** `memoryId`: the tracker's. The one in `reply` is ignored. */
export function encodeAnnounceReply(
  reply: AnnounceReply | TrackerFailure,
  compact: boolean,
  memoryId?: string,
): Uint8Array {
  if ('failureReason' in reply) return encodeFailure(reply);
  return compact && reply.warning === undefined
    ? encodeCompact(reply, memoryId)
    : encodeAnything(reply, compact, memoryId);
}

/** Both address families, as text and number. */
export function replyEndpoints(reply: AnnounceReply): Endpoint[] {
  return [...unpackEndpoints(reply.peers, 4), ...unpackEndpoints(reply.peers6, 16)];
}

/**
 * Writes the usual reply directly into its final bytes. It runs once per announce and is several times as
 * fast as the general encoder. Keys are sorted.
 */
function encodeCompact(reply: AnnounceReply, memoryId: string | undefined): Uint8Array {
  const { peers, peers6, externalAddress } = reply;
  let head = 'd';
  if (reply.complete !== undefined) head += `8:completei${reply.complete}e`;
  if (externalAddress !== undefined) head += `11:external ip${externalAddress.length}:`;
  let middle = '';
  if (reply.incomplete !== undefined) middle += `10:incompletei${reply.incomplete}e`;
  middle += `8:intervali${reply.intervalSeconds}e`;
  if (memoryId !== undefined) middle += `9:memory id${memoryId.length}:${memoryId}`;
  if (reply.minIntervalSeconds !== undefined) middle += `12:min intervali${reply.minIntervalSeconds}e`;
  middle += `5:peers${peers.length}:`;
  const tail = peers6.length > 0 ? `6:peers6${peers6.length}:` : '';
  const externalBytes = externalAddress?.length ?? 0;
  const length = head.length + externalBytes + middle.length + peers.length + tail.length + peers6.length + 1;
  const bytes = Buffer.allocUnsafe(length);
  let at = bytes.write(head, 'latin1');
  if (externalAddress !== undefined) {
    bytes.set(externalAddress, at);
    at += externalBytes;
  }
  at += bytes.write(middle, at, 'latin1');
  bytes.set(peers, at);
  at += peers.length;
  if (peers6.length > 0) {
    at += bytes.write(tail, at, 'latin1');
    bytes.set(peers6, at);
    at += peers6.length;
  }
  bytes[at] = 0x65;
  return bytes;
}

function encodeAnything(reply: AnnounceReply, compact: boolean, memoryId: string | undefined): Uint8Array {
  const { peers, peers6 } = reply;
  return encode({
    complete: reply.complete,
    'external ip': reply.externalAddress,
    incomplete: reply.incomplete,
    interval: reply.intervalSeconds,
    'memory id': memoryId,
    'min interval': reply.minIntervalSeconds,
    // As with `no_peer_id=1`: the registry stores no peer ids, since others could track a client by them.
    peers: compact ? peers : replyEndpoints(reply).map(({ host, port }) => ({ ip: host, port })),
    peers6: compact && peers6.length > 0 ? peers6 : undefined,
    'warning message': reply.warning,
  });
}

/** Hostile bytes, at most a megabyte → the reply. Nothing in it is a view of `bytes`. */
export function parseAnnounceReply(bytes: Uint8Array): AnnounceReply | TrackerFailure | ProtocolError {
  const opened = openReply(bytes);
  if ('code' in opened || 'failureReason' in opened) return opened;
  const interval = opened.get('interval')?.integer ?? intervalSecondsDefault;
  const minInterval = opened.get('min interval')?.integer;
  const complete = readCount(opened.get('complete'));
  const incomplete = readCount(opened.get('incomplete'));
  const external = opened.get('external ip')?.bytes;
  const warning = opened.get('warning message')?.bytes;
  const text = warning === undefined ? '' : readableText(warning);
  const memoryId = readMemoryId(opened.get('memory id')?.text ?? '');
  return {
    intervalSeconds: clampInterval(interval),
    ...(minInterval !== undefined && { minIntervalSeconds: clampInterval(minInterval) }),
    ...(complete !== undefined && { complete }),
    ...(incomplete !== undefined && { incomplete }),
    ...readPeers(opened),
    ...((external?.length === 4 || external?.length === 16) && {
      externalAddress: Uint8Array.from(external),
    }),
    ...(text !== '' && { warning: text }),
    ...(memoryId !== undefined && { memoryId }),
  };
}

function clampInterval(seconds: number): number {
  return Math.max(intervalSecondsMin, Math.min(intervalSecondsMax, seconds));
}

/** Compact peers (BEP 23) or a list of dictionaries (BEP 3), and compact IPv6 peers (BEP 7). */
function readPeers(reply: BValue): { peers: Uint8Array; peers6: Uint8Array } {
  const listed = listedEndpoints(reply.get('peers'));
  const packed = reply.get('peers')?.bytes ?? packEndpoints(listed, 4);
  const packed6 = reply.get('peers6')?.bytes ?? packEndpoints(listed, 16);
  const peers = onlyDialable(packed, 4, peersMax);
  return { peers, peers6: onlyDialable(packed6, 16, peersMax - peers.length / 6) };
}

function listedEndpoints(peers: BValue | undefined): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const peer of peers?.items() ?? []) {
    if (endpoints.length === peersMax) break;
    // packEndpoints leaves out host names. Otherwise the tracker would choose which names this machine looks
    // up.
    const host = peer.get('ip')?.text ?? '';
    const port = peer.get('port')?.integer ?? 0;
    if (port > 0 && port < 65536) endpoints.push({ host, port });
  }
  return endpoints;
}

/** A copy of the dialable endpoints, at most `countMax`. */
function onlyDialable(packed: Uint8Array, addressBytes: AddressBytes, countMax: number): Uint8Array {
  const recordBytes = addressBytes + 2;
  const kept = new Uint8Array(Math.min(packed.length, countMax * recordBytes));
  let end = 0;
  for (let at = 0; at + recordBytes <= packed.length && end < kept.length; at += recordBytes) {
    if (!isDialable(packed, at, addressBytes)) continue;
    kept.set(packed.subarray(at, at + recordBytes), end);
    end += recordBytes;
  }
  return kept.slice(0, end);
}
