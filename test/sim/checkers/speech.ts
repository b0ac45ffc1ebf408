/**
 * Decodes what an honest host sends on each connection: every message must be allowed at that point and true
 * when it is sent. A peer would rightly drop the host otherwise.                                   BEP 3 6 10
 */
import type { ConnectionId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import type { PeerRecord } from '../../../client/engine/peers/peer-record.ts';
import { WireDecoder, type WireHandler } from '../../../client/wire/decoder.ts';
import { type Message, readUint32 } from '../../../client/wire/message.ts';
import { blockBytesMax, type Geometry, type PieceIndex } from '../../../torrents/geometry.ts';
import { torrent } from '../world/peer.ts';
import type { SimTorrent } from '../world/torrent.ts';
import { type Checker, type Disbelief, inspectionOf, isOfSide, mayBeOfFirst, type Turn } from './checker.ts';

/** What the host has sent on one connection so far. */
class Speech implements WireHandler<string> {
  readonly decoder = new WireDecoder();
  inspection: Inspection | undefined;
  /** All blocks ever requested on this connection, by key. */
  readonly requested = new Set<number>();
  #hasShaken = false;
  #hasToldPieces = false;
  #choking = true;
  #interested = false;
  /** Pieces announced with `have`. */
  readonly #told = new Set<number>();
  readonly #torrent: SimTorrent;
  readonly #geometry: Geometry;

  constructor(torrent: SimTorrent) {
    const { geometry } = torrent;
    this.#torrent = torrent;
    this.#geometry = geometry;
    this.decoder.expectBitfieldBytes(Math.ceil(geometry.pieceCount / 8));
  }

  onHandshake(): Disbelief {
    this.#hasShaken = true;
    return undefined;
  }

  onMessage(message: Message): Disbelief {
    switch (message.type) {
      case 'choke':
      case 'unchoke':
        return this.#turn('choking', message.type === 'choke');
      case 'interested':
      case 'not-interested':
        return this.#turn('interested', message.type === 'interested');
      case 'bitfield':
        return this.#tellPieces(
          (pieceIndex) => (message.bits[pieceIndex >> 3]! & (0x80 >> (pieceIndex & 7))) !== 0,
        );
      case 'have-all':
        return this.#tellPieces(() => true);
      case 'have-none':
        return this.#tellPieces(() => false);
      case 'have':
        return this.#tell(message.index);
      case 'request':
        return this.#request(message.index, message.begin, message.length);
      case 'cancel':
        return this.requested.has(this.#key(message.index, message.begin))
          ? undefined
          : `cancels a block of piece ${message.index} that it never asked for`;
      default:
        return undefined;
    }
  }

  onLost(pieces: readonly PieceIndex[]): void {
    for (const pieceIndex of pieces) this.#told.delete(pieceIndex);
  }

  /** A block is sent whole and on its own. Only its header is decoded. */
  onServed(header: Uint8Array, payload: Uint8Array): Disbelief {
    const index = readUint32(header, 5);
    const begin = readUint32(header, 9);
    const block = this.#geometry.block(index, begin, payload.length);
    if (block === undefined) return `serves what is no block: ${index}, ${begin}, ${payload.length}`;
    if (this.#choking) return `serves a block of piece ${index} to a peer it chokes`;
    if (!this.inspection?.ledger.has(block.pieceIndex))
      return `serves a block of piece ${index}, which it has not`;
    return undefined;
  }

  onBlockStart(): Disbelief {
    return 'sends a block among its messages';
  }
  onBlockBytes(): undefined {}
  onBlockEnd(): undefined {}

  #turn(what: 'choking' | 'interested', isIt: boolean): Disbelief {
    if ((what === 'choking' ? this.#choking : this.#interested) === isIt)
      return `says twice whether it is ${what}`;
    if (what === 'choking') this.#choking = isIt;
    else this.#interested = isIt;
    return undefined;
  }

  #tellPieces(isTold: (pieceIndex: PieceIndex) => boolean): Disbelief {
    if (!this.#hasShaken || this.#hasToldPieces || this.#told.size > 0)
      return 'says what it has at the wrong time';
    this.#hasToldPieces = true;
    const ledger = this.inspection?.ledger;
    // Without metadata the host knows no pieces and has none.
    for (const pieceIndex of ledger?.geometry.pieces() ?? []) {
      if (isTold(pieceIndex) !== ledger!.has(pieceIndex))
        return `says wrongly whether it has piece ${pieceIndex}`;
    }
    return undefined;
  }

  #tell(index: number): Disbelief {
    if (this.#told.has(index)) return `says twice that it has piece ${index}`;
    this.#told.add(index);
    const pieceIndex = this.#geometry.pieceIndex(index);
    const isTrue = pieceIndex !== undefined && this.inspection?.ledger.has(pieceIndex);
    return isTrue ? undefined : `says that it has piece ${index}, and has not`;
  }

  #request(index: number, begin: number, length: number): Disbelief {
    const block = this.#geometry.block(index, begin, length);
    const which = `block ${begin / blockBytesMax} of piece ${index}`;
    if (block === undefined || begin % blockBytesMax !== 0)
      return `asks for what is no block: ${index}, ${begin}, ${length}`;
    if (this.#geometry.blockBytes(block.pieceIndex, begin / blockBytesMax) !== length) {
      return `asks for ${length} bytes of ${which}`;
    }
    if (begin >= this.#torrent.askedBytes(block.pieceIndex)) return `asks for ${which}, which is a pad`;
    if (!this.#interested) return `asks for ${which} and is not interested`;
    if (this.inspection?.ledger.has(block.pieceIndex)) return `asks for ${which}, which it has`;
    this.requested.add(this.#key(index, begin));
    return undefined;
  }

  #key(index: number, begin: number): number {
    return index * this.#geometry.blocksPerPiece + begin / blockBytesMax;
  }
}

/** Everything that one run of a host has sent. */
interface Mouth {
  readonly speeches: Map<ConnectionId, Speech>;
  /** Blocks requested from a peer on all its connections, by key. */
  readonly requestedOf: WeakMap<PeerRecord, Set<number>[]>;
}

export function speaksTruly(): Checker {
  const mouths = new WeakMap<Engine, Mouth>();
  return {
    name: 'speaks-truly',
    hears: ['pieces-lost', 'closed', 'send', 'send-block', 'store-piece', 'close'],
    onTurn(turn) {
      const { peer, fact, actions } = turn;
      let mouth = mouths.get(peer.engine);
      if (mouth === undefined) {
        mouth = { speeches: new Map(), requestedOf: new WeakMap() };
        mouths.set(peer.engine, mouth);
      }
      // A lost piece that is stored again is announced again.
      if (fact.type === 'pieces-lost' && !isOfSide(fact))
        for (const speech of mouth.speeches.values()) speech.onLost(fact.pieces);
      for (const action of actions) {
        // The torrent of a connection is known with its first message.
        const isHeard =
          (action.type === 'send' || action.type === 'send-block') && mayBeOfFirst(peer, action.connection);
        const disbelief = isHeard
          ? hearAction(turn, mouth, action)
          : action.type === 'store-piece' && action.torrent === torrent
            ? judgeSources(turn, mouth, action.pieceIndex)
            : undefined;
        if (disbelief !== undefined) return disbelief;
        if (action.type === 'close') mouth.speeches.delete(action.connection);
      }
      if (fact.type === 'closed') mouth.speeches.delete(fact.connection);
      return undefined;
    },
  };
}

function hearAction(
  { world, peer }: Turn,
  mouth: Mouth,
  action: Extract<Turn['actions'][number], { type: 'send' | 'send-block' }>,
): Disbelief {
  const { connection } = action;
  const speech = mouth.speeches.get(connection) ?? new Speech(world.torrent);
  mouth.speeches.set(connection, speech);
  speech.inspection = inspectionOf(peer);
  const disbelief =
    action.type === 'send-block'
      ? speech.onServed(action.header, action.payload)
      : speech.decoder.feed(action.bytes, action.bytes.length, speech);
  if (disbelief !== undefined) return `on connection ${connection} it ${disbelief}`;
  const record = peer.engine.usage.sessions.get(connection)?.record;
  if (record === undefined) return undefined;
  const requested = mouth.requestedOf.get(record);
  if (requested === undefined) mouth.requestedOf.set(record, [speech.requested]);
  else if (!requested.includes(speech.requested)) requested.push(speech.requested);
  return undefined;
}

/** Every block of a piece came from a peer that was asked for it. */
function judgeSources({ peer }: Turn, mouth: Mouth, pieceIndex: PieceIndex): Disbelief {
  const inspection = inspectionOf(peer);
  const piece = inspection?.ledger.storing(pieceIndex);
  if (inspection === undefined || piece === undefined) return undefined;
  for (const [blockIndex, source] of piece.sources.entries()) {
    if (source === undefined) continue;
    const key = inspection.scheduler.blockKey(pieceIndex, blockIndex);
    const wasAsked = mouth.requestedOf.get(source)?.some((requested) => requested.has(key)) ?? false;
    if (!wasAsked)
      return `takes block ${blockIndex} of piece ${pieceIndex} from ${source.key}, who was never asked for it`;
  }
  return undefined;
}
