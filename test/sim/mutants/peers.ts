/**
 * Deliberate bugs in whom the engine knows, dials, lets in and lets go, and in what it tells trackers.
 */
import { engine, type Mutant } from './mutant.ts';

export const peers: readonly Mutant[] = [
  {
    name: 'keep a banned peer',
    file: engine('swarm/swarm-peers'),
    from: '      if (session.record === record) this.drop(session, reason, nowMs);',
    to: '      if (session.record === undefined) this.drop(session, reason, nowMs);',
  },
  {
    name: 'forget a ban',
    file: engine('peers/peer-directory'),
    from: '    record.bannedUntilMs = nowMs + this.#limits.banMs;',
    to: '    record.bannedUntilMs = nowMs;',
  },
  {
    name: 'leak a connection of the budget',
    file: engine('swarm/swarm-peers'),
    from: "    this.#context.budget.leave(session.connection);\n    this.report({ type: 'peer-dropped'",
    to: "    this.report({ type: 'peer-dropped'",
  },
  {
    name: 'wait for ever for a handshake',
    file: engine('connections'),
    from: 'if (session.isOpen || nowMs - session.openedMs < limits.handshakeTimeoutMs) continue;',
    to: 'if (session.isOpen || nowMs - session.openedMs < 1_000 * limits.handshakeTimeoutMs) continue;',
  },
  {
    name: 'take an echo of ourselves for a peer',
    file: engine('swarm/swarm-peers'),
    from: 'if (isSameId(handshake.peerId, ourId)) {',
    to: 'if (dialed !== undefined && handshake.peerId.length === 0) {',
  },
  {
    name: 'know more addresses than there is room for',
    file: engine('peers/peer-directory'),
    from: 'if (this.#records.size < this.#limits.peersKnownMax) return true;',
    to: 'if (this.#records.size >= 0) return true;',
  },
  {
    name: 'let a peer talk without end',
    file: engine('connection/message-allowance'),
    from: 'seconds * messagesPerSecond);\n    return this.#words >= 0;',
    to: 'seconds * messagesPerSecond);\n    return true;',
  },
  {
    name: 'tell once more that a download is complete',
    file: engine('peers/announce-schedule'),
    from: 'isDownload && isListed && !tracker.hasHeardCompleted;',
    to: 'isListed;',
  },
  {
    name: 'announce a torrent whose files are gone',
    file: engine('peers/announce-schedule'),
    from: 'if (this.#stopped || this.#suspended || this.#inFlight !== undefined || nowMs < this.#dueMs)',
    to: 'if (this.#stopped || this.#inFlight !== undefined || nowMs < this.#dueMs)',
  },
  {
    name: 'tell no tracker that the files are gone',
    file: engine('swarm/swarm-peers'),
    from: "    this.#announces.suspend();\n    this.#part('torrent-offline', nowMs);",
    to: "    this.#part('torrent-offline', nowMs);",
  },
  {
    name: 'take peers in while the files are gone',
    file: engine('swarm/swarm-peers'),
    from: "    if (this.isOffline) return 'torrent-offline';\n",
    to: '',
  },
  {
    name: 'take a tracker that has forgotten us for one that knows us',
    file: engine('peers/announce-schedule'),
    from: 'if (tracker.memoryId === undefined || tracker.memoryId === memoryId) return;',
    to: 'if (tracker.memoryId === undefined || tracker.memoryId !== memoryId) return;',
  },
  {
    name: 'not say `started` to a tracker that has forgotten us',
    file: engine('peers/announce-schedule'),
    from: '    tracker.memoryId = undefined;\n    tracker.listsUs = false;\n',
    to: '    tracker.memoryId = undefined;\n',
  },
  {
    name: 'come back to a tracker long after it is back',
    file: engine('peers/announce-schedule'),
    from: 'const soonMs = nowMs + this.#random',
    to: 'const soonMs = nowMs + 100 * this.#random',
  },
  {
    name: 'come back to a tracker sooner than it allows',
    file: engine('peers/announce-schedule'),
    from: 'Math.min(this.#dueMs, Math.max(soonMs, this.#lastMs + this.#minIntervalMs));',
    to: 'Math.min(this.#dueMs, soonMs);',
  },
  {
    name: 'take a leecher of a snapshot for a seed',
    file: 'tracker/registry/snapshot.ts',
    from: 'isSeed: index < seeds,',
    to: 'isSeed: index <= seeds,',
  },
  {
    name: 'take peers of a snapshot for such as have just announced',
    file: 'tracker/registry.ts',
    from: 'const seenSeconds = toSeconds(nowMs) - silentSeconds;',
    to: 'const seenSeconds = toSeconds(nowMs);',
  },
];
