/** Deliberate bugs in how many requests a peer with a short queue gets (reqq, BEP 10). */
import { engine, type Mutant } from './mutant.ts';

export const queues: readonly Mutant[] = [
  {
    name: 'reqq is ignored',
    file: engine('requests/request-pipeline'),
    from: 'this.#askedMax = Math.max(1, Math.min(this.#limits.requestsReqqMax, roomy));',
    to: 'this.#askedMax = Math.max(this.#askedMax, roomy);',
  },
  {
    name: 'at least two requests are sent despite reqq 1',
    file: engine('requests/request-pipeline'),
    from: 'this.#askedMax = Math.max(1, Math.min(this.#limits.requestsReqqMax, roomy));',
    to: 'this.#askedMax = Math.max(2, Math.min(this.#limits.requestsReqqMax, roomy));',
  },
  {
    name: 'duplicate requests exceed reqq',
    file: engine('requests/duplicate-requests'),
    from: 'Math.min(queueRoom, knownRate === undefined ? 1 : this.#context.limits.endgameRequestsMax);\n    if (room <= 0) return;',
    to: 'knownRate === undefined ? 1 : this.#context.limits.endgameRequestsMax;\n    if (queueRoom <= 0) return;',
  },
  {
    name: 'a handed-over piece exceeds reqq',
    file: engine('requests/open-pieces'),
    from: 'Math.min(this.#context.limits.requestsOutstandingMax, to.pipeline.queueRoom)',
    to: 'this.#context.limits.requestsOutstandingMax',
  },
];
