/**
 * Keeps every fact an engine is told, with its time, and a running digest of what it decided, in a file: the simulator
 * feeds the same to a fresh engine and must see it decide the same (test/sim/replay). It names torrents and peers.
 *
 * A line of JSON each: first what the engine was made of, then the facts, last why it ends. Invariant: a fact is written
 * down before the engine hears of it, so that the one it fails at is in the file; a program that is killed loses a second.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Action, ConnectionId, Fact } from '../../engine/contract.ts';
import type { EngineOptions } from '../../engine/engine.ts';
import { defaultLimits } from '../../engine/limits.ts';
import { ClientError, cannotWrite } from '../client-error.ts';
import type { Decider } from '../driver.ts';
import { withoutCredentials } from '../network/web-credentials.ts';
import { ActionDigest } from './action-digest.ts';
import { PayloadElision } from './payload-elision.ts';
import { base64, recordedFact, recordingFormat, recordingVersion } from './recorded-fact.ts';

/** A GiB fetched is 4 MB here, one that is given 9 MB: a night on a fast line, and more than a developer can be sent. */
const recordingBytesMax = 256 * 1024 * 1024;
/** Written at once: a system call for every fact would cost more than the fact. */
const bufferBytesMax = 64 * 1024;
const flushMs = 1_000;
/** Who was spoken to about what is nobody else's business. */
const ownerOnly = 0o600;

/** Why a recording ends: the program has stopped, or there is no more room. */
export type RecordingEnd = 'stopped' | 'full';

export interface RecordingSummary {
  readonly path: string;
  readonly facts: number;
  readonly bytes: number;
  /** What keeps it from holding the whole story: it is full, or the disk refused. */
  readonly shortfall: string | undefined;
}

export class FlightRecorder {
  readonly #path: string;
  readonly #bytesMax: number;
  readonly #digest = new ActionDigest();
  readonly #elisions = new Map<ConnectionId, PayloadElision>();
  /** Undefined when it has ended. */
  #descriptor: number | undefined;
  #pending = '';
  #flushedMs = 0;
  #facts = 0;
  #bytes = 0;
  #shortfall: string | undefined;

  private constructor(path: string, descriptor: number, bytesMax: number) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#bytesMax = bytesMax;
  }

  /** `options`: what the engine is made of. Throws a ClientError when the file is there already or cannot be made. */
  static open(path: string, options: EngineOptions, bytesMax = recordingBytesMax): FlightRecorder {
    const recorder = new FlightRecorder(path, openNew(path), bytesMax);
    const { peerId, port, seed, limits, uploadBpsMax = 0, downloadBpsMax = 0 } = options;
    recorder.#writeLine({
      ...{ format: recordingFormat, version: recordingVersion },
      ...{ peerId: base64(peerId), port, seed, uploadBpsMax, downloadBpsMax },
      limits: { ...defaultLimits, ...limits },
    });
    return recorder;
  }

  get summary(): RecordingSummary {
    return { path: this.#path, facts: this.#facts, bytes: this.#bytes, shortfall: this.#shortfall };
  }

  /** The engine, listened to. */
  listenTo(engine: Decider): Decider {
    return {
      handle: (fact, nowMs) => this.#hear(engine, fact, nowMs),
      get wakeAtMs() {
        return engine.wakeAtMs;
      },
    };
  }

  /** The last line is written; nothing is recorded after it. */
  close(): void {
    this.#end('stopped');
  }

  #hear(engine: Decider, fact: Fact, nowMs: number): readonly Action[] {
    if (this.#descriptor === undefined) return engine.handle(fact, nowMs);
    // Received bytes are borrowed: they are written down before the engine has them.
    const told = JSON.stringify(recordedFact(fact, this.#elide));
    let actions: readonly Action[];
    try {
      actions = engine.handle(fact, nowMs);
    } catch (error) {
      this.#write(`{"atMs":${nowMs},"fact":${told},"threw":${JSON.stringify(String(error))}}\n`);
      this.#facts += 1;
      this.#end('stopped');
      throw error;
    }
    this.#digest.add(actions, engine.wakeAtMs);
    this.#write(`{"atMs":${nowMs},"fact":${told},"actions":"${this.#digest.text}"}\n`);
    this.#facts += 1;
    if (fact.type === 'closed') this.#elisions.delete(fact.connection);
    for (const action of actions) if (action.type === 'close') this.#elisions.delete(action.connection);
    if (this.#bytes + this.#pending.length >= this.#bytesMax) this.#fill();
    else if (this.#pending.length >= bufferBytesMax || nowMs - this.#flushedMs >= flushMs) {
      this.#flushedMs = nowMs;
      this.#flush();
    }
    return actions;
  }

  readonly #elide = (connection: ConnectionId, bytes: Uint8Array, count: number) => {
    let elision = this.#elisions.get(connection);
    if (elision === undefined) this.#elisions.set(connection, (elision = new PayloadElision()));
    return elision.elide(bytes, count);
  };

  #fill(): void {
    this.#shortfall = `it was full at ${this.#bytesMax} bytes, and what came later is not in it`;
    this.#end('full');
  }

  #end(why: RecordingEnd): void {
    if (this.#descriptor === undefined) return;
    this.#writeLine({ end: why, facts: this.#facts });
    this.#flush();
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    this.#elisions.clear();
  }

  #writeLine(value: object): void {
    this.#write(`${JSON.stringify(value)}\n`);
  }

  /** Recordings are sent to others: names and passwords of trackers are the user's. */
  #write(line: string): void {
    this.#pending += withoutCredentials(line);
  }

  /** The transfer matters more than its recording: when the disk refuses, only the recording ends. */
  #flush(): void {
    if (this.#descriptor === undefined || this.#pending === '') return;
    const bytes = Buffer.from(this.#pending);
    this.#pending = '';
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
      this.#bytes += bytes.length;
    } catch (error) {
      this.#shortfall = `the disk refused: ${(error as Error).message}`;
      const descriptor = this.#descriptor;
      this.#descriptor = undefined;
      closeSync(descriptor);
    }
  }
}

/** Never over something that is there: a slip of the finger would cost an album. */
function openNew(path: string): number {
  try {
    return openSync(path, 'wx', ownerOnly);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(path, error);
    throw new ClientError('exists', `${path} exists`, { path, obstacle: 'recording', cause: error });
  }
}
