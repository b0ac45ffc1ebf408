/**
 * Deliberate bugs in how much is asked of a peer that lets little wait (reqq, BEP 10).
 */
import { engine, type Mutant } from './mutant.ts';

export const queues: readonly Mutant[] = [
  {
    name: 'ignore how many requests a peer lets wait',
    file: engine('requests/request-pipeline'),
    from: 'this.#askedMax = Math.max(1, Math.min(this.#limits.requestsReqqMax, roomy));',
    to: 'this.#askedMax = Math.max(this.#askedMax, roomy);',
  },
  {
    name: 'ask two of a peer that lets one wait',
    file: engine('requests/request-pipeline'),
    from: 'this.#askedMax = Math.max(1, Math.min(this.#limits.requestsReqqMax, roomy));',
    to: 'this.#askedMax = Math.max(2, Math.min(this.#limits.requestsReqqMax, roomy));',
  },
  {
    name: 'ask for copies beyond what a peer lets wait',
    file: engine('requests/duplicate-requests'),
    from: 'Math.min(queueRoom, knownRate === undefined ? 1 : this.#context.limits.endgameRequestsMax);\n    if (room <= 0) return;',
    to: 'knownRate === undefined ? 1 : this.#context.limits.endgameRequestsMax;\n    if (queueRoom <= 0) return;',
  },
  {
    name: 'hand a piece over beyond what a peer lets wait',
    file: engine('requests/open-pieces'),
    from: 'Math.min(this.#context.limits.requestsOutstandingMax, to.pipeline.queueRoom)',
    to: 'this.#context.limits.requestsOutstandingMax',
  },
];
