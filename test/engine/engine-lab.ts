/**
 * One engine with scripted peers around it, in virtual time and without a driver. A test hands it facts, sees
 * every action, and writes the wire by hand. The disk answers when the test says so.
 */
import type {
  Action,
  AnnounceRequest,
  ConnectionId,
  Fact,
  PeerAddress,
  PieceBuffer,
  Report,
  TorrentSpec,
} from '../../client/engine/contract.ts';
import { Engine } from '../../client/engine/engine.ts';
import type { Limits } from '../../client/engine/limits.ts';
import type { TorrentStatus } from '../../client/engine/status.ts';
import { WireDecoder } from '../../client/wire/decoder.ts';
import { encodeHandshake, type Handshake } from '../../client/wire/handshake.ts';
import type { Message } from '../../client/wire/message.ts';
import { type Block, blockBytesMax, Geometry, type PieceIndex } from '../../torrents/geometry.ts';
import { encodeMessage, join, type PieceMessage, Recorder } from '../wire/reference-encoder.ts';
import { ByteMemory } from './byte-memory.ts';

export const blockBytes = blockBytesMax;
export const labInfoHash = new Uint8Array(20).fill(0xab);
export const labPeerId = Uint8Array.from('-LAB000-engine.itself', (c) => c.charCodeAt(0)).slice(0, 20);

export interface LabOptions {
  readonly pieceCount?: number;
  readonly blocksPerPiece?: number;
  /** Bytes of the last piece, when it is shorter. */
  readonly lastPieceBytes?: number;
  readonly has?: 'all' | ((pieceIndex: number) => boolean);
  readonly limits?: Partial<Limits>;
  readonly seed?: number;
  readonly trackers?: readonly (readonly string[])[];
  readonly uploadBpsMax?: number;
  readonly downloadBpsMax?: number;
  /** The info dictionary that the engine serves. */
  readonly infoBytes?: Uint8Array;
  readonly private?: boolean;
}

export class EngineLab {
  readonly memory = new ByteMemory();
  readonly geometry: Geometry;
  readonly engine: Engine;
  readonly spec: TorrentSpec;
  readonly reports: Report[] = [];
  readonly announces: AnnounceRequest[] = [];
  readonly peers = new Map<ConnectionId, ScriptedPeer>();
  /** Dials without an answer. */
  readonly dials: { connection: ConnectionId; address: PeerAddress }[] = [];
  readonly stores: { pieceIndex: PieceIndex; buffer: PieceBuffer; wantDigests: boolean }[] = [];
  readonly reads: { read: number; block: Block }[] = [];
  /** Info dictionaries from peers that wait for their hash check. */
  readonly checks: { torrent: number; connection: ConnectionId; bytes: Uint8Array }[] = [];
  /** Reasons with which the engine closed connections, by connection. */
  readonly closes = new Map<ConnectionId, string[]>();
  nowMs = 1_000;
  #accepted = 1;

  constructor(options: LabOptions = {}) {
    const { pieceCount = 8, blocksPerPiece = 4, seed = 1, has } = options;
    const pieceLength = blocksPerPiece * blockBytesMax;
    const lastPieceBytes = options.lastPieceBytes ?? pieceLength;
    this.geometry = new Geometry((pieceCount - 1) * pieceLength + lastPieceBytes, pieceLength);
    const { limits = {}, uploadBpsMax = 0, downloadBpsMax = 0, trackers = [] } = options;
    const rates = { uploadBpsMax, downloadBpsMax };
    this.engine = new Engine({ peerId: labPeerId, port: 6881, seed, memory: this.memory, limits, ...rates });
    const have = new Uint8Array(Math.ceil(pieceCount / 8));
    for (let i = 0; i < pieceCount; i++) {
      if (has === 'all' || has?.(i)) have[i >> 3] = have[i >> 3]! | (0x80 >> (i & 7));
    }
    const { infoBytes, private: isPrivate = false } = options;
    const about = { torrent: 1, infoHash: labInfoHash, geometry: this.geometry, private: isPrivate };
    const spec = { ...about, have, trackers };
    this.spec = infoBytes === undefined ? spec : { ...spec, infoBytes };
    this.tell({ type: 'added', spec: this.spec });
  }

  get status(): TorrentStatus {
    return this.engine.status(1)!;
  }

  /** Hands over one fact; its actions go to the peers and the disk. */
  tell(fact: Fact): readonly Action[] {
    const actions = this.engine.handle(fact, this.nowMs);
    for (const action of actions) this.#carryOut(action);
    return actions;
  }

  /** Time passes, tick by tick. */
  pass(ms: number, stepMs = 250): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs = Math.min(endMs, this.nowMs + stepMs);
      this.tell({ type: 'woke' });
    }
  }

  /** A peer connects and has sent nothing yet. */
  connect(
    address: PeerAddress = { host: `10.0.0.${(this.#accepted >> 1) + 1}`, port: 50_000 },
  ): ScriptedPeer {
    const connection = this.#accepted;
    this.#accepted += 2;
    const peer = new ScriptedPeer(this, connection, address);
    this.peers.set(connection, peer);
    this.tell({ type: 'connected', connection, address, incoming: true });
    return peer;
  }

  /** A peer answers the oldest dial. */
  answerDial(): ScriptedPeer {
    const { connection, address } = this.dials.shift()!;
    const peer = new ScriptedPeer(this, connection, address);
    this.peers.set(connection, peer);
    this.tell({ type: 'connected', connection, address, incoming: false });
    return peer;
  }

  learn(...hosts: string[]): void {
    const peers = hosts.map((host) => ({ host, port: 6881 }));
    this.tell({ type: 'peers-found', torrent: 1, peers, origin: 'user' });
  }

  /** A peer that has shaken hands and announced its pieces; by default a seed that unchokes us. */
  join(options: JoinOptions = {}): ScriptedPeer {
    const peer = this.connect(options.address);
    peer.shakeHands(options);
    return peer;
  }

  // The disk ------------------------------------------------------------------------------------------------

  /** The torrent's right content at these bytes. */
  truth(pieceIndex: number, begin: number, bytes: number): Uint8Array {
    return Uint8Array.from({ length: bytes }, (_, i) => (pieceIndex * 31 + ((begin + i) >> 8) + i) & 255);
  }

  /** The disk stores the oldest piece, regardless of its content. */
  store(outcome: 'stored' | 'corrupt' | 'unstorable' = 'stored', digests?: readonly string[]): PieceIndex {
    const { pieceIndex, buffer } = this.stores.shift()!;
    this.memory.release(buffer);
    const piece = { torrent: 1, pieceIndex };
    if (outcome === 'stored') {
      this.tell({ type: 'piece-stored', ...piece, ...(digests === undefined ? {} : { digests }) });
    } else if (outcome === 'corrupt') {
      this.tell({ type: 'piece-corrupt', ...piece, digests: digests ?? [] });
    } else {
      this.tell({ type: 'piece-unstorable', ...piece, trouble: { code: 'ENOSPC', message: 'full' } });
    }
    return pieceIndex;
  }

  /** Answers every waiting read. */
  answerReads(): void {
    while (this.reads.length > 0) {
      const { read, block } = this.reads.shift()!;
      const bytes = this.truth(block.pieceIndex, block.begin, block.bytes);
      this.tell({ type: 'block-read', torrent: 1, read, bytes });
    }
  }

  /** Everything ends: memory that is still allocated is a leak. */
  stop(): void {
    this.tell({ type: 'stopped', torrent: 1 });
    for (const { buffer } of this.stores.splice(0)) this.memory.release(buffer);
    this.pass(1_000);
  }

  #carryOut(action: Action): void {
    switch (action.type) {
      case 'dial':
        this.dials.push({ connection: action.connection, address: action.address });
        return;
      case 'send':
        return this.#peer(action.connection).hear(action.bytes);
      case 'send-block':
        return this.#peer(action.connection).hear(join(action.header, action.payload));
      case 'close': {
        const reasons = this.closes.get(action.connection) ?? [];
        this.closes.set(action.connection, [...reasons, action.reason]);
        const at = this.dials.findIndex((dial) => dial.connection === action.connection);
        if (at >= 0) this.dials.splice(at, 1);
        const peer = this.peers.get(action.connection);
        if (peer !== undefined) peer.closed ??= action.reason;
        return;
      }
      case 'read-block':
        this.reads.push({ read: action.read, block: action.block });
        return;
      case 'store-piece':
        this.stores.push(action);
        return;
      case 'announce':
        this.announces.push(action.request);
        return;
      case 'report':
        this.reports.push(action.report);
        return;
      case 'check-metadata':
        this.checks.push(action);
        return;
    }
  }

  #peer(connection: ConnectionId): ScriptedPeer {
    const peer = this.peers.get(connection);
    if (peer === undefined) throw new Error(`bytes for connection ${connection}, which is not open`);
    return peer;
  }
}

export interface JoinOptions {
  readonly address?: PeerAddress;
  readonly fast?: boolean;
  readonly extended?: boolean;
  readonly peerId?: Uint8Array;
  readonly infoHash?: Uint8Array;
  /** By default all pieces. 'silent': no message about pieces. */
  readonly has?: 'all' | 'none' | 'silent' | readonly number[];
  /** By default it unchokes us. */
  readonly chokes?: boolean;
  readonly interested?: boolean;
}

export interface BlockRequest {
  readonly index: number;
  readonly begin: number;
  readonly length: number;
}

/** One connection, seen from its far end. */
export class ScriptedPeer {
  readonly lab: EngineLab;
  readonly connection: ConnectionId;
  readonly address: PeerAddress;
  /** Why the engine closed the connection. */
  closed: string | undefined;
  bytesHeard = 0;
  handshake: Handshake | undefined;
  readonly #decoder = new WireDecoder();
  readonly #recorder = new Recorder();

  constructor(lab: EngineLab, connection: ConnectionId, address: PeerAddress) {
    this.lab = lab;
    this.connection = connection;
    this.address = address;
    this.#recorder.onHandshakeDo = (handshake) => {
      this.handshake = handshake;
      this.#decoder.expectBitfieldBytes(Math.ceil(lab.geometry.pieceCount / 8));
    };
  }

  get heard(): readonly (Message | PieceMessage)[] {
    return this.#recorder.messages;
  }

  heardOf<T extends (Message | PieceMessage)['type']>(
    type: T,
  ): Extract<Message | PieceMessage, { type: T }>[] {
    return this.heard.filter((m): m is Extract<Message | PieceMessage, { type: T }> => m.type === type);
  }

  /** Blocks that it owes, in order: requested, not sent, not cancelled. */
  readonly owed: BlockRequest[] = [];
  #heardCount = 0;

  #settle(request: Omit<BlockRequest, 'length'>): void {
    const at = this.owed.findIndex((r) => r.index === request.index && r.begin === request.begin);
    if (at >= 0) this.owed.splice(at, 1);
  }

  /** Bytes from the engine. */
  hear(bytes: Uint8Array): void {
    if (this.closed !== undefined) throw new Error('bytes after a close');
    this.bytesHeard += bytes.length;
    const stop = this.#decoder.feed(bytes, bytes.length, this.#recorder);
    if (stop !== undefined) throw new Error(`the engine sent what our own decoder refuses: ${stop}`);
    for (; this.#heardCount < this.heard.length; this.#heardCount++) {
      const message = this.heard[this.#heardCount]!;
      if (message.type === 'request') this.owed.push(message);
      if (message.type === 'cancel') this.#settle(message);
    }
  }

  /** Raw bytes, as one `received`. */
  sayBytes(bytes: Uint8Array): void {
    if (this.closed !== undefined) return;
    this.lab.tell({ type: 'received', connection: this.connection, bytes, count: bytes.length });
  }

  say(...messages: readonly (Message | PieceMessage)[]): void {
    // BEP 3: a choke drops all requests.
    if (messages.some((m) => m.type === 'choke')) this.owed.length = 0;
    this.sayBytes(join(...messages.map(encodeMessage)));
  }

  shakeHands(options: JoinOptions = {}): void {
    const { fast = true, extended = false, infoHash = labInfoHash, has = 'all' } = options;
    const peerId = options.peerId ?? new Uint8Array(20).fill(this.connection);
    this.sayBytes(encodeHandshake({ infoHash, peerId, fast, extended }));
    if (has !== 'silent') this.say(this.#pieces(has, fast));
    if (options.interested) this.say({ type: 'interested' });
    if (!options.chokes) this.say({ type: 'unchoke' });
  }

  /** The right bytes of one block that it owes; with `corrupt` they differ. */
  sendBlock(request: BlockRequest, corrupt = false): void {
    this.#settle(request);
    const payload = this.lab.truth(request.index, request.begin, request.length);
    if (corrupt) payload[0] = payload[0]! ^ 1;
    this.say({ type: 'piece', index: request.index, begin: request.begin, payload });
  }

  /** Sends all that it owes, including requests that arrive during this, up to `max` blocks. */
  serve(max = 10_000): number {
    let count = 0;
    for (let next = this.owed[0]; next !== undefined && count < max && this.closed === undefined; ) {
      this.sendBlock(next);
      count += 1;
      next = this.owed[0];
    }
    return count;
  }

  /** The connection breaks. */
  hangUp(reason = 'ECONNRESET'): void {
    if (this.closed !== undefined) return;
    this.closed = 'hung up';
    this.lab.tell({ type: 'closed', connection: this.connection, reason });
  }

  #pieces(has: 'all' | 'none' | readonly number[], fast: boolean): Message {
    const { pieceCount } = this.lab.geometry;
    if (has === 'all' && fast) return { type: 'have-all' };
    if (has === 'none' && fast) return { type: 'have-none' };
    const bits = new Uint8Array(Math.ceil(pieceCount / 8));
    const indexes = has === 'all' ? [...this.lab.geometry.pieces()] : has === 'none' ? [] : has;
    for (const i of indexes) bits[i >> 3] = bits[i >> 3]! | (0x80 >> (i & 7));
    return { type: 'bitfield', bits };
  }
}
