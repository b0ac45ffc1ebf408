/**
 * The Disk port of one life of a host: reads, hashes and writes take virtual time and fail at the rates of
 * its temper. Stored content outlives it (platter.ts). Hashing is a comparison with the right tokens.
 */
import type { ConnectionId, PieceBuffer, ReadId, TorrentId } from '../../../client/engine/contract.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { Disk, FactSink } from '../../../client/host/ports.ts';
import { type Block, blockBytesMax, type PieceIndex } from '../../../torrents/geometry.ts';
import type { Gate } from '../kernel/gate.ts';
import type { Scheduler, Task } from '../kernel/scheduler.ts';
import { type Trace, traceKind } from '../kernel/trace.ts';
import { type Content, hole } from './content.ts';
import { ContentWatch, lookEveryMs, type WatchedContent } from './content-watch.ts';
import type { DiskTemper } from './disk-temper.ts';
import type { ResumeJournal } from './journal.ts';
import type { SimBuffer, SimMemory } from './piece-memory.ts';
import type { Platter } from './platter.ts';

const perMillion = 1_000_000;

/** The parts of a disk. All but the temper end with the life of the program. */
export interface DiskParts {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly gate: Gate;
  readonly memory: SimMemory;
  readonly random: Prng;
  readonly sink: FactSink;
  readonly temper: DiskTemper;
}

/** The state found at the start of a life. */
export type ContentStart = Pick<WatchedContent, 'have' | 'stamps' | 'mends'>;

interface Stored {
  readonly platter: Platter;
  readonly journal: ResumeJournal | undefined;
  readonly watch: ContentWatch;
}

export class SimDisk implements Disk {
  /** Reads and writes under way. */
  underWay = 0;
  /** Bytes of pieces that are not written yet. */
  storingBytes = 0;
  readonly #parts: DiskParts;
  readonly #torrents = new Map<TorrentId, Stored>();
  readonly #closed = new Set<TorrentId>();
  readonly #metadata = new Map<TorrentId, Uint8Array>();

  constructor(parts: DiskParts) {
    this.#parts = parts;
  }

  /** May be changed while the world runs. */
  get temper(): DiskTemper {
    return this.#parts.temper;
  }

  /** `journal`: called with every stored piece. */
  add(
    torrent: TorrentId,
    platter: Platter,
    journal?: ResumeJournal,
    start: ContentStart = startOf(platter),
  ): void {
    const watch = new ContentWatch({ torrent, platter, journal, ...start }, this.#parts.sink);
    this.#torrents.set(torrent, { platter, journal, watch });
  }

  /** Inspects the torrent's files every few seconds from now on, until it is closed. */
  watch(torrent: TorrentId): ContentWatch {
    const { watch } = this.#torrents.get(torrent)!;
    const { scheduler, gate } = this.#parts;
    const task = {
      run: () => {
        if (this.#closed.has(torrent) || !gate.admits(task)) return;
        watch.lookAtAll();
        scheduler.at(scheduler.nowMs + lookEveryMs, task);
      },
    };
    scheduler.at(scheduler.nowMs + lookEveryMs, task);
    return watch;
  }

  /** The torrent is stopped: ends the inspections. */
  close(torrent: TorrentId): void {
    this.#closed.add(torrent);
  }

  /** Sets the right info dictionary of a magnet. */
  expectMetadata(torrent: TorrentId, infoBytes: Uint8Array): void {
    this.#metadata.set(torrent, infoBytes);
  }

  checkMetadata(torrent: TorrentId, connection: ConnectionId, bytes: Uint8Array): void {
    this.#note(traceKind.checkMetadata, connection);
    const isRight = Buffer.compare(bytes, this.#metadata.get(torrent) ?? Buffer.alloc(0)) === 0;
    this.#later(1, () => this.#parts.sink({ type: 'metadata-checked', torrent, connection, isRight }));
  }

  readBlock(torrent: TorrentId, read: ReadId, block: Block): void {
    this.#note(traceKind.readBlock, read);
    this.#begin(new Reading(this, torrent, read, block), this.temper.readMs);
  }

  /** The time of a read has come. */
  endReading(reading: Reading): void {
    if (this.#isDue(reading)) this.#read(reading.torrent, reading.read, reading.block);
  }

  #read(torrent: TorrentId, read: ReadId, block: Block): void {
    const { sink, random } = this.#parts;
    const { readErrorPpm, shortReadPpm, wrongReadPpm, unreadable } = this.temper;
    const { platter, watch } = this.#torrents.get(torrent)!;
    const isThere = watch.beforeRead(block.pieceIndex);
    const code =
      (isThere ? unreadable : 'ENOENT') ??
      (this.#draws(readErrorPpm) ? 'EIO' : this.#draws(shortReadPpm) ? 'ESHORT' : undefined);
    if (code !== undefined) {
      const trouble = { code, message: 'the simulated disk does not give it back' };
      return sink({ type: 'block-unreadable', torrent, read, trouble });
    }
    const { content, flavours } = platter;
    const change = this.#draws(wrongReadPpm) ? 1 + random.below(255) : 0;
    sink({ type: 'block-read', torrent, read, bytes: bytesOf(content, flavours, block, change) });
  }

  storePiece(torrent: TorrentId, pieceIndex: PieceIndex, buffer: PieceBuffer, wantDigests: boolean): void {
    this.#note(traceKind.storePiece, pieceIndex);
    this.storingBytes += buffer.bytes;
    this.#begin(
      new Storing(this, torrent, pieceIndex, buffer as SimBuffer, wantDigests),
      this.temper.storeMs,
    );
  }

  /** The time of a write has come. */
  endStoring(storing: Storing): void {
    const { torrent, pieceIndex, buffer, wantDigests } = storing;
    if (this.#isDue(storing)) this.#store(torrent, pieceIndex, buffer, wantDigests);
  }

  #store(torrent: TorrentId, pieceIndex: PieceIndex, buffer: SimBuffer, wantDigests: boolean): void {
    const { sink, memory } = this.#parts;
    const { platter, journal, watch } = this.#torrents.get(torrent)!;
    const isRight = holds(platter.content, pieceIndex, buffer);
    const digests = wantDigests || !isRight ? digestsOf(buffer) : [];
    const { bytes } = buffer;
    memory.release(buffer);
    this.storingBytes -= bytes;
    if (!isRight) return sink({ type: 'piece-corrupt', torrent, pieceIndex, digests });
    const code = this.#refusal(bytes);
    if (code !== undefined) {
      const trouble = { code, message: 'the simulated disk refuses' };
      return sink({ type: 'piece-unstorable', torrent, pieceIndex, trouble });
    }
    watch.beforeWrite(pieceIndex);
    platter.write(pieceIndex);
    watch.onWritten(pieceIndex);
    if (this.#draws(this.temper.lostWritePpm)) {
      platter.damage(pieceIndex, this.#parts.random.below(buffer.blockCount), hole);
    }
    journal?.onStored(pieceIndex, bytes);
    sink(
      wantDigests
        ? { type: 'piece-stored', torrent, pieceIndex, digests }
        : { type: 'piece-stored', torrent, pieceIndex },
    );
  }

  /** The code with which the disk refuses this many bytes; undefined when it takes them. */
  #refusal(bytes: number): string | undefined {
    const { temper } = this;
    if (temper.failing !== undefined) return temper.failing;
    if (temper.freeBytes < bytes) return 'ENOSPC';
    if (this.#draws(temper.writeErrorPpm)) return 'EIO';
    temper.freeBytes -= bytes;
    return undefined;
  }

  #draws(ppm: number): boolean {
    return ppm > 0 && this.#parts.random.below(perMillion) < ppm;
  }

  #later(delayMs: number, run: () => void): void {
    const task = {
      run: () => {
        if (this.#isDue(task)) run();
      },
    };
    this.#begin(task, delayMs);
  }

  #begin(task: Task, delayMs: number): void {
    const { scheduler, random } = this.#parts;
    const { jitterMs } = this.temper;
    this.underWay += 1;
    scheduler.at(scheduler.nowMs + delayMs + (jitterMs > 0 ? random.below(jitterMs + 1) : 0), task);
  }

  /** False when the task must wait, or the program has ended. */
  #isDue(task: Task): boolean {
    if (!this.#parts.gate.admits(task)) return false;
    this.underWay -= 1;
    return true;
  }

  #note(kind: number, key: number): void {
    this.#parts.trace.mix(kind);
    this.#parts.trace.mix(key);
  }
}

/**
 * A block that is being read. One object without closures for each, since there is one for every uploaded
 * block.
 */
class Reading implements Task {
  readonly #disk: SimDisk;
  readonly torrent: TorrentId;
  readonly read: ReadId;
  readonly block: Block;

  constructor(disk: SimDisk, torrent: TorrentId, read: ReadId, block: Block) {
    this.#disk = disk;
    this.torrent = torrent;
    this.read = read;
    this.block = block;
  }

  run(): void {
    this.#disk.endReading(this);
  }
}

/** A piece that is being hashed and written. */
class Storing implements Task {
  readonly #disk: SimDisk;
  readonly torrent: TorrentId;
  readonly pieceIndex: PieceIndex;
  readonly buffer: SimBuffer;
  readonly wantDigests: boolean;

  constructor(
    disk: SimDisk,
    torrent: TorrentId,
    pieceIndex: PieceIndex,
    buffer: SimBuffer,
    wantDigests: boolean,
  ) {
    this.#disk = disk;
    this.torrent = torrent;
    this.pieceIndex = pieceIndex;
    this.buffer = buffer;
    this.wantDigests = wantDigests;
  }

  run(): void {
    this.#disk.endStoring(this);
  }
}

function startOf({ record, files }: Platter): ContentStart {
  return { have: record, stamps: files.stamps, mends: false };
}

/** Lent for an aligned block, as peers request them; else a copy. */
function bytesOf(content: Content, flavours: Uint32Array, block: Block, change: number): Uint8Array {
  const { pieceIndex, begin, bytes } = block;
  const flavour = (blockNumber: number) => (flavours[blockNumber]! ^ change) >>> 0;
  if (begin % blockBytesMax !== 0) return content.bytes(pieceIndex, begin, bytes, flavour);
  return content.lend(block, flavour(content.blockNumber(pieceIndex, begin / blockBytesMax)));
}

/** Whether this is the right piece, as a hash would say. */
function holds(content: Content, pieceIndex: PieceIndex, buffer: SimBuffer): boolean {
  if (buffer.bytes !== content.geometry.pieceBytes(pieceIndex)) return false;
  for (let i = 0; i < buffer.blockCount; i++) {
    const number = content.blockNumber(pieceIndex, i);
    const flavour = content.flavourOf(number, buffer.own(i), buffer.place(i), buffer.blockBytes(i));
    const isWhole = content.isZeros(number) ? buffer.isZeros(i) : buffer.damage(i) === 0;
    if (flavour !== 0 || !isWhole) return false;
  }
  return true;
}

/** Equal for equal blocks and for no others. */
function digestsOf(buffer: SimBuffer): string[] {
  return Array.from({ length: buffer.blockCount }, (_, i) =>
    [buffer.own(i), buffer.place(i), buffer.damage(i)].map((part) => part.toString(16)).join('-'),
  );
}
