/**
 * One end of a connection, with what it sends: bytes wait in order, leave in runs, and arrive in order.
 *
 * Conservation: everything sent waits here, or is on its way, or has arrived at the other end, or was lost with the
 * connection. A block is carried as its token (content.ts), everything else as its bytes.
 */
import type { ConnectionId, PeerAddress } from '../../../client/engine/contract.ts';
import type { Scheduler, Task } from '../kernel/scheduler.ts';
import { isLentBlock, lendMessage, tokenBytes } from './content.ts';
import type { Link, Reachability } from './link.ts';

/** One request fits, or header and token of a block: most parts are these. */
const smallPartBytes = 24;
/** The words of one turn mostly fit; what is longer is kept as it was given. */
const partBytes = 256;
/** Memory is taken for many parts at once: of its own each would weigh as much again. */
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
 * Messages that were sent together; or the start of a block, header and token. What was sent next hangs on it.
 *
 * Parts and runs are used again: they live as long as bytes are on their way, which is too long for V8 to be rid of them
 * cheaply, and there is one for every message.
 */
class Part {
  readonly isSmall: boolean;
  /** Some of it are its own, from `#from` on. */
  readonly #from: number;
  readonly #memory: Uint8Array;
  /** What is too long for them. */
  #long: Uint8Array | undefined = undefined;
  /** Of the messages; or of a block and its header. */
  count = 0;
  isBlock = false;
  next: Part | undefined = undefined;

  /** For so many bytes. */
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

  /** `payload` is lent. */
  holdBlock(header: Uint8Array, payload: Uint8Array): void {
    this.isBlock = true;
    this.count = header.length + payload.length;
    for (let i = 0; i < header.length; i++) this.#memory[this.#from + i] = header[i]!;
    const tokenAt = this.#from + header.length;
    for (let i = 0; i < tokenBytes && i < payload.length; i++) this.#memory[tokenAt + i] = payload[i]!;
  }

  /** Its bytes from `start` on, `count` of them; of a block they are lent. */
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

  /** Its last byte has arrived: from now on it may be another one. */
  release(): void {
    this.next = undefined;
    this.#long = undefined;
    (this.isSmall ? spareSmallParts : spareParts).push(this);
  }
}

const spareParts: Part[] = [];
const spareSmallParts: Part[] = [];
const spareRuns: Run[] = [];

/** A host, as its connections and the ways between hosts see it. */
export interface Station {
  readonly address: PeerAddress;
  /** All of them; `address` is the first. */
  readonly addresses: readonly PeerAddress[];
  readonly hairpin: boolean;
  /** By which partitions know it. */
  readonly name: string;
  readonly link: Link;
  readonly reachability: Reachability;
  /** The first packet of a connection has come. */
  accept(dialer: End): End;
  /** A run has come to this side's line; or it is through. */
  arrive(run: Run): void;
  take(run: Run): void;
  receive(to: End, bytes: Uint8Array, count: number): void;
  /** What it sent has arrived: there is room for more. */
  goOn(end: End): void;
  /** A connection has ended without this side. */
  lose(end: End, reason: string): void;
  /** The connection is over for both sides, and neither meant it. */
  reset(end: End): void;
  /** Without a word to the program. */
  forget(end: End): void;
}

/** What a read from a socket brings at most when small messages come together. It is lent until the turn is over. */
const gathered = new Uint8Array(32 * 1024);
/** In place of what was lent: no length, no id, and no piece of a small torrent. */
const stale = 0xee;

export class End {
  readonly host: Station;
  readonly connection: ConnectionId;
  other: End | undefined;
  /** Of a dial: the address it comes from. */
  from: PeerAddress | undefined;
  isOpen = true;
  /** The program on its host was told of it. */
  isTold = false;
  sentBytes = 0;
  receivedBytes = 0;
  /** Given to us and not yet on the line. */
  queuedBytes = 0;
  /** On the line, or held up on it. */
  inFlightBytes = 0;
  /** Left for the kernel, and the host was not yet told. */
  unreportedBytes = 0;
  reportedBytes = 0;
  /** It waits for its turn on the line; and who comes after it. */
  isWaiting = false;
  nextInTurn: End | undefined;
  /** Nothing arrives before what was sent earlier. */
  lastArrivalMs = 0;
  /** Runs that have arrived at the other side's line, and wait there. */
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

  /** The next bytes to leave, at most `bytesMax`. Between messages where `recut` is false and they fit. */
  cut(bytesMax: number, recut: boolean): Run {
    const start = this.#left;
    const first = this.#first;
    let part = first;
    let count = 0;
    for (; part !== undefined && count < bytesMax; part = part.next) {
      const rest = part.count - this.#left;
      const isFitting = rest <= bytesMax - count;
      // A block leaves alone, and is not cut because something small came before it.
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

  /** The connection is over: what waits here never leaves. */
  drop(): void {
    this.#first = undefined;
    this.#last = undefined;
    this.#left = 0;
    this.queuedBytes = 0;
    this.unreportedBytes = 0;
  }
}

/** Bytes on their way from one end to the other; or the news that it is there at all, or that it is over. */
export class Run implements Task {
  from: End = undefined!;
  count = 0;
  kind: 'open' | 'bytes' | 'end' = 'bytes';
  /** On its way, queueing for the line of the other side, or through it. */
  stage: 'travelling' | 'below' | 'here' = 'travelling';
  /** Why it is over. */
  reason = '';
  /** It begins within this part, and goes on with those that hang on it. */
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

  /** It has arrived, and nobody knows it any more: from now on it may be another one. */
  release(): void {
    this.#first = undefined;
    spareRuns.push(this);
  }

  /** Hands the bytes on in the order of the stream, until the receiver closes. `joined`: as one run, whatever is in it. */
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

/** The next read goes into the same memory, as the driver's does: what was not used up by then is lost. */
function lend(to: End, count: number): void {
  to.host.receive(to, gathered, count);
  gathered.fill(stale, 0, count);
}

/** Sends a run on its way; nothing overtakes what was sent before it. */
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
