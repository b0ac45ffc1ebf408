/**
 * Records every fact that the engine receives, with its time, and a running digest of its decisions, in a
 * file. The simulator feeds the facts to a fresh engine and checks that it decides the same
 * (test/sim/replay). The file contains names of torrents and addresses of peers.
 *
 * One line of JSON each: first the engine's options, then the facts, last why the recording ends. Invariant:
 * a fact is serialized before the engine handles it, so that a fact that makes the engine throw is in the
 * file. A killed program loses at most the last second.
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

/**
 * 1 GiB downloaded takes 4 MB here, 1 GiB uploaded 9 MB. Enough for a night on a fast line, and already
 * too much to send to a developer.
 */
const recordingBytesMax = 256 * 1024 * 1024;
/** Facts are buffered: a system call for each would cost more than handling it. */
const bufferBytesMax = 64 * 1024;
const flushMs = 1_000;
/** The peers and torrents of a user are private. */
const ownerOnly = 0o600;

/** Why a recording ends: the program has stopped, or the file is full. */
export type RecordingEnd = 'stopped' | 'full';

export interface RecordingSummary {
  readonly path: string;
  readonly facts: number;
  readonly bytes: number;
  /** Why the recording is incomplete: it is full, or the disk refused. */
  readonly shortfall: string | undefined;
}

export class FlightRecorder {
  readonly #path: string;
  readonly #bytesMax: number;
  readonly #digest = new ActionDigest();
  readonly #elisions = new Map<ConnectionId, PayloadElision>();
  /** Undefined after the end. */
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

  /** `options`: those of the engine. Throws a ClientError when the file exists or cannot be made. */
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

  /** Wraps the engine and records what it handles. */
  listenTo(engine: Decider): Decider {
    return {
      handle: (fact, nowMs) => this.#hear(engine, fact, nowMs),
      get wakeAtMs() {
        return engine.wakeAtMs;
      },
    };
  }

  /** Writes the last line; nothing is recorded after it. */
  close(): void {
    this.#end('stopped');
  }

  #hear(engine: Decider, fact: Fact, nowMs: number): readonly Action[] {
    if (this.#descriptor === undefined) return engine.handle(fact, nowMs);
    // Received bytes are borrowed, so they are serialized before the engine gets them.
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

  /** Recordings are sent to others, so names and passwords of trackers are removed. */
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

/** Never replaces a file: a mistyped path could destroy an album. */
function openNew(path: string): number {
  try {
    return openSync(path, 'wx', ownerOnly);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(path, error);
    throw new ClientError('exists', `${path} exists`, { path, obstacle: 'recording', cause: error });
  }
}
