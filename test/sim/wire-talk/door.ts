/**
 * A single peer sends arbitrary messages to an engine that requests and serves nothing. The connection must
 * end at the same message and for the same reason as by the BEPs and the limits, and every message before
 * must be understood. BEP 3, 6, 10
 */
import { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { SessionEvents } from '../../../client/engine/connection/session-events.ts';
import type { Context } from '../../../client/engine/context.ts';
import { defaultLimits } from '../../../client/engine/limits.ts';
import type { PeerRecord } from '../../../client/engine/peers/peer-record.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { Geometry } from '../../../torrents/geometry.ts';
import { Conversation } from '../checkers/wire/conversation.ts';
import { oneOf } from '../hostile-bytes/odd-bytes.ts';
import { drawHandshake, drawMany, drawWord, drawWrong, u32Bytes } from './words.ts';

const pieceBytes = 20_000;
const counts = [1, 7, 8, 9, 130, 300];

/** Accepts every event and does nothing. */
const deafSwarm = {
  ...{ advance() {}, onPieces() {}, onHave() {}, onPeerChoking() {}, onPeerInterested() {}, onCancel() {} },
  ...{ onRequest: () => undefined, onReject: () => undefined, onBlockStart: () => undefined },
  ...{ onBlock() {}, onExtensions() {}, onMetadata: () => undefined },
} satisfies SessionEvents<PeerSession>;

/** Valid messages that are harmless except for their number. */
function drawTalk(random: Prng, pieces: number): Uint8Array {
  const say = (id: number, body: ArrayLike<number>) =>
    Uint8Array.from([...u32Bytes(1 + body.length), id, ...Array.from(body)]);
  const block = () => [
    ...u32Bytes(random.below(pieces)),
    ...u32Bytes(0),
    ...u32Bytes(1 + random.below(9_000)),
  ];
  switch (random.below(8)) {
    case 0:
      return new Uint8Array(4);
    case 1:
      return say(random.below(4), []);
    case 2:
      return say(oneOf(random, [99, 10]), drawMany(random, random.below(3_000)));
    case 3:
      return say(20, [2 + random.below(250), ...drawMany(random, random.below(3_000))]);
    case 4:
      return say(oneOf(random, [6, 8, 16]), block());
    default:
      return say(oneOf(random, [4, 4, 13]), u32Bytes(random.below(pieces)));
  }
}

export function judgeDoor(random: Prng): string | undefined {
  const pieces = oneOf(random, counts);
  const geometry = random.below(3) === 0 ? undefined : new Geometry(pieces * pieceBytes, pieceBytes);
  const talk = {
    messagesBurst: 3 + random.below(20),
    messagesPerSecond: 3,
    messagesPerTrade: 2,
    blindHavesMax: 6,
  };
  const limits = { ...defaultLimits, ...talk };
  const open = (session: PeerSession, handshake: Parameters<PeerSession['open']>[3]): undefined =>
    session.open(deafSwarm, geometry, {} as PeerRecord, handshake) as undefined;
  let nowMs = random.below(5_000);
  const context = { limits, nowMs } as unknown as Context;
  const address = { host: '10.0.0.1', port: 1 };
  const connected = { type: 'connected', connection: 1, address, incoming: true } as const;
  const session = new PeerSession(connected, open, context);
  const torrent = { geometry, infoBytes: undefined, uploaded: 0, downloaded: 0, unsure: 0 };
  const host = {
    ...{ peerId: '', port: 1, queueMax: 1, keepAliveMs: 1, metadataTimeoutMs: 1, metadataBytesMax: 1, talk },
    ...{
      torrentOf: (infoHash: string) => ({ ...torrent, infoHash }),
      has: () => false,
      isSated: () => false,
    },
  };
  const meant = new Conversation(host, true, nowMs);
  const bitfield = Math.ceil(pieces / 8);
  const words = 1 + random.below(60);
  for (let n = 0; n < words; n++) {
    const which = n === 0 ? -1 : random.below(60);
    const { bytes } =
      which < 0
        ? drawHandshake(random)
        : which === 0
          ? drawWrong(random, { min: bitfield, max: geometry === undefined ? 2 ** 22 / 8 : bitfield })
          : which < 4
            ? drawWord(random, { min: bitfield, max: bitfield })
            : { bytes: drawTalk(random, pieces) };
    if (random.below(8) === 0) nowMs += random.below(2_500);
    meant.beginTurn(nowMs);
    meant.hear(bytes, bytes.length);
    const answer = session.receive(bytes.slice(), bytes.length, nowMs);
    if (answer !== meant.reason && !(answer === 'extension-malformed' && meant.extension.hasSpoken))
      return `answers ${answer} to ${spell(bytes)}, and it is ${meant.reason ?? 'nothing wrong'}`;
    if (answer !== undefined) return undefined;
    const isUnderstood =
      geometry === undefined ||
      (session.peerChoking === meant.peerChoking &&
        session.peerInterested === meant.peerInterested &&
        session.down.total === meant.payloadIn &&
        session.pieces.count === meant.peerHas.size);
    if (!isUnderstood) return `misunderstands ${spell(bytes)}`;
  }
  return undefined;
}

function spell(bytes: Uint8Array): string {
  return `${Buffer.from(bytes.subarray(0, 24)).toString('hex')} (${bytes.length} bytes)`;
}
