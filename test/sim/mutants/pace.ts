/**
 * Deliberate bugs in how much is asked of whom, and when: the order of pieces, the depth of pipelines, stalls, and pauses of a
 * disk. Each was found by a model of what is written down, and by nothing before.
 */
import { engine, type Mutant } from './mutant.ts';

export const pace: readonly Mutant[] = [
  {
    name: 'begin what most peers have',
    file: engine('pieces/piece-picker'),
    from: ': 0;\n    for (let i = 0; i < order.count; i++) {\n      const pieceIndex = order.at(i + offset < order.count ? i + offset : i + offset - order.count);',
    to: ': order.count - 1;\n    for (let i = 0; i < order.count; i++) {\n      const pieceIndex = order.at(i + offset < order.count ? i + offset : i + offset - order.count);',
  },
  {
    name: 'begin pieces by chance for ever',
    file: engine('pieces/piece-picker'),
    from: 'this.#picked < this.#randomFirstPieces',
    to: 'this.#picked >= 0',
  },
  {
    name: 'forget a piece that was given back',
    file: engine('pieces/piece-picker'),
    from: '    this.#joined.push(pieceIndex);',
    to: '',
  },
  {
    name: 'pass over the first piece that came back',
    file: engine('pieces/piece-picker'),
    from: 'let i = version - this.#forgotten; i',
    to: 'let i = version - this.#forgotten + 1; i',
  },
  {
    name: 'pass over the first piece that a peer has brought',
    file: engine('pieces/piece-picker'),
    from: 'for (let i = 0; i < holder.newsCount; i++) best',
    to: 'for (let i = 1; i < holder.newsCount; i++) best',
  },
  {
    name: 'wait since the last block for what was asked just now',
    file: engine('requests/request-pipeline'),
    from: 'if (this.asked.length === 0) this.progressMs = nowMs;\n',
    to: '',
  },
  {
    name: 'take a request of ours for a sign of life',
    file: engine('requests/request-pipeline'),
    from: 'if (this.asked.length === 0) this.progressMs = nowMs;',
    to: 'this.progressMs = nowMs;',
  },
  {
    name: 'never end slow start',
    file: engine('requests/request-pipeline'),
    from: 'this.#slowStart = false;\n      this.#lastRate',
    to: 'this.#slowStart = true;\n      this.#lastRate',
  },
  {
    name: 'ask for no more as blocks come',
    file: engine('requests/request-pipeline'),
    from: 'if (this.#slowStart) this.depth = Math.min(this.#askedMax, this.depth + 1);',
    to: '',
  },
  {
    name: 'take kilobytes for blocks',
    file: engine('requests/request-pipeline'),
    from: '(rate * this.#limits.requestQueueSeconds) / this.blockBytes',
    to: '(rate * this.#limits.requestQueueSeconds) / 1000',
  },
  {
    name: 'compare the rate with none',
    file: engine('requests/request-pipeline'),
    from: '      this.#lastRate = rate;\n',
    to: '',
  },
  {
    name: 'let an eighth of what a peer takes wait there',
    file: engine('requests/request-pipeline'),
    from: 'const roomy = reqq - (reqq >> 3);',
    to: 'const roomy = reqq >> 3;',
  },
  {
    name: 'let a peer stay stalled that sends again',
    file: engine('requests/request-pipeline'),
    from: '    this.progressMs = nowMs;\n    this.stalled = false;',
    to: '    this.progressMs = nowMs;',
  },
  {
    name: 'take seconds for milliseconds when a queue is measured',
    file: engine('requests/request-pipeline'),
    from: '(blocks * this.blockBytes * 1000) / rate',
    to: '(blocks * this.blockBytes) / rate',
  },
  {
    name: 'ask on while the disk refuses pieces',
    file: engine('swarm/disk-troubles'),
    from: 'this.#retryMs = Math.max(this.#retryMs, nowMs + forMs);',
    to: 'this.#retryMs = nowMs;',
  },
  {
    name: 'show that a disk is full when it is no more',
    file: engine('swarm/disk-troubles'),
    from: '    this.#refusal = undefined;\n    this.#lossPace',
    to: '    this.#lossPace',
  },
  {
    name: 'tell of a full disk again and again',
    file: engine('swarm/disk-troubles'),
    from: 'const isNews = this.#refusal?.code !== trouble.code;',
    to: 'const isNews = true;',
  },
];
