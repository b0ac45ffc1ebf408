/**
 * Deliberate bugs in what is requested from which peer, and when: the order of pieces, the depth of
 * pipelines, stalls, and pauses of a disk. Only a model of the documented behaviour found each of them.
 */
import { engine, type Mutant } from './mutant.ts';

export const pace: readonly Mutant[] = [
  {
    name: 'rarest-first picks from the wrong end',
    file: engine('pieces/piece-picker'),
    from: ': 0;\n    for (let i = 0; i < order.count; i++) {\n      const pieceIndex = order.at(i + offset < order.count ? i + offset : i + offset - order.count);',
    to: ': order.count - 1;\n    for (let i = 0; i < order.count; i++) {\n      const pieceIndex = order.at(i + offset < order.count ? i + offset : i + offset - order.count);',
  },
  {
    name: 'random-first never ends',
    file: engine('pieces/piece-picker'),
    from: 'this.#picked < this.#randomFirstPieces',
    to: 'this.#picked >= 0',
  },
  {
    name: 'a returned piece is forgotten',
    file: engine('pieces/piece-picker'),
    from: '    this.#joined.push(pieceIndex);',
    to: '',
  },
  {
    name: 'the first returned piece is skipped',
    file: engine('pieces/piece-picker'),
    from: 'let i = version - this.#forgotten; i',
    to: 'let i = version - this.#forgotten + 1; i',
  },
  {
    name: 'the first new piece of a peer is skipped',
    file: engine('pieces/piece-picker'),
    from: 'for (let i = 0; i < holder.newsCount; i++) best',
    to: 'for (let i = 1; i < holder.newsCount; i++) best',
  },
  {
    name: 'a first request does not restart the stall timer',
    file: engine('requests/request-pipeline'),
    from: 'if (this.asked.length === 0) this.progressMs = nowMs;\n',
    to: '',
  },
  {
    name: 'every request restarts the stall timer',
    file: engine('requests/request-pipeline'),
    from: 'if (this.asked.length === 0) this.progressMs = nowMs;',
    to: 'this.progressMs = nowMs;',
  },
  {
    name: 'slow start never ends',
    file: engine('requests/request-pipeline'),
    from: 'this.#slowStart = false;\n      this.#lastRate',
    to: 'this.#slowStart = true;\n      this.#lastRate',
  },
  {
    name: 'slow start does not deepen the pipeline',
    file: engine('requests/request-pipeline'),
    from: 'if (this.#slowStart) this.depth = Math.min(this.#askedMax, this.depth + 1);',
    to: '',
  },
  {
    name: 'the pipeline depth counts kilobytes as blocks',
    file: engine('requests/request-pipeline'),
    from: '(rate * this.#limits.requestQueueSeconds) / this.blockBytes',
    to: '(rate * this.#limits.requestQueueSeconds) / 1000',
  },
  {
    name: 'slow start compares the rate with zero',
    file: engine('requests/request-pipeline'),
    from: '      this.#lastRate = rate;\n',
    to: '',
  },
  {
    name: 'the pipeline uses only an eighth of reqq',
    file: engine('requests/request-pipeline'),
    from: 'const roomy = reqq - (reqq >> 3);',
    to: 'const roomy = reqq >> 3;',
  },
  {
    name: 'a stalled peer stays stalled when it sends again',
    file: engine('requests/request-pipeline'),
    from: '    this.progressMs = nowMs;\n    this.stalled = false;',
    to: '    this.progressMs = nowMs;',
  },
  {
    name: "a queue's duration is in seconds, not milliseconds",
    file: engine('requests/request-pipeline'),
    from: '(blocks * this.blockBytes * 1000) / rate',
    to: '(blocks * this.blockBytes) / rate',
  },
  {
    name: 'requests go on while the disk refuses pieces',
    file: engine('swarm/disk-troubles'),
    from: 'this.#retryMs = Math.max(this.#retryMs, nowMs + forMs);',
    to: 'this.#retryMs = nowMs;',
  },
  {
    name: 'a disk error stays after it is over',
    file: engine('swarm/disk-troubles'),
    from: '    this.#refusal = undefined;\n    this.#lossPace',
    to: '    this.#lossPace',
  },
  {
    name: 'a full disk is reported repeatedly',
    file: engine('swarm/disk-troubles'),
    from: 'const isNews = this.#refusal?.code !== trouble.code;',
    to: 'const isNews = true;',
  },
];
