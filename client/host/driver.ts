/**
 * The loop between the engine and the ports: one fact in, every action carried out, then the next fact. It
 * uses no promises and never re-enters the engine: a port that answers at once only enqueues.
 */
import type { Action, Fact, Report } from '../engine/contract.ts';
import type { Engine } from '../engine/engine.ts';
import type { Ports } from './ports.ts';

/** The engine, or a wrapper that records it. */
export type Decider = Pick<Engine, 'handle' | 'wakeAtMs'>;

export class Driver {
  readonly #engine: Decider;
  readonly #ports: Ports;
  readonly #onReport: (report: Report) => void;
  /** Facts that arrived while the engine was at work. */
  readonly #waiting: Fact[] = [];
  #draining = false;

  constructor(engine: Decider, ports: Ports, onReport: (report: Report) => void) {
    this.#engine = engine;
    this.#ports = ports;
    this.#onReport = onReport;
  }

  /**
   * Handles a fact. Borrowed bytes are consumed before this returns, unless the engine is at work already.
   */
  readonly enqueue = (fact: Fact): void => {
    if (this.#draining) {
      this.#waiting.push(fact);
      return;
    }
    this.#draining = true;
    try {
      // Usually no other fact waits, and a list that is filled and emptied for every fact would be
      // reallocated each time.
      this.#decide(fact);
      // The queue grows during the loop: ports may answer at once.
      for (let i = 0; i < this.#waiting.length; i++) this.#decide(this.#waiting[i]!);
    } finally {
      if (this.#waiting.length > 0) this.#waiting.length = 0;
      this.#draining = false;
    }
    this.#ports.clock.wakeAt(this.#engine.wakeAtMs);
  };

  #decide(fact: Fact): void {
    const actions = this.#engine.handle(fact, this.#ports.clock.nowMs());
    for (const action of actions) this.#carryOut(action);
  }

  #carryOut(action: Action): void {
    const { network, disk, announcer } = this.#ports;
    switch (action.type) {
      case 'send':
        return network.send(action.connection, action.bytes);
      case 'send-block':
        return network.sendBlock(action.connection, action.header, action.payload);
      case 'read-block':
        return disk.readBlock(action.torrent, action.read, action.block);
      case 'store-piece':
        return disk.storePiece(action.torrent, action.pieceIndex, action.buffer, action.wantDigests);
      case 'dial':
        return network.dial(action.connection, action.address);
      case 'close':
        return network.close(action.connection);
      case 'announce':
        return announcer.announce(action.request);
      case 'check-metadata':
        return disk.checkMetadata(action.torrent, action.connection, action.bytes);
      case 'report':
        return this.#onReport(action.report);
    }
  }
}
