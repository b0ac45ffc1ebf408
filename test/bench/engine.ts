/**
 * The cost of the engine alone: no sockets, no disk, no hashing. 100,000 pieces come from 10 and from 1,000
 * peers, as bytes passed to `Engine.handle`. A block must cost the same for any number of peers.
 *
 * A tenth of the peers are seeds, the others have a random half of the pieces, and all peers answer requests
 * in turn, a few blocks at a time. Everything else is as in a real run: complete pieces are stored, time
 * passes, ticks come.
 */
import type { Action, ConnectionId, PieceBuffer, PieceMemory } from '../../client/engine/contract.ts';
import { Engine } from '../../client/engine/engine.ts';
import { Prng } from '../../client/engine/prng.ts';
import { encodeHandshake } from '../../client/wire/handshake.ts';
import { blockBytesMax, Geometry, type PieceIndex } from '../../torrents/geometry.ts';

export interface EngineLoad {
  readonly peerCount: number;
  readonly pieceCount: number;
  readonly blocksPerPiece: number;
  /** Ends after this many blocks. If missing, ends when the download is complete. */
  readonly blocksMax?: number;
}

export interface EngineCost {
  readonly blocks: number;
  /** Microseconds of this thread per block, everything included. */
  readonly usPerBlock: number;
  readonly isComplete: boolean;
  /** The share of blocks that were requested twice. */
  readonly wastedShare: number;
}

const infoHash = new Uint8Array(20).fill(7);
const handshakeBytes = 68;
/** How many blocks a peer sends at a time. */
const burst = 4;
/**
 * How many rounds may pass without a block. After them the download is complete, or stuck for longer than any
 * timeout that could help.
 */
const idleMax = 500;
/** Discards the data, because only the engine is measured. */
const nowhere: PieceMemory = {
  allocate: (bytes) => ({ bytes }),
  write: () => {},
  copy: () => {},
  release: () => {},
};

/** The simulated side of one peer: the requests that it has not answered yet, in order. */
interface Peer {
  readonly connection: ConnectionId;
  readonly owed: { index: number; begin: number; length: number }[];
}

export function runEngine({ peerCount, pieceCount, blocksPerPiece, blocksMax }: EngineLoad): EngineCost {
  const pieceLength = blocksPerPiece * blockBytesMax;
  const geometry = new Geometry(pieceCount * pieceLength, pieceLength);
  const engine = new Engine({
    peerId: new Uint8Array(20).fill(1),
    port: 6881,
    seed: 1,
    memory: nowhere,
    limits: { connectionsMax: peerCount, connectionsPerTorrentMax: peerCount },
  });
  const peers = new Map<ConnectionId, Peer>();
  const stores: { pieceIndex: PieceIndex; buffer: PieceBuffer }[] = [];
  let nowMs = 1_000;
  const tell = (fact: Parameters<Engine['handle']>[0]) => {
    for (const action of engine.handle(fact, nowMs)) carryOut(action, peers, stores);
  };
  tell({ type: 'added', spec: { torrent: 1, infoHash, geometry, trackers: [], private: false } });
  const random = new Prng(2);
  for (let i = 0; i < peerCount; i++) {
    const connection = 2 * i + 1;
    peers.set(connection, { connection, owed: [] });
    const address = { host: `10.${i >> 8}.${i & 255}.1`, port: 50_000 };
    tell({ type: 'connected', connection, address, incoming: true });
    const bytes = greeting(i, pieceCount, i % 10 === 0 ? 'all' : 'half', random);
    tell({ type: 'received', connection, bytes, count: bytes.length });
  }

  const block = blockMessage();
  const bytes = new Uint8Array(burst * block.length);
  let blocks = 0;
  let idle = 0;
  const startMs = performance.now();
  while (blocks < (blocksMax ?? Number.MAX_SAFE_INTEGER)) {
    const before = blocks;
    for (const { connection, owed } of peers.values()) {
      const sent = owed.splice(0, burst);
      if (sent.length === 0) continue;
      for (const [i, request] of sent.entries()) writeBlock(bytes, i * block.length, block, request);
      blocks += sent.length;
      tell({ type: 'received', connection, bytes, count: sent.length * block.length });
      for (const { pieceIndex } of stores.splice(0)) tell({ type: 'piece-stored', torrent: 1, pieceIndex });
    }
    // Each peer sends about 1 MB per second, so a thousand peers send 1 GB per second.
    nowMs += 60;
    tell({ type: 'woke' });
    idle = blocks === before ? idle + 1 : 0;
    if (idle > idleMax) break;
  }
  const elapsedMs = performance.now() - startMs;
  const { complete, wasted, downloaded } = engine.status(1)!;
  return {
    blocks,
    usPerBlock: (elapsedMs * 1000) / blocks,
    isComplete: complete,
    wastedShare: wasted / downloaded,
  };
}

export async function benchEngine(report: (line: string) => void): Promise<void> {
  report('a torrent of 100,000 pieces of 256 KiB, the engine alone, 300,000 blocks');
  const costs: number[] = [];
  // The first run only warms up the code.
  for (const peerCount of [10, 10, 100, 1_000]) {
    const cost = runEngine({ peerCount, pieceCount: 100_000, blocksPerPiece: 16, blocksMax: 300_000 });
    if (costs.push(cost.usPerBlock) === 1) continue;
    const { usPerBlock, wastedShare } = cost;
    const mibPerSecond = Math.round((blockBytesMax * 1e6) / usPerBlock / 2 ** 20).toLocaleString('en');
    report(
      `  ${`${peerCount} peers`.padEnd(12)} ${usPerBlock.toFixed(2).padStart(6)} us a block` +
        `   ${mibPerSecond} MiB/s at most   ${(wastedShare * 100).toFixed(2)} % asked for twice`,
    );
  }
  report(`  1,000 peers cost ${(costs.at(-1)! / costs[1]!).toFixed(2)} of what 10 cost`);
}

function carryOut(
  action: Action,
  peers: ReadonlyMap<ConnectionId, Peer>,
  stores: { pieceIndex: PieceIndex; buffer: PieceBuffer }[],
): void {
  if (action.type === 'store-piece') stores.push(action);
  if (action.type === 'send') hear(peers.get(action.connection)!, action.bytes);
}

/** Reads requests and cancels from the engine's bytes. A handshake comes first. */
function hear(peer: Peer, bytes: Uint8Array): void {
  // Fast path: mostly this is a `have`.
  if (bytes.length === 9) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = bytes[0] === 19 ? handshakeBytes : 0; at < bytes.length; at += 4 + view.getUint32(at)) {
    const id = bytes[at + 4];
    if (view.getUint32(at) !== 13 || (id !== 6 && id !== 8)) continue;
    const request = {
      index: view.getUint32(at + 5),
      begin: view.getUint32(at + 9),
      length: view.getUint32(at + 13),
    };
    if (id === 6) peer.owed.push(request);
    else cancel(peer, request);
  }
}

function cancel({ owed }: Peer, { index, begin }: { index: number; begin: number }): void {
  const at = owed.findIndex((request) => request.index === index && request.begin === begin);
  if (at >= 0) owed.splice(at, 1);
}

/** Handshake, bitfield or have-all, and unchoke. */
function greeting(number: number, pieceCount: number, has: 'all' | 'half', random: Prng): Uint8Array {
  const peerId = new Uint8Array(20).fill(9);
  new DataView(peerId.buffer).setUint32(0, number);
  const handshake = encodeHandshake({ infoHash, peerId, fast: true, extended: false });
  const bits = Uint8Array.from({ length: Math.ceil(pieceCount / 8) }, () => random.below(256));
  const spare = bits.length * 8 - pieceCount;
  bits[bits.length - 1]! &= 0xff << spare;
  const pieces =
    has === 'all'
      ? Uint8Array.of(0, 0, 0, 1, 14)
      : Buffer.concat([uint32(1 + bits.length), [5], bits].map((b) => Uint8Array.from(b)));
  return Buffer.concat([handshake, pieces, Uint8Array.of(0, 0, 0, 1, 1)]);
}

function blockMessage(): Uint8Array {
  const message = new Uint8Array(13 + blockBytesMax);
  message.set(uint32(9 + blockBytesMax));
  message[4] = 7;
  return message;
}

/** All blocks have full length here. */
function writeBlock(
  target: Uint8Array,
  at: number,
  block: Uint8Array,
  { index, begin }: { index: number; begin: number },
): void {
  target.set(block.subarray(0, 5), at);
  target.set(uint32(index), at + 5);
  target.set(uint32(begin), at + 9);
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
