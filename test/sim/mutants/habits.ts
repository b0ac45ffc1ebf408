/** Deliberate bugs in announces, statistics, timers, selections and the extension protocol. */
import type { Mutant } from './mutant.ts';

export const habits: readonly Mutant[] = [
  {
    name: 'uploaded bytes count twice',
    file: 'client/engine/serving/block-server.ts',
    from: '    this.up.add(bytes.length);\n',
    to: '    this.up.add(2 * bytes.length);\n',
  },
  {
    name: 'wasted bytes do not count as downloaded',
    file: 'client/engine/swarm/swarm.ts',
    from: 'downloaded: this.#down.total, left',
    to: 'downloaded: this.#down.total - this.#receiver.wastedBytes, left',
  },
  {
    name: 'no completed event is announced',
    file: 'client/engine/peers/announce-schedule.ts',
    from: 'owed ||= tracker.listsUs && tracker.owesCompleted;',
    to: 'tracker.owesCompleted = false;',
  },
  {
    name: 'a failed tracker is announced to without backoff',
    file: 'client/engine/peers/announce-schedule.ts',
    from: 'tracker.notBeforeMs = Math.max(nowMs + waitMs, tracker.toldNotBeforeMs);',
    to: 'tracker.notBeforeMs = Math.min(nowMs + waitMs, tracker.toldNotBeforeMs);',
  },
  {
    name: 'trackers are announced to every second interval',
    file: 'client/engine/peers/announce-schedule.ts',
    from: ': nowMs + intervalMs;',
    to: ': nowMs + 2 * intervalMs;',
  },
  {
    name: 'an announce comes before the minimum interval',
    file: 'client/engine/peers/announce-schedule.ts',
    from: 'let waitMs = this.#minIntervalMs;',
    to: 'let waitMs = this.#minIntervalMs >> 1;',
  },
  {
    name: 'only the first tracker gets a stopped event',
    file: 'client/engine/peers/announce-schedule.ts',
    from: 'return this.#listing.filter((tracker) => !tracker.isTakingLeave);\n  }\n\n  /** Requests to one',
    to: 'return this.#listing.slice(0, 1);\n  }\n\n  /** Requests to one',
  },
  {
    name: 'backoff does not grow',
    file: 'client/engine/peers/backoff.ts',
    from: 'n < failures && waitMs < maxMs; n++) waitMs *= 2;',
    to: 'n < failures && waitMs < 0; n++) waitMs *= 2;',
  },
  {
    name: 'the engine wakes up a tick late',
    file: 'client/engine/engine.ts',
    from: 'const tickAtMs = (this.#lastTickMs ?? 0) + limits.tickMs;',
    to: 'const tickAtMs = (this.#lastTickMs ?? 0) + 2 * limits.tickMs;',
  },
  {
    name: 'throttled peers wait for the usual tick',
    file: 'client/engine/engine.ts',
    from: 'return throttled.size === 0 ? tickAtMs : Math.min(tickAtMs, this.#throttleMs + limits.throttleMs);',
    to: 'return throttled.size < 0 ? this.#throttleMs : tickAtMs;',
  },
  {
    name: 'dials have no timeout',
    file: 'client/engine/connections.ts',
    from: '|| nowMs - sinceMs < limits.dialTimeoutMs) continue;',
    to: '|| sinceMs >= 0) continue;',
  },
  {
    name: 'no keep-alive is sent',
    file: 'client/engine/connection/peer-outbox.ts',
    from: 'if (nowMs - this.spokeMs >= this.#context.limits.keepAliveMs) this.#write.keepAlive();',
    to: 'this.spokeMs = Math.max(this.spokeMs, nowMs - 1);',
  },
  {
    name: 'seeds get no have',
    file: 'client/engine/connection/interest.ts',
    from: 'if (isAll || !this.#holders.has(session, pieceIndex)) session.sendHave(pieceIndex);',
    to: 'if (!isAll && !this.#holders.has(session, pieceIndex)) session.sendHave(pieceIndex);',
  },
  {
    name: 'an unanswered dial is repeated without backoff',
    file: 'client/engine/peers/peer-directory.ts',
    from: 'record.nextDialMs =\n      nowMs +\n',
    to: 'record.nextDialMs =\n      nowMs -\n',
  },
  {
    name: 'unwanted pieces are fetched to the end',
    file: 'client/engine/swarm/swarm.ts',
    from: '    this.scheduler.dropUnwanted((pieceIndex) => this.selection.wants(pieceIndex));\n',
    to: '',
  },
  {
    name: 'a new selection adds to the old missing count',
    file: 'client/engine/pieces/piece-selection.ts',
    from: '    this.#missingCount = 0;\n    const ledger',
    to: '    const ledger',
  },
  {
    name: 'a choke sends no rejects',
    file: 'client/engine/connection/peer-outbox.ts',
    from: 'for (const block of this.uploads.clear()) this.sendReject(block);',
    to: 'this.uploads.clear();',
  },
  {
    name: 'every metadata request gets the first block',
    file: 'client/engine/connection/extension-messages.ts',
    from: 'encodeMetadataBlock(infoBytes, message.blockIndex)',
    to: 'encodeMetadataBlock(infoBytes, 0)',
  },
  {
    name: 'metadata is sent under our own extension number',
    file: 'client/engine/connection/extension-messages.ts',
    from: 'const id = session.extensions?.utMetadataId;',
    to: 'const id = session.extensions && ourExtensionId.utMetadata;',
  },
  {
    name: 'a partial seed does not announce paused',
    file: 'client/engine/swarm/swarm-announces.ts',
    from: "const said = event ?? (isPartialSeed ? 'paused' : undefined);",
    to: 'const said = event;',
  },
];
