/**
 * The last events of a run, one line each, to investigate a failure. Recorded only on request: it costs as
 * much as the run itself.
 */
import type { Action, Fact, Report } from '../../../client/engine/contract.ts';
import type { SimPeer } from '../world/peer.ts';
import type { PlannedSwarm } from './planned-swarm.ts';

export class Chronicle {
  readonly #swarm: PlannedSwarm;
  readonly #linesMax: number;
  readonly #lines: string[] = [];

  constructor(swarm: PlannedSwarm, linesMax: number) {
    this.#swarm = swarm;
    this.#linesMax = linesMax;
    if (linesMax === 0) return;
    swarm.world.watch({
      onHandled: (peer, fact, actions) => {
        if (!isEverywhere(fact.type)) this.#add(peer, factText(fact));
        for (const action of actions)
          if (!isEverywhere(action.type)) this.#add(peer, `→ ${actionText(action)}`);
      },
      onCrash: (peer) => this.#add(peer, 'crashed'),
    });
  }

  /** Oldest first. */
  get lines(): readonly string[] {
    return this.#lines.slice(-this.#linesMax);
  }

  #add(peer: SimPeer, text: string): void {
    const { nowMs } = this.#swarm.world;
    this.#lines.push(`${(nowMs / 1000).toFixed(3).padStart(9)} ${this.#swarm.nameOf(peer)} ${text}`);
    // Holds up to twice `linesMax` lines, so that old lines are removed rarely.
    if (this.#lines.length > 2 * this.#linesMax) this.#lines.splice(0, this.#linesMax);
  }
}

/** Events that every host causes all the time: they would push all others out. */
function isEverywhere(type: Fact['type'] | Action['type']): boolean {
  return type === 'woke' || type === 'flushed' || type === 'send-block' || type === 'read-block';
}

function factText(fact: Fact): string {
  switch (fact.type) {
    case 'received':
      return `received #${fact.connection} ${fact.count} B`;
    case 'connected':
      return `connected #${fact.connection} ${fact.incoming ? 'from' : 'to'} ${fact.address.host}`;
    case 'closed':
      return `closed #${fact.connection}: ${fact.reason}`;
    case 'block-read':
    case 'block-unreadable':
      return `${fact.type} ${fact.read}`;
    case 'piece-stored':
    case 'piece-corrupt':
    case 'piece-unstorable':
      return `${fact.type} ${fact.pieceIndex}`;
    case 'announced':
      return `announced, ${fact.answer.peers.length} peers`;
    case 'announce-failed':
      return `announce-failed: ${fact.reason}`;
    default:
      return fact.type;
  }
}

function actionText(action: Action): string {
  switch (action.type) {
    case 'dial':
      return `dial #${action.connection} ${action.address.host}`;
    case 'send':
      return `send #${action.connection} ${action.bytes.length} B`;
    case 'close':
      return `close #${action.connection}: ${action.reason}`;
    case 'store-piece':
      return `store-piece ${action.pieceIndex}`;
    case 'announce':
      return `announce ${action.request.event ?? ''}, ${action.request.left} B left`;
    case 'report':
      return reportText(action.report);
    default:
      return action.type;
  }
}

function reportText(report: Report): string {
  switch (report.type) {
    case 'piece-stored':
    case 'piece-failed':
      return `report ${report.type} ${report.pieceIndex}`;
    case 'peer-connected':
      return `report ${report.type} ${report.address.host}`;
    case 'peer-dropped':
      return `report ${report.type} ${report.address.host}: ${report.reason}`;
    default:
      return `report ${report.type}`;
  }
}
