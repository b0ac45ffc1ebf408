/** Deliberate bugs in which peers the engine remembers, dials, accepts and drops, and in its announces. */
import { engine, type Mutant } from './mutant.ts';

export const peers: readonly Mutant[] = [
  {
    name: 'a banned peer stays connected',
    file: engine('swarm/swarm-peers'),
    from: '      if (session.record === record) this.drop(session, reason, nowMs);',
    to: '      if (session.record === undefined) this.drop(session, reason, nowMs);',
  },
  {
    name: 'a ban has no duration',
    file: engine('peers/peer-directory'),
    from: '    record.bannedUntilMs = nowMs + this.#limits.banMs;',
    to: '    record.bannedUntilMs = nowMs;',
  },
  {
    name: 'a connection of the budget leaks',
    file: engine('swarm/swarm-peers'),
    from: "    this.#context.budget.leave(session.connection);\n    this.report({ type: 'peer-dropped'",
    to: "    this.report({ type: 'peer-dropped'",
  },
  {
    name: 'handshakes have no timeout',
    file: engine('connections'),
    from: 'if (session.isOpen || nowMs - session.openedMs < limits.handshakeTimeoutMs) continue;',
    to: 'if (session.isOpen || nowMs - session.openedMs < 1_000 * limits.handshakeTimeoutMs) continue;',
  },
  {
    name: 'a connection to ourselves is accepted',
    file: engine('swarm/swarm-peers'),
    from: 'if (isSameId(handshake.peerId, ourId)) {',
    to: 'if (dialed !== undefined && handshake.peerId.length === 0) {',
  },
  {
    name: 'the peer directory has no limit',
    file: engine('peers/peer-directory'),
    from: 'if (this.#records.size < this.#limits.peersKnownMax) return true;',
    to: 'if (this.#records.size >= 0) return true;',
  },
  {
    name: 'the message allowance has no limit',
    file: engine('connection/message-allowance'),
    from: 'seconds * messagesPerSecond);\n    return this.#words >= 0;',
    to: 'seconds * messagesPerSecond);\n    return true;',
  },
  {
    name: 'completed is announced twice',
    file: engine('peers/announce-schedule'),
    from: 'isDownload && isListed && !tracker.hasHeardCompleted;',
    to: 'isListed;',
  },
  {
    name: 'a torrent without files is announced',
    file: engine('peers/announce-schedule'),
    from: 'if (this.#stopped || this.#suspended || this.#inFlight !== undefined || nowMs < this.#dueMs)',
    to: 'if (this.#stopped || this.#inFlight !== undefined || nowMs < this.#dueMs)',
  },
  {
    name: 'announces go on when the files are gone',
    file: engine('swarm/swarm-peers'),
    from: "    this.#announces.suspend();\n    this.#part('torrent-offline', nowMs);",
    to: "    this.#part('torrent-offline', nowMs);",
  },
  {
    name: 'peers are accepted while the files are gone',
    file: engine('swarm/swarm-peers'),
    from: "    if (this.isOffline) return 'torrent-offline';\n",
    to: '',
  },
  {
    name: 'a restarted tracker is taken for the old one',
    file: engine('peers/announce-schedule'),
    from: 'if (tracker.memoryId === undefined || tracker.memoryId === memoryId) return;',
    to: 'if (tracker.memoryId === undefined || tracker.memoryId !== memoryId) return;',
  },
  {
    name: 'a restarted tracker gets no started event',
    file: engine('peers/announce-schedule'),
    from: '    tracker.memoryId = undefined;\n    tracker.listsUs = false;\n',
    to: '    tracker.memoryId = undefined;\n',
  },
  {
    name: 'a restarted tracker is announced to late',
    file: engine('peers/announce-schedule'),
    from: 'const soonMs = nowMs + this.#random',
    to: 'const soonMs = nowMs + 100 * this.#random',
  },
  {
    name: 'a restarted tracker is announced to early',
    file: engine('peers/announce-schedule'),
    from: 'Math.min(this.#dueMs, Math.max(soonMs, this.#lastMs + this.#minIntervalMs));',
    to: 'Math.min(this.#dueMs, soonMs);',
  },
  {
    name: "a snapshot's first leecher counts as a seed",
    file: 'tracker/registry/snapshot.ts',
    from: 'isSeed: index < seeds,',
    to: 'isSeed: index <= seeds,',
  },
  {
    name: 'peers of a snapshot count as just announced',
    file: 'tracker/registry.ts',
    from: 'const seenSeconds = toSeconds(nowMs) - silentSeconds;',
    to: 'const seenSeconds = toSeconds(nowMs);',
  },
];
