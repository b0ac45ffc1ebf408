/** Of the engine and the wire. */
import type { Unreached } from './entry.ts';

const guard = 'our own bug if it happens';
const twice = 'guards a second call for one connection, which the first has ended';
const loopback = 'peers on one machine at 127.0.0.1: hosts of a run have addresses of their own';
const noTable = 'a table of thousands that is full: runs have some dozens of peers';
const beforeThat =
  'no piece is known of a magnet, and the session answers for it: never called, and its type wants it';
const forTests = 'for tests that look at the table';

export const engineUnreached: readonly Unreached[] = [
  {
    file: 'client/engine/peers/announce-schedule.ts',
    branches: {
      'if (tracker === undefined || tracker.isTakingLeave) return undefined':
        'offline and back before a farewell is answered; test/engine/swarm/offline.test.ts',
      "retryInSeconds === 'never' ? Number.MAX_SAFE_INTEGER":
        'a tracker that will not have the torrent: then no peers meet there; test/engine/peers/announce-schedule.test.ts',
      'if (tracker !== this.#working) return':
        'a tracker that is not the one in use has forgotten us: it is asked when its turn comes',
      'if (this.#suspended || this.#stopped) return []': 'offline twice; test/engine/swarm/offline.test.ts',
    },
  },
  {
    file: 'client/engine/serving/block-server.ts',
    branches: {
      'get readCount(): number {': 'for mutants and those who inspect an engine',
      'if (!session.uploads.add(block)) {':
        'a queue that is full while its peer is unchoked; test/engine/connection/violations.test.ts',
      'session.uploads.dropPieces((pieceIndex) => pieces.has(pieceIndex))':
        'a piece is lost while a block of it is read: some milliseconds; test/engine/swarm/lost-pieces.test.ts',
      'pieces.has(pieceIndex))) session.sendReject(block)':
        'a piece is lost while a block of it is read: some milliseconds; test/engine/swarm/lost-pieces.test.ts',
    },
  },
  {
    file: 'client/engine/connection/client-name.ts',
    branches: {
      "if (digit >= 'a') break": 'a version that begins with a small letter; test/cli/client-name.test.ts',
    },
  },
  {
    file: 'client/engine/peers/dial-queue.ts',
    branches: {
      'if (includeSeeds && this.#unwantedSeeds.size > 0) return true':
        'a complete peer that wants more again, and remembers seeds it has not dialed; test/engine/peers/peer-directory.test.ts',
      'for (const seed of this.#unwantedSeeds) this.#place(seed, 0, nowMs)':
        'a complete peer that wants more again, and remembers seeds it has not dialed; test/engine/peers/peer-directory.test.ts',
    },
  },
  {
    file: 'client/engine/swarm/disk-troubles.ts',
    branches: {
      'if (lost.size === 0) return':
        'a piece is lost that is not here; test/engine/swarm/lost-pieces.test.ts',
      'if (peers.isOffline) return false': 'offline twice; test/engine/swarm/offline.test.ts',
      'scheduler.dropUnwanted(() => false)':
        'a folder that goes while a piece is fetched: the simulated disk loses pieces then; test/engine/swarm/offline.test.ts',
      'if (!peers.isOffline) return': 'online twice; test/engine/swarm/offline.test.ts',
    },
  },
  {
    file: 'client/engine/requests/duplicate-requests.ts',
    branches: {
      'if (room <= 0) return': 'a peer that is idle has room in its queue: the guard is for limits of none',
      'slow.gone || slow.pipeline.asked.length === 0) continue':
        'the slowest leaves, or is taken over, while the list is walked',
      'if (ours.includes(asked[i]!)) continue':
        'a block that two slow peers owe, copied from the first of them',
      'if (knownRate !== undefined && msFor(bytesLeft, knownRate) * 2 > theirMs) return false':
        'a piece that only one slow peer may send, and a helper no faster; test/engine/tables/small-queues.test.ts takes one over',
      'if (this.#sessions.size > rankedAfreshMax &&':
        'more peers at the end than runs have; test/bench has hundreds',
      'if (queueRoom <= 0) return':
        'the fastest has no room left when a deadline nears; test/engine/tables/small-queues.test.ts',
    },
  },
  {
    file: 'client/engine/engine.ts',
    branches: {
      'const tickAtMs = (this.#lastTickMs ?? 0)':
        'asked for its alarm before its first fact: the driver asks after',
      'dirty[i]!.isNotReading ? this.#sessions.get(':
        'a peer that asks and reads nothing: actors of a run take what comes; test/engine/swarm/bad-days.test.ts',
      "this.#close(session, 'not-reading', nowMs)":
        'a peer that asks and reads nothing: actors of a run take what comes; test/engine/swarm/bad-days.test.ts',
      'return swarm instanceof MetadataSwarm ? swarm : undefined':
        'a check of metadata that ends after its magnet was stopped; test/engine/swarm/metadata-swarm.test.ts',
      'if (!incoming && swarm === undefined) return':
        'a dial succeeds in the moment in which its torrent stops: the simulated host has closed it',
      'if (session === undefined || session.gone) return':
        'bytes of a connection that was closed: the simulated host hands on none',
    },
  },
  {
    file: 'client/engine/connection/extension-handshake.ts',
    branches: {
      'if (error instanceof BencodeError) return undefined; throw error': `${guard}: the reader throws nothing else`,
    },
  },
  {
    file: 'client/engine/connection/extension-voice.ts',
    branches: {
      'const blockCount = infoBytes === undefined ? 0':
        'a torrent whose info dictionary is not here, asked for it: those of a run have it',
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
    file: 'client/engine/peers/host-bans.ts',
    branches: {
      'if (isLoopbackHost(host)) return': `${loopback}; test/engine/peers/host-bans.test.ts`,
      'this.#households.size >= peersKnownMax) this.#households.clear()': `${noTable}; test/engine/peers/host-bans.test.ts`,
    },
  },
  {
    file: 'client/engine/connection/interest.ts',
    branches: {
      'this.#untold = this.#untold.filter((pieceIndex) => !lost.has(pieceIndex))':
        'a piece is lost before others are told of it: a tick; test/engine/swarm/lost-pieces.test.ts',
    },
  },
  {
    file: 'client/engine/limits.ts',
    branches: { 'if (broken !== undefined) throw new Error(': `${guard}; draws leave such limits out` },
  },
  {
    file: 'client/engine/swarm/lost-pieces.ts',
    branches: {
      'const toldAt = this.#toldAt.get(session) ?? 0': `${guard}: each session is told what we have when it begins`,
    },
  },
  {
    file: 'client/engine/connection/message-allowance.ts',
    branches: {
      'this.#limits.blindHavesMax || this.spend(1, nowMs)':
        'more haves to a magnet than a torrent may have pieces; test/engine/connection/violations.test.ts has a hundred thousand',
    },
  },
  {
    file: 'client/engine/connection/metadata-exchange.ts',
    branches: {
      'if (error instanceof BencodeError) return undefined; throw error': `${guard}: the reader throws nothing else`,
    },
  },
  {
    file: 'client/engine/swarm/metadata-swarm.ts',
    branches: {
      'if (this.peers.stopping) return': `${guard}: a swarm that is stopped has no ticks`,
      "this.peers.drop(session, 'silent', nowMs)":
        'two silent minutes of a peer of a magnet: it is given up sooner, when it owes metadata',
      'session.sendPieces(0, 1, () => new Uint8Array(0))':
        'a bitfield of nothing: with the fast extension it is a `have none`, without it nothing is said',
      'if (this.#isFound) return':
        'found, and a peer comes before the magnet is stopped; test/engine/swarm/metadata-swarm.test.ts',
      'if (checked === undefined || this.peers.stopping) return':
        'the user stops the magnet while metadata is checked; test/engine/swarm/metadata-swarm.test.ts',
      'onPieces(): void {}': beforeThat,
      'onHave(): void {}': beforeThat,
      'onPeerChoking(): void {}': beforeThat,
      'onPeerInterested(): void {}': beforeThat,
      'onCancel(): void {}': beforeThat,
      'onReject(): undefined {}': beforeThat,
      'onBlock(): void {}': beforeThat,
      'onRequest(): undefined {}': beforeThat,
      'onBlockStart(): undefined {}': beforeThat,
    },
  },
  {
    file: 'client/engine/peers/own-addresses.ts',
    branches: {
      'if (this.#keys.size > addressesMax) this.#keys.delete(':
        'more than 64 own addresses: hosts of a run have two',
    },
  },
  {
    file: 'client/engine/peers/peer-directory.ts',
    branches: {
      'this.#dials.size > 2 * this.#limits.peersKnownMax) this.#rebuildDials(nowMs)': noTable,
      'this.#records.has(record.key) || this.#makeRoom(nowMs, true)': `${noTable}, and a liar in it that came to us; test/engine/peers/peer-directory.test.ts`,
      'if (!record.dialable) break': `${noTable}, with peers in it that came to us`,
    },
  },
  {
    file: 'client/engine/connection/peer-pieces.ts',
    branches: {
      'countOnes(bits[i]! & (have[i] ?? 0))': `${guard}: both have a bit for each piece`,
      'if (this.newsCount === newsMax) return this.lookAgain()':
        'more news of one peer than a drawn torrent has pieces; test/engine/pieces/selection.test.ts has news',
    },
  },
  {
    file: 'client/engine/connection/peer-session.ts',
    branches: {
      "if (message.type === 'have') return this.onHave(message.index)":
        'the decoder hands on each `have` by itself',
      "this.ended : 'too-many-messages'":
        'more haves to a magnet than a torrent may have pieces; test/engine/connection/violations.test.ts has a hundred thousand',
      "if (this.#geometry === undefined) return 'block-unasked'":
        'a block for a magnet: actors send blocks to those who have the torrent',
    },
  },
  {
    file: 'client/engine/connection/peer-voice.ts',
    branches: { 'if (this.amChoking === choking) return': 'told again what it was told: callers look first' },
  },
  {
    file: 'client/engine/pieces/piece-holders.ts',
    branches: {
      'if (holder.seat === absent) return':
        'a peer that has nothing loses something; test/engine/pieces/piece-holders.test.ts',
      'this.#bits[piece * this.#wordsPerPiece + word] = before[':
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
    file: 'client/engine/tables/id-table.ts',
    branches: {
      'get capacity(): number {': `${forTests}; test/engine/tables/small-tables.test.ts`,
      'if (this.#ids[hole] === absent) return undefined':
        'an answer that is not awaited; test/engine/tables/small-tables.test.ts',
      'this.#ids[hole] = this.#ids[at]!':
        'reads beside each other in a table that is half full; test/engine/tables/small-tables.test.ts',
      'this.#ids[place] !== absent) place = (place + 1) & this.#mask':
        'reads beside each other in a table that is half full; test/engine/tables/small-tables.test.ts',
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
      'if (!session.pipeline.giveUp(key)) return': `${guard}: callers name what was asked`,
    },
  },
  {
    file: 'client/engine/peers/shared-budget.ts',
    branches: {
      'isLoopbackHost(host) ? halfOpenMax': `${loopback}; test/host/network/hostile-crowd.test.ts`,
      'if (sitting === undefined) return': twice,
      'if (isLoopbackHost(host)) return': `${loopback}; test/host/network/hostile-crowd.test.ts`,
      'if (this.#putOff.size >= peersKnownMax) this.#putOff.delete(': noTable,
    },
  },
  {
    file: 'client/engine/requests/stranger-trials.ts',
    branches: {
      'nowMs >= this.#nextMs || !this.#isServed':
        'so many liars that strangers wait: a run has three foes; test/engine/requests/stranger-trials.test.ts',
      'this.#nextMs = nowMs + this.#gapMs':
        'so many liars that strangers wait: a run has three foes; test/engine/requests/stranger-trials.test.ts',
    },
  },
  {
    file: 'client/engine/swarm/swarm-peers.ts',
    branches: {
      'if (record === undefined) return': twice,
      'if (!this.sessions.has(session.connection)) return': twice,
      'if (!this.sessions.delete(session.connection)) return': twice,
      'if (this.stopping) return':
        'a tracker answers after the torrent is stopped: the engine has let go of it by then',
    },
  },
  {
    file: 'client/engine/swarm/swarm.ts',
    branches: {
      'if (spec.priorities !== undefined) this.#orderCandidates()':
        'a choice that is made before the start: users of a run choose later; test/engine/pieces/selection.test.ts',
      'if (this.peers.stopping) return': `${guard}: a swarm that is stopped has no ticks`,
      "session.pipeline.rejects > this.#context.limits.rejectsMax ? 'too-many-rejects'":
        'dozens of refusals of one peer: a drawn torrent has few blocks; test/engine/connection/violations.test.ts',
    },
  },
  {
    file: 'client/engine/serving/upload-queue.ts',
    branches: {
      'if (this.#waitingCount >= this.#limits.uploadQueueMax) return false':
        'a queue that is full while its peer is unchoked; test/engine/serving/upload-queue.test.ts',
      'dropped.push(request.block); this.#remove(request, before)':
        'a piece is lost while a block of it is read: some milliseconds; test/engine/swarm/lost-pieces.test.ts',
    },
  },
  {
    file: 'client/wire/decoder.ts',
    branches: {
      'if (stop !== undefined) return this.#stop(stop)':
        'sessions end at the head of a block, and not within it or at its end; test/wire/decoder-door.test.ts',
    },
  },
  {
    file: 'client/wire/handshake.ts',
    branches: {
      'fast: ((bytes[27] ?? 0) & 0x04)': `${guard}: there are exactly 68 bytes`,
      'extended: ((bytes[25] ?? 0) & 0x10)': `${guard}: there are exactly 68 bytes`,
    },
  },
];
