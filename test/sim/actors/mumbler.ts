/**
 * Mumbler: sends every kind of message in any order, and sometimes an invalid one. Attacks the decoder and
 * the checks of messages: every length, every number, messages of extensions that were not negotiated, and
 * messages that no BEP defines.                                                                  BEP 3 6 9 10
 */
import {
  encodeMetadataReject,
  encodeMetadataRequest,
} from '../../../client/engine/connection/metadata-exchange.ts';
import { type MessageWriter, messageId } from '../../../client/wire/message.ts';
import { encode } from '../../../torrents/bencode/bencode-encode.ts';
import type { Geometry } from '../../../torrents/geometry.ts';
import { pick } from './choice.ts';
import type { Line } from './line.ts';
import type { Script } from './puppet.ts';
import type { Stage } from './stage.ts';

type Random = Stage['random'];
type Word = (writer: MessageWriter, random: Random, geometry: Geometry) => void;

const KiB = 1024;
const comesBackMax = 12;
/** Every 24th time on average: the longest message costs as much as a thousand others. */
const longestEvery = 24;
/** Its pauses grow, since an hour of it shows no more than a few minutes. */
const pauseMsMin = 50;
const pauseMsFirst = 1_000;
const pauseMsGrowth = 20;
const pauseMsMax = 30_000;
/** One byte above the largest info dictionary that the engine accepts. */
const metadataTooLong = 8 * KiB * KiB + 1;
/** For the largest torrent that a peer accepts before it has the metadata. */
const bitfieldBytesMax = 2 ** 22 / 8;
/** Message ids that no BEP defines. */
const undefinedIds = [10, 18, 21, 99, 255];

/** Bytes of a message that are drawn. A longer message repeats them, since no receiver reads further. */
const drawnBytesMax = 64;

/** A message with this `length` (which includes the id) and random content. */
function anything(writer: MessageWriter, random: Random, id: number, length: number): void {
  const bytes = new Uint8Array(4 + length);
  const drawn = Math.min(bytes.length, drawnBytesMax);
  for (let at = 0; at < drawn; at++) bytes[at] = random.below(256);
  for (let at = drawn; at < bytes.length; at *= 2) bytes.copyWithin(at, 0, at);
  new DataView(bytes.buffer).setUint32(0, length);
  bytes[4] = id;
  writer.raw(bytes);
}

/** A message header without its body. */
function head(writer: MessageWriter, id: number, length: number): void {
  const bytes = new Uint8Array(5);
  new DataView(bytes.buffer).setUint32(0, length);
  bytes[4] = id;
  writer.raw(bytes);
}

function place(random: Random, geometry: Geometry): [number, number, number] {
  const pieceIndex = geometry.pieceIndex(random.below(geometry.pieceCount))!;
  const blockIndex = random.below(geometry.blockCount(pieceIndex));
  return [pieceIndex, blockIndex * 16 * KiB, geometry.blockBytes(pieceIndex, blockIndex)];
}

/** Messages that are useful or useless, but valid. */
const allowed: readonly Word[] = [
  (w) => w.keepAlive(),
  (w) => w.choke(),
  (w) => w.unchoke(),
  (w) => w.interested(),
  (w) => w.notInterested(),
  (w, r, g) => w.have(r.below(g.pieceCount)),
  (w, r, g) => w.request(...place(r, g)),
  (w, r, g) => w.cancel(...place(r, g)),
  (w, r) => anything(w, r, messageId.port, 3),
  (w, r) => anything(w, r, pick(undefinedIds, r), 1 + r.below(300)),
];
/** A message of the greatest allowed length, or one byte shorter. */
const longest: Word = (w, r) =>
  anything(w, r, pick([...undefinedIds, messageId.extended], r), 64 * KiB + 1 - r.below(2));
const allowedFast: readonly Word[] = [
  (w, r, g) => w.suggest(r.below(g.pieceCount)),
  (w, r, g) => w.reject(...place(r, g)),
  // Within a piece, but at no block boundary.
  (w, r, g) => w.reject(r.below(g.pieceCount), 1, 1),
  (w, r) => anything(w, r, messageId.allowedFast, 5),
];
const allowedExtended: readonly Word[] = [
  (w, r) => w.extended(2 + r.below(250), encode({ anything: r.below(9) })),
  (w, r) => w.extended(1, encodeMetadataRequest(r.below(6))),
  (w, r) => w.extended(1, encodeMetadataReject(r.below(6))),
  (w, r) => w.extended(1, encode({ msg_type: 3 + r.below(5), piece: 0 })),
  (w, r) =>
    w.extended(
      0,
      encode({
        m: { ut_metadata: pick([0, 1, 3, 255, 256], r), ut_pex: 2 },
        p: pick([0, 1, 6_881, 65_535, 65_536], r),
        reqq: pick([0, 1, 50, 2_000, 1_000_000, 1_000_001], r),
        v: pick(['Mumbler 1', '', 'M\u0001\u202e'], r),
        metadata_size: pick([0, 1, 50_000, metadataTooLong, 2 ** 40], r),
        ...(r.below(3) === 0 && { upload_only: r.below(3) }),
      }),
    ),
];

/** Messages for which a peer closes the connection. */
const forbidden: readonly Word[] = [
  ...[0, 1, 2, 3, 14, 15].map(
    (id): Word =>
      (w, r) =>
        anything(w, r, id, 2),
  ),
  ...[4, 13, 17].flatMap((id): Word[] => [(w, r) => anything(w, r, id, 4), (w, r) => anything(w, r, id, 6)]),
  ...[6, 8, 16].flatMap((id): Word[] => [(w, r) => anything(w, r, id, 12), (w, r) => anything(w, r, id, 14)]),
  (w, r) => anything(w, r, messageId.port, 4),
  (w, r, g) => w.have(g.pieceCount + r.below(3)),
  (w) => w.have(2 ** 32 - 1),
  (w, r, g) => w.suggest(g.pieceCount + r.below(3)),
  (w, _, g) => w.request(g.pieceCount, 0, 16 * KiB),
  (w) => w.request(0, 0, 0),
  (w) => w.request(0, 0, 16 * KiB + 1),
  (w) => w.request(0, 2 ** 32 - 1, 16 * KiB),
  (w, _, g) => w.request(g.pieceCount - 1, g.pieceBytes(g.pieceIndex(g.pieceCount - 1)!), 1),
  (w, _, g) => w.cancel(0, g.pieceLength, 16 * KiB),
  (w, _, g) => w.reject(g.pieceCount, 0, 1),
  (w, _, g) => w.bitfield(new Uint8Array(Math.ceil(g.pieceCount / 8) + 1)),
  (w, _, g) => w.bitfield(new Uint8Array(Math.ceil(g.pieceCount / 8) - 1)),
  (w, _, g) => {
    const bits = new Uint8Array(Math.ceil(g.pieceCount / 8)).fill(255);
    // Valid if the piece count is a multiple of eight.
    w.bitfield(bits);
  },
  (w, _, g) => {
    // Only the very last bit, which is spare unless the piece count is a multiple of eight.
    const bits = new Uint8Array(Math.ceil(g.pieceCount / 8));
    bits[bits.length - 1] = 1;
    w.bitfield(bits);
  },
  (w) => head(w, messageId.piece, 9),
  (w) => head(w, messageId.piece, 16 * KiB + 10),
  (w) => head(w, messageId.piece, 2 ** 32 - 1),
  (w, _, g) =>
    w.raw(Uint8Array.of(0, 0, 0, 10, 7, 0, 0, g.pieceCount >> 8, g.pieceCount & 255, 0, 0, 0, 0, 0)),
  (w) => head(w, messageId.extended, 1),
  // A block with an offset that is no multiple of the block length.
  (w) => w.raw(Uint8Array.of(0, 0, 0, 10, messageId.piece, 0, 0, 0, 0, 0, 0, 0, 1, 0)),
  ...['', 'le', 'd', 'd1:me', 'i1e', 'dei'].flatMap((text): Word[] => [
    (w) => w.extended(0, new TextEncoder().encode(text)),
    (w) => w.extended(1, new TextEncoder().encode(text)),
  ]),
  (w) => head(w, messageId.extended, 64 * KiB + 2),
  (w) => head(w, messageId.bitfield, bitfieldBytesMax + 2),
  (w, r, g) => w.reject(...place(r, g)),
  (w, r) => head(w, pick(undefinedIds, r), 64 * KiB + 2),
  (w, r) => head(w, pick(undefinedIds, r), 2 ** 31),
  (w) => w.haveAll(),
  (w) => w.haveNone(),
  (w, r, g) => w.suggest(r.below(g.pieceCount)),
  (w) => w.extended(0, encode({})),
];

export function mumbler(): Script {
  return (puppet) => {
    const { random, torrent } = puppet.stage;
    const speaks = { fast: random.below(2) === 0, extended: random.below(2) === 0 };
    let visits = 0;
    let spoken = 0;
    const words = [
      ...allowed,
      ...(speaks.fast ? allowedFast : []),
      ...(speaks.extended ? allowedExtended : []),
    ];
    const mumble = (line: Line) => {
      if (!line.isOpen) return;
      line.say((writer) => {
        const count = 1 + random.below(8);
        for (let n = 0; n < count; n++) pick(words, random)(writer, random, torrent.geometry);
        if (random.below(longestEvery) === 0) longest(writer, random, torrent.geometry);
        if (random.below(6) === 0) pick(forbidden, random)(writer, random, torrent.geometry);
      });
      const pauseMs = Math.min(pauseMsMax, pauseMsFirst + pauseMsGrowth * spoken++);
      puppet.after(pauseMsMin + random.below(pauseMs), () => mumble(line));
    };
    const shake = (line: Line) => {
      if (random.below(16) > 0) return line.shakeHands(undefined, speaks);
      line.hasShaken = true;
      // One byte of the protocol string is wrong.
      const bytes = Uint8Array.from('\x13BitTorrent protocol', (c) => c.charCodeAt(0));
      bytes[random.below(bytes.length)]! ^= 1;
      line.sendBytes(bytes);
    };
    return {
      dials: true,
      onConnected: (line) => (line.incoming ? undefined : shake(line)),
      onHandshake: (line) => (line.hasShaken ? undefined : shake(line)),
      onOpen(line) {
        line.say((writer) => {
          if (random.below(2) === 0) {
            const bits = new Uint8Array(Math.ceil(torrent.geometry.pieceCount / 8));
            bits[0] = random.below(2) === 0 ? 0x80 : 0;
            writer.bitfield(bits);
          }
        });
        mumble(line);
      },
      onClosed(line) {
        if (!line.incoming && ++visits < comesBackMax)
          puppet.comeBack(line.address, 500 + random.below(4_000));
      },
    };
  };
}
