/** Branches of the wire protocol and of the engine, except those that fetch. */
import type { Unreached } from './entry.ts';

const guard = 'only a bug of Cicada could cause it';
const twice = 'guards against a second call for a connection that the first call ended';
const loopback = 'peers at loopback addresses: hosts of a run have other addresses';
const noTable = 'a full table of thousands of peers: runs have some dozens';
const beforeThat = 'never called for a magnet, which knows no pieces: the interface requires it';
const forTests = 'for tests that inspect the table';

export const engineUnreached: readonly Unreached[] = [
  {
    file: 'client/engine/peers/announce-schedule.ts',
    branches: {
      'if (tracker === undefined || tracker.isTakingLeave) return undefined':
        'offline and back before a farewell is answered; test/engine/swarm/offline.test.ts',
      "retryInSeconds === 'never' ? Number.MAX_SAFE_INTEGER":
        'a tracker that refuses the torrent, where no peers could meet; test/engine/peers/announce-schedule.test.ts',
      'if (tracker !== this.#working) return':
        'a tracker that is not the one in use has forgotten us: it is asked when its turn comes',
      'if (this.#suspended || this.#stopped) return []': 'offline twice; test/engine/swarm/offline.test.ts',
    },
  },
  {
    file: 'client/engine/serving/block-server.ts',
    branches: {
      'get readCount(): number {': 'for mutants and those who inspect an engine',
      'if (!session.onAsked(block)) {':
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
    file: 'client/engine/engine.ts',
    branches: {
      'const tickAtMs = (this.#lastTickMs ?? 0)':
        'asked for its alarm before its first fact: the driver asks after',
      'if (toFlush[i]!.isNotReading) this.#connections.closeNotReading(':
        'a peer that requests and reads nothing: actors of a run read all; test/engine/swarm/bad-days.test.ts',
    },
  },
  {
    file: 'client/engine/tables/swarm-table.ts',
    branches: {
      'return swarm instanceof MetadataSwarm ? swarm : undefined':
        'a check of metadata that ends after its magnet was stopped; test/engine/swarm/metadata-swarm.test.ts',
    },
  },
  {
    file: 'client/engine/connections.ts',
    branches: {
      "if (session !== undefined) this.close(session, 'not-reading', nowMs)":
        'a peer that requests and reads nothing: actors of a run read all; test/engine/swarm/bad-days.test.ts',
      'if (!incoming && dialer === undefined) return':
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
    file: 'client/engine/connection/extension-messages.ts',
    branches: {
      'const blockCount = infoBytes === undefined ? 0':
        'a torrent whose info dictionary is not here, asked for it: those of a run have it',
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
    },
  },
  {
    file: 'client/engine/connection/peer-session.ts',
    branches: {
      "if (message.type === 'have') return this.onHave(message.index)":
        'the decoder hands on each `have` by itself',
      "this.ended : 'too-many-messages'":
        'more haves to a magnet than a torrent may have pieces; test/engine/connection/violations.test.ts has a hundred thousand',
      "if (this.#swarm === undefined || this.#geometry === undefined) return 'block-unasked'":
        'a block for a magnet: actors send blocks to those who have the torrent',
    },
  },
  {
    file: 'client/engine/connection/peer-outbox.ts',
    branches: {
      'if (this.amChoking === choking) return': 'the peer has that choke state already: callers check first',
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
    file: 'client/engine/peers/shared-budget.ts',
    branches: {
      'isLoopbackHost(host) ? halfOpenMax': `${loopback}; test/host/network/hostile-crowd.test.ts`,
      'if (sitting === undefined) return': twice,
      'if (isLoopbackHost(host)) return': `${loopback}; test/host/network/hostile-crowd.test.ts`,
      'if (this.#putOff.size >= peersKnownMax) this.#putOff.delete(': noTable,
    },
  },
  {
    file: 'client/engine/swarm/swarm-peers.ts',
    branches: {
      'if (record === undefined) return': twice,
      'if (!this.sessions.has(session.connection)) return': twice,
      'if (!this.sessions.delete(session.connection)) return': twice,
    },
  },
  {
    file: 'client/engine/swarm/swarm-announces.ts',
    branches: {
      'if (this.#peers.stopping) return':
        'a tracker answers after the torrent is stopped: the engine has removed it by then',
    },
  },
  {
    file: 'client/engine/swarm/swarm.ts',
    branches: {
      'if (spec.priorities !== undefined) this.#orderCandidates()':
        'a choice that is made before the start: users of a run choose later; test/engine/pieces/selection.test.ts',
      'if (this.peers.stopping) return': `${guard}: a swarm that is stopped has no ticks`,
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
