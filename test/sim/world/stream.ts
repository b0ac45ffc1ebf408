/**
 * One end of a connection and its stream: bytes wait in order, leave in runs, and arrive in order.
 *
 * Invariant: all sent bytes are queued, in flight, received by the other end, or lost with the connection. A
 * block is carried as its token (content.ts), everything else as bytes.
 */
import type { ConnectionId, PeerAddress } from '../../../client/engine/contract.ts';
import type { Scheduler, Task } from '../kernel/scheduler.ts';
import { isLentBlock, lendMessage, tokenBytes } from './content.ts';
import type { Link, Reachability } from './link.ts';

/** One request fits, or header and token of a block: most parts are these. */
const smallPartBytes = 24;
/** The messages of one turn mostly fit. Longer bytes are kept as they were given. */
const partBytes = 256;
/** Memory is allocated for many parts at once: separate allocations would double it. */
const bytesAtOnce = 64 * 1024;
let memory = new Uint8Array(0);
let memoryUsed = 0;

function takeMemory(bytes: number): number {
  if (memoryUsed + bytes > memory.length) {
    memory = new Uint8Array(bytesAtOnce);
    memoryUsed = 0;
  }
  memoryUsed += bytes;
  return memoryUsed - bytes;
}

/**
 * Messages that were sent together, or header and token of a block. Linked to what was sent next.
 *
 * Parts and runs are reused: they live as long as their bytes are in flight, which makes them costly for V8's
 * garbage collector, and there is one for every message.
 */
class Part {
  readonly isSmall: boolean;
  /** Its own range of the shared memory starts at `#from`. */
  readonly #from: number;
  readonly #memory: Uint8Array;
  /** Bytes that are too long for that range. */
  #long: Uint8Array | undefined = undefined;
  /** Bytes of the messages, or of a block with its header. */
  count = 0;
  isBlock = false;
  next: Part | undefined = undefined;

  /** A part for this many bytes. */
  static of(count: number): Part {
    const isSmall = count <= smallPartBytes;
    return (isSmall ? spareSmallParts : spareParts).pop() ?? new Part(isSmall);
  }

  private constructor(isSmall: boolean) {
    this.isSmall = isSmall;
    this.#from = takeMemory(isSmall ? smallPartBytes : partBytes);
    this.#memory = memory;
  }

  hold(bytes: Uint8Array): void {
    this.isBlock = false;
    this.count = bytes.length;
    if (bytes.length > partBytes) this.#long = bytes;
    else for (let i = 0; i < bytes.length; i++) this.#memory[this.#from + i] = bytes[i]!;
  }

  /** `payload` is borrowed. */
  holdBlock(header: Uint8Array, payload: Uint8Array): void {
    this.isBlock = true;
    this.count = header.length + payload.length;
    for (let i = 0; i < header.length; i++) this.#memory[this.#from + i] = header[i]!;
    const tokenAt = this.#from + header.length;
    for (let i = 0; i < tokenBytes && i < payload.length; i++) this.#memory[tokenAt + i] = payload[i]!;
  }

  /** `count` of its bytes from `start` on. The bytes of a block are lent. */
  read(start: number, count: number): Uint8Array {
    if (this.isBlock) {
      const whole = lendMessage(this.#memory, this.#from);
      return start === 0 ? whole : whole.subarray(start, start + count);
    }
    const from = this.#long === undefined ? this.#from : 0;
    return (this.#long ?? this.#memory).subarray(from + start, from + start + count);
  }

  copyTo(target: Uint8Array, at: number, start: number, count: number): void {
    if (this.isBlock) return copy(target, at, lendMessage(this.#memory, this.#from), start, count);
    const from = this.#long === undefined ? this.#from : 0;
    copy(target, at, this.#long ?? this.#memory, from + start, count);
  }

  /** Its last byte has arrived: the part may be reused. */
  release(): void {
    this.next = undefined;
    this.#long = undefined;
    (this.isSmall ? spareSmallParts : spareParts).push(this);
  }
}

const spareParts: Part[] = [];
const spareSmallParts: Part[] = [];
const spareRuns: Run[] = [];

/** A host, as its connections and the ways between hosts use it. */
export interface Station {
  readonly address: PeerAddress;
  /** All addresses; `address` is the first. */
  readonly addresses: readonly PeerAddress[];
  readonly hairpin: boolean;
  /** Its name for partitions. */
  readonly name: string;
  readonly link: Link;
  readonly reachability: Reachability;
  /** The first packet of a connection (SYN) has come. */
  accept(dialer: End): End;
  /** `arrive`: a run has reached this side's downlink. `take`: it has passed it. */
  arrive(run: Run): void;
  take(run: Run): void;
  receive(to: End, bytes: Uint8Array, count: number): void;
  /** Sent bytes have arrived: there is room for more. */
  goOn(end: End): void;
  /** The connection was ended from outside. */
  lose(end: End, reason: string): void;
  /** Ends the connection for both sides as an error. */
  reset(end: End): void;
  /** Forgets the connection without a fact to the program. */
  forget(end: End): void;
}

/** The largest read from a socket when small messages come together. Lent until the end of the turn. */
const gathered = new Uint8Array(32 * 1024);
/** Overwrites lent bytes: an invalid length, id and piece index of a small torrent. */
const stale = 0xee;

export class End {
  readonly host: Station;
  readonly connection: ConnectionId;
  other: End | undefined;
  /** Of a dial: the address it comes from. */
  from: PeerAddress | undefined;
  isOpen = true;
  /** Whether the program on its host knows of it. */
  isTold = false;
  sentBytes = 0;
  receivedBytes = 0;
  /** Given by the program and not on the line yet. */
  queuedBytes = 0;
  /** On the line, or held up on it. */
  inFlightBytes = 0;
  /** Taken by the kernel and not yet reported to the program. */
  unreportedBytes = 0;
  reportedBytes = 0;
  /** Whether it waits for its turn on the line, and the end after it. */
  isWaiting = false;
  nextInTurn: End | undefined;
  /** Later bytes never arrive before this time. */
  lastArrivalMs = 0;
  /** Runs that wait for the other side's downlink. */
  waitingBelow = 0;
  /** Runs that a partition holds up. */
  parked: Run[] | undefined;
  #first: Part | undefined;
  #last: Part | undefined;
  /** Bytes of the first part that have left. */
  #left = 0;

  constructor(host: Station, connection: ConnectionId) {
    this.host = host;
    this.connection = connection;
  }

  push(bytes: Uint8Array): void {
    const part = Part.of(bytes.length);
    part.hold(bytes);
    this.#push(part);
  }

  pushBlock(header: Uint8Array, payload: Uint8Array): void {
    if (!isLentBlock(payload)) {
      this.push(header);
      return this.push(payload);
    }
    const part = Part.of(header.length + tokenBytes);
    part.holdBlock(header, payload);
    this.#push(part);
  }

  #push(part: Part): void {
    if (this.#last === undefined) this.#first = part;
    else this.#last.next = part;
    this.#last = part;
    this.queuedBytes += part.count;
    this.sentBytes += part.count;
  }

  /** The next bytes to leave, at most `bytesMax`. Unless `recut`, it cuts between messages where they fit. */
  cut(bytesMax: number, recut: boolean): Run {
    const start = this.#left;
    const first = this.#first;
    let part = first;
    let count = 0;
    for (; part !== undefined && count < bytesMax; part = part.next) {
      const rest = part.count - this.#left;
      const isFitting = rest <= bytesMax - count;
      // A block leaves alone, and is not cut because something small precedes it.
      if (!recut && count > 0 && (part.isBlock || !isFitting)) break;
      if (!isFitting) {
        this.#left += bytesMax - count;
        count = bytesMax;
        break;
      }
      count += rest;
      this.#left = 0;
      if (!recut && part.isBlock) {
        part = part.next;
        break;
      }
    }
    this.#first = part;
    if (part === undefined) this.#last = undefined;
    this.queuedBytes -= count;
    this.inFlightBytes += count;
    return (spareRuns.pop() ?? new Run()).set(this, 'bytes', count, first, start);
  }

  /** The connection is over: queued bytes never leave. */
  drop(): void {
    this.#first = undefined;
    this.#last = undefined;
    this.#left = 0;
    this.queuedBytes = 0;
    this.unreportedBytes = 0;
  }
}

/** Bytes on their way from one end to the other, or the news that the connection is open or over. */
export class Run implements Task {
  from: End = undefined!;
  count = 0;
  kind: 'open' | 'bytes' | 'end' = 'bytes';
  /** On its way, queued for the other side's downlink, or past it. */
  stage: 'travelling' | 'below' | 'here' = 'travelling';
  /** Why the connection is over. */
  reason = '';
  /** It begins within this part and continues with the linked ones. */
  #first: Part | undefined = undefined;
  #start = 0;

  set(from: End, kind: Run['kind'], count = 0, first?: Part, start = 0, reason = ''): this {
    this.from = from;
    this.kind = kind;
    this.stage = 'travelling';
    this.count = count;
    this.#first = first;
    this.#start = start;
    this.reason = reason;
    return this;
  }

  run(): void {
    const { host } = this.from.other!;
    if (this.stage === 'travelling') host.arrive(this);
    else host.take(this);
  }

  /** It has arrived and is not referenced any more: it may be reused. */
  release(): void {
    this.#first = undefined;
    spareRuns.push(this);
  }

  /**
   * Delivers the bytes in the order of the stream, until the receiver closes. `joined`: blocks and messages
   * together, as far as they fit.
   */
  deliver(to: End, joined: boolean): void {
    let start = this.#start;
    let left = this.count;
    let held = 0;
    for (let part = this.#first, next: Part | undefined; part !== undefined && left > 0; part = next) {
      const { count } = part;
      const run = Math.min(left, count - start);
      next = part.next;
      left -= run;
      if (held + run <= gathered.length && (joined || !part.isBlock)) {
        part.copyTo(gathered, held, start, run);
        held += run;
      } else {
        if (held > 0) lend(to, held);
        held = 0;
        if (!to.isOpen) return;
        to.host.receive(to, part.read(start, run), run);
        if (!to.isOpen) return;
      }
      if (start + run === count) part.release();
      start = 0;
    }
    if (held > 0) lend(to, held);
  }
}

/** The next read reuses the memory, as the driver's does: the receiver must not keep it. */
function lend(to: End, count: number): void {
  to.host.receive(to, gathered, count);
  gathered.fill(stale, 0, count);
}

/** Sends a run on its way. It never overtakes earlier ones. */
export function travel(scheduler: Scheduler, run: Run, arrivesMs: number): void {
  const { from } = run;
  from.lastArrivalMs = Math.max(from.lastArrivalMs, Math.ceil(arrivesMs));
  scheduler.at(from.lastArrivalMs, run);
}

/** A few bytes are copied faster without a view of them. */
function copy(target: Uint8Array, at: number, source: Uint8Array, from: number, count: number): void {
  if (count > partBytes) target.set(source.subarray(from, from + count), at);
  else for (let i = 0; i < count; i++) target[at + i] = source[from + i]!;
}
