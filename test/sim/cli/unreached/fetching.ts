/** Branches that fetch: pieces and requests. */
import type { Unreached } from './entry.ts';

const guard = 'only a bug of Cicada could cause it';
const forTests = 'for tests that inspect the table';

export const fetchingUnreached: readonly Unreached[] = [
  {
    file: 'client/engine/requests/block-receiver.ts',
    branches: {
      "source.pipeline.rejects > this.#context.limits.rejectsMax ? 'too-many-rejects'":
        'dozens of refusals of one peer: a drawn torrent has few blocks; test/engine/connection/violations.test.ts',
    },
  },
  {
    file: 'client/engine/requests/duplicate-requests.ts',
    branches: {
      'if (room <= 0) return': 'a peer that is idle has room in its queue: the guard is for limits of none',
      'if (slow === helper || slow.pipeline.asked.length === 0) continue':
        'the slowest leaves, or is taken over, while the list is walked',
      'if (ours.includes(key)) continue': 'a block that two slow peers owe, copied from the first of them',
      'if (knownRate !== undefined && msFor(bytesLeft, knownRate) * 2 > theirMs) return false':
        'a piece that only one slow peer may send, and a helper no faster; test/engine/tables/small-queues.test.ts takes one over',
      'if (this.#sources.size > rankedAfreshMax &&':
        'more peers at the end than runs have; test/bench has hundreds',
      'if (queueRoom <= 0) return':
        'the fastest has no room left when a deadline nears; test/engine/tables/small-queues.test.ts',
    },
  },
  {
    file: 'client/engine/pieces/fetching-piece.ts',
    branches: {
      'if (spare.size >= sparesMax) spare.clear()':
        'torrents with pieces of as many lengths as are kept for use again: a run has three',
      'return this.#blocks[this.blockCount + blockIndex] ?? 0': `${guard}: a block of the piece has a place in it`,
      'if (this.freeCount === 0) return undefined':
        'callers look at the count first; test/engine/pieces/piece-ledger.test.ts',
    },
  },
  {
    file: 'client/engine/pieces/piece-holders.ts',
    branches: {
      'if (holder.seat === absent) return':
        'a peer that has nothing loses something; test/engine/pieces/piece-holders.test.ts',
      'this.#bits.set(before.subarray(piece':
        'more than 32 peers with one torrent; test/engine/pieces/piece-holders.test.ts',
    },
  },
  {
    file: 'client/engine/pieces/piece-ledger.ts',
    branches: {
      'pieceCount <= 0xffff ? new Uint16Array(pieceCount)':
        'a torrent of more than 65,535 pieces: runs have some dozens, giants some thousands',
      'if (!holds) throw new Error(': `${guard}; test/engine/pieces/piece-ledger.test.ts`,
    },
  },
  {
    file: 'client/engine/pieces/piece-picker.ts',
    branches: {
      'if (this.#joined.length >= joinedMax) this.#forgetJoined(0)':
        'more pieces that come back than a drawn torrent has',
      'if (byPriority !== 0) return byPriority > 0 ? other : best':
        'news of two priorities at once; test/engine/pieces/selection.test.ts has each alone',
      'if (this.sequential) return other < best ? other : best':
        'two pieces of news in the order of the torrent; test/engine/pieces/selection.test.ts has each alone',
    },
  },
  {
    file: 'client/engine/pieces/piece-queue.ts',
    branches: { 'get size(): number {': `${forTests}; test/engine/pieces/piece-queue.test.ts` },
  },
  {
    file: 'client/engine/pieces/piece-selection.ts',
    branches: {
      'this.#priorities?.[pieceIndex] ?? priorityDefault': 'users of a run choose for all pieces at once',
      'if (!this.wants(pieceIndex)) return':
        'a piece is not wanted any more when it is stored; test/engine/pieces/selection.test.ts',
    },
  },
  {
    file: 'client/engine/requests/request-pipeline.ts',
    branches: {
      'if (at < 0) return false': 'given up twice; test/engine/requests/request-pipeline.test.ts',
    },
  },
  {
    file: 'client/engine/requests/request-scheduler.ts',
    branches: {
      'if (wasPaused !== false) return this.fillAll(nowMs)':
        'a full disk that takes a piece: the simulated one takes none until it has room; test/engine/swarm/bad-days.test.ts',
      'if (piece === undefined) return':
        'a refusal, or a request that is taken back, of a piece that is here already: requests for it were taken back then',
    },
  },
  {
    file: 'client/engine/requests/open-pieces.ts',
    branches: {
      'if (!source.pipeline.giveUp(key)) return': `${guard}: callers name what was asked`,
    },
  },
  {
    file: 'client/engine/requests/source-pieces.ts',
    branches: {
      'if (this.newsCount === newsMax) return this.lookAgain()':
        'more news of one peer than a drawn torrent has pieces; test/engine/pieces/selection.test.ts has news',
    },
  },
  {
    file: 'client/engine/requests/unproven-seed-limiter.ts',
    branches: {
      'nowMs >= this.#nextMs || !this.#isServed':
        'so many liars that strangers wait: a run has three foes; test/engine/requests/unproven-seed-limiter.test.ts',
      'this.#nextMs = nowMs + this.#gapMs':
        'so many liars that strangers wait: a run has three foes; test/engine/requests/unproven-seed-limiter.test.ts',
    },
  },
];
