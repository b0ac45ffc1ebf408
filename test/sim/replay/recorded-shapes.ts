/**
 * The JSON shape of every line of a flight recording. A recording may come from a stranger and is checked
 * before use. One shape for each kind of fact, so that an error names the field and not "none of twenty fit".
 */
import { type TProperties, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Fact, PeerOrigin } from '../../../client/engine/contract.ts';
import { blockBytesMax, pieceCountMax } from '../../../torrents/geometry.ts';

/** A client reads at most 256 KiB from a socket at once. Four times that allows for other hosts. */
export const receivedBytesMax = 1024 * 1024;
/** The same limit as in metainfo-fields.ts. */
const pieceLengthMax = 256 * 1024 * 1024;

const whole = (maximum = Number.MAX_SAFE_INTEGER) => Type.Integer({ minimum: 0, maximum });
const text = Type.String({ maxLength: 64 * 1024 });
const bytes = Type.String({ maxLength: 16 * 1024 * 1024, pattern: '^[A-Za-z0-9+/]*={0,2}$' });
const hash = Type.String({ pattern: '^[A-Za-z0-9+/]{27}=$' });
const numbers = Type.Array(Type.Tuple([whole(pieceCountMax), whole(pieceLengthMax)]), {
  maxItems: pieceCountMax,
});
const trackers = Type.Array(Type.Array(text));
const address = Type.Object({ host: text, port: whole(65_535) });
const peers = Type.Array(address, { maxItems: 100_000 });
const origins = ['tracker', 'user', 'incoming', 'lan', 'pex', 'dht'] as const satisfies PeerOrigin[];
const origin = Type.Union(origins.map((one) => Type.Literal(one)));
const trouble = Type.Object({ code: text, message: text });
const digests = Type.Array(text, { maxItems: pieceLengthMax / blockBytesMax });
const id = whole();
const pieceIndex = whole(pieceCountMax);

const spec = Type.Object({
  torrent: id,
  infoHash: hash,
  geometry: Type.Object({
    totalBytes: whole(pieceCountMax * pieceLengthMax),
    pieceLength: Type.Integer({ minimum: 1, maximum: pieceLengthMax }),
    shortPieces: Type.Optional(numbers),
  }),
  dataBytes: Type.Optional(numbers),
  have: Type.Optional(bytes),
  priorities: Type.Optional(bytes),
  trackers,
  infoBytes: Type.Optional(bytes),
  private: Type.Optional(Type.Literal(true)),
});

const fact = (fields: TProperties) => Compile(Type.Object(fields));

/** The fields of each kind of fact, without its type. */
export const factShapes: Readonly<Record<Fact['type'], ReturnType<typeof fact>>> = {
  added: fact({ spec }),
  'magnet-added': fact({ spec: Type.Object({ torrent: id, infoHash: hash, trackers }) }),
  stopped: fact({ torrent: id }),
  'pieces-selected': fact({ torrent: id, priorities: bytes }),
  'order-chosen': fact({ torrent: id, sequential: Type.Boolean() }),
  'deadline-set': fact({ torrent: id, pieceIndex, atMs: Type.Optional(whole()) }),
  'peers-found': fact({ torrent: id, peers, origin: Type.Optional(origin) }),
  connected: fact({ connection: id, address, incoming: Type.Boolean() }),
  received: fact({
    connection: id,
    bytes: Type.Array(Type.Union([bytes, whole(receivedBytesMax)]), { maxItems: receivedBytesMax }),
  }),
  flushed: fact({ connection: id, bytes: whole() }),
  closed: fact({ connection: id, reason: text }),
  'block-read': fact({ torrent: id, read: id, bytes: whole(blockBytesMax) }),
  'block-unreadable': fact({ torrent: id, read: id, trouble }),
  'piece-stored': fact({ torrent: id, pieceIndex, digests: Type.Optional(digests) }),
  'piece-corrupt': fact({ torrent: id, pieceIndex, digests }),
  'piece-unstorable': fact({ torrent: id, pieceIndex, trouble }),
  'pieces-lost': fact({
    torrent: id,
    pieces: Type.Array(pieceIndex, { maxItems: pieceCountMax }),
    trouble,
  }),
  'content-offline': fact({ torrent: id, trouble }),
  'content-online': fact({ torrent: id }),
  'metadata-checked': fact({ torrent: id, connection: id, isRight: Type.Boolean() }),
  announced: fact({
    torrent: id,
    tracker: text,
    answer: Type.Object({
      peers,
      intervalSeconds: Type.Number(),
      minIntervalSeconds: Type.Optional(Type.Number()),
      seeds: Type.Optional(Type.Number()),
      leechers: Type.Optional(Type.Number()),
      memoryId: Type.Optional(text),
      warning: Type.Optional(text),
    }),
  }),
  'announce-failed': fact({
    torrent: id,
    tracker: text,
    reason: text,
    retryInSeconds: Type.Optional(Type.Union([Type.Number(), Type.Literal('never')])),
  }),
  'tracker-returned': fact({ torrent: id, tracker: text, memoryId: text }),
  'announce-wished': fact({ torrent: id }),
  'limits-set': fact({ uploadBpsMax: whole(), downloadBpsMax: whole() }),
  woke: fact({}),
};

export const headerShape = Compile(
  Type.Object({
    peerId: hash,
    port: whole(65_535),
    seed: whole(0xffff_ffff),
    uploadBpsMax: whole(),
    downloadBpsMax: whole(),
    limits: Type.Record(Type.String(), Type.Number()),
  }),
);

/** One fact. It has `actions` when the engine returned actions, and `threw` when the engine threw. */
export const stepShape = Compile(
  Type.Object({
    atMs: whole(),
    fact: Type.Object({ type: Type.String() }),
    actions: Type.Optional(Type.String({ pattern: '^[0-9a-f]{8}$' })),
    threw: Type.Optional(text),
  }),
);

export const endShape = Compile(
  Type.Object({ end: Type.Union([Type.Literal('stopped'), Type.Literal('full')]), facts: whole() }),
);
