/**
 * Deliberate bugs in accounts, pace and timers, in what users choose, and in what is said through the extension protocol.
 */
import type { Mutant } from './mutant.ts';

export const habits: readonly Mutant[] = [
  {
    name: 'count what was uploaded twice',
    file: 'client/engine/serving/block-server.ts',
    from: '    this.up.add(bytes.length);\n',
    to: '    this.up.add(2 * bytes.length);\n',
  },
  {
    name: 'tell trackers of wanted bytes alone as downloaded',
    file: 'client/engine/swarm/swarm.ts',
    from: 'downloaded: this.#down.total, left',
    to: 'downloaded: this.#down.total - this.#wasted, left',
  },
  {
    name: 'never say that a download is complete',
    file: 'client/engine/peers/announce-schedule.ts',
    from: 'owed ||= tracker.listsUs && tracker.owesCompleted;',
    to: 'tracker.owesCompleted = false;',
  },
  {
    name: 'ask a tracker that has failed again at once',
    file: 'client/engine/peers/announce-schedule.ts',
    from: 'tracker.notBeforeMs = Math.max(nowMs + waitMs, tracker.toldNotBeforeMs);',
    to: 'tracker.notBeforeMs = Math.min(nowMs + waitMs, tracker.toldNotBeforeMs);',
  },
  {
    name: 'ask trackers once in two intervals',
    file: 'client/engine/peers/announce-schedule.ts',
    from: ': nowMs + intervalMs;',
    to: ': nowMs + 2 * intervalMs;',
  },
  {
    name: 'ask sooner than a tracker allows',
    file: 'client/engine/peers/announce-schedule.ts',
    from: 'let waitMs = this.#minIntervalMs;',
    to: 'let waitMs = this.#minIntervalMs >> 1;',
  },
  {
    name: 'tell only the first tracker that it stops',
    file: 'client/engine/peers/announce-schedule.ts',
    from: 'return this.#listing.filter((tracker) => !tracker.isTakingLeave);\n  }\n\n  /** Requests to one',
    to: 'return this.#listing.slice(0, 1);\n  }\n\n  /** Requests to one',
  },
  {
    name: 'wait no longer after the second failure',
    file: 'client/engine/peers/backoff.ts',
    from: 'n < failures && waitMs < maxMs; n++) waitMs *= 2;',
    to: 'n < failures && waitMs < 0; n++) waitMs *= 2;',
  },
  {
    name: 'wake up too late',
    file: 'client/engine/engine.ts',
    from: 'const tickAtMs = (this.#lastTickMs ?? 0) + limits.tickMs;',
    to: 'const tickAtMs = (this.#lastTickMs ?? 0) + 2 * limits.tickMs;',
  },
  {
    name: 'look at whom a rate limit holds up only with everybody else',
    file: 'client/engine/engine.ts',
    from: 'return throttled.size === 0 ? tickAtMs : Math.min(tickAtMs, this.#throttleMs + limits.throttleMs);',
    to: 'return throttled.size < 0 ? this.#throttleMs : tickAtMs;',
  },
  {
    name: 'never give a dial up',
    file: 'client/engine/connections.ts',
    from: '|| nowMs - sinceMs < limits.dialTimeoutMs) continue;',
    to: '|| sinceMs >= 0) continue;',
  },
  {
    name: 'keep no silent connection open',
    file: 'client/engine/connection/peer-outbox.ts',
    from: 'if (nowMs - this.spokeMs >= this.#context.limits.keepAliveMs) this.#write.keepAlive();',
    to: 'this.spokeMs = Math.max(this.spokeMs, nowMs - 1);',
  },
  {
    name: 'tell seeds of no new piece',
    file: 'client/engine/connection/interest.ts',
    from: 'if (isAll || !this.#holders.has(session, pieceIndex)) session.sendHave(pieceIndex);',
    to: 'if (!isAll && !this.#holders.has(session, pieceIndex)) session.sendHave(pieceIndex);',
  },
  {
    name: 'dial again at once whom nobody answers for',
    file: 'client/engine/peers/peer-directory.ts',
    from: 'record.nextDialMs =\n      nowMs +\n',
    to: 'record.nextDialMs =\n      nowMs -\n',
  },
  {
    name: 'fetch on what is not wanted any more',
    file: 'client/engine/swarm/swarm.ts',
    from: '    this.scheduler.dropUnwanted((pieceIndex) => this.selection.wants(pieceIndex));\n',
    to: '',
  },
  {
    name: 'count what is wanted from before',
    file: 'client/engine/pieces/piece-selection.ts',
    from: '    this.#missingCount = 0;\n    const ledger',
    to: '    const ledger',
  },
  {
    name: 'refuse without a word when it chokes',
    file: 'client/engine/connection/peer-outbox.ts',
    from: 'for (const block of this.uploads.clear()) this.sendReject(block);',
    to: 'this.uploads.clear();',
  },
  {
    name: 'send the first block of the metadata for every one',
    file: 'client/engine/connection/extension-messages.ts',
    from: 'encodeMetadataBlock(infoBytes, message.blockIndex)',
    to: 'encodeMetadataBlock(infoBytes, 0)',
  },
  {
    name: 'answer under our own number of ut_metadata',
    file: 'client/engine/connection/extension-messages.ts',
    from: 'const id = session.extensions?.utMetadataId;',
    to: 'const id = session.extensions && ourExtensionId.utMetadata;',
  },
  {
    name: 'never say that it fetches nothing more',
    file: 'client/engine/swarm/swarm-announces.ts',
    from: "const said = event ?? (isPartialSeed ? 'paused' : undefined);",
    to: 'const said = event;',
  },
];
