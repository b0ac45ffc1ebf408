/**
 * Deliberate bugs in whom the engine knows, shuts out, dials and serves that a swarm seldom meets: found where parts of the
 * engine are played beside their models (test/sim/parts).
 */
import { engine, type Mutant } from './mutant.ts';

export const social: readonly Mutant[] = [
  {
    name: 'shut a household out as long after the second lie as after the first',
    file: engine('peers/host-bans'),
    from: 'before.count + 1;',
    to: 'before.count;',
  },
  {
    name: 'never forget the lies of a household',
    file: engine('peers/host-bans'),
    from: 'before === undefined || before.forgottenMs <= nowMs ? 1 : before.count + 1',
    to: 'before === undefined ? 1 : before.count + 1',
  },
  {
    name: 'let a liar in that comes from another address of its household',
    file: engine('peers/host-bans'),
    from: 'const name = nameOf(household, peerId);',
    to: 'const name = nameOf(host, peerId);',
  },
  {
    name: 'let a peer in from a household that has just lied',
    file: engine('swarm/swarm-peers'),
    from: 'session.incoming && this.#directory.isBannedHost(session.address.host, nowMs);',
    to: 'false;',
  },
  {
    name: 'draw the optimistic peer among all',
    file: engine('serving/choker'),
    from: 'this.#draw(ranked.slice(this.#slots - 1));',
    to: 'this.#draw(ranked);',
  },
  {
    name: 'lend the optimistic slot anew in every round',
    file: engine('serving/choker'),
    from: 'const rotate = (this.#rounds - 1) % this.#limits.optimisticRechokes === 0;',
    to: 'const rotate = this.#rounds > 0;',
  },
  {
    name: 'ask a tracker that is back before the time it has said',
    file: engine('peers/announce-schedule'),
    from: 'Math.min(tracker.notBeforeMs, Math.max(soonMs, tracker.toldNotBeforeMs));',
    to: 'Math.min(tracker.notBeforeMs, soonMs);',
  },
  {
    name: 'take a peer of the same name at another host for the same one',
    file: engine('peers/peer-directory'),
    from: 'const isSameHost = record.address.host === connected.address.host;',
    to: 'const isSameHost = true;',
  },
  {
    name: 'put off a peer with a borrowed name for as long as after one failure',
    file: engine('peers/peer-directory'),
    from: 'record.notBeforeMs = nowMs + this.#limits.redialMaxMs;',
    to: 'record.notBeforeMs = nowMs + this.#limits.redialFirstMs;',
  },
  {
    name: 'lose the part of a byte of a rate limit',
    file: engine('serving/token-bucket'),
    from: 'this.#thousandths = earned % 1000;',
    to: 'this.#thousandths = 0 * earned;',
  },
  {
    name: 'count the whole rest of a second as used when words are short',
    file: engine('connection/message-allowance'),
    from: 'this.#filledMs += seconds * 1_000;',
    to: 'this.#filledMs = nowMs;',
  },
  {
    name: 'lose the end of the queue with the last request',
    file: engine('serving/upload-queue'),
    from: 'if (this.#last === request) this.#last = before;',
    to: 'if (this.#last === request) this.#last = undefined;',
  },
  {
    name: 'replace a peer whose network holds one seat more',
    file: engine('peers/connection-table'),
    from: 'if (surplus >= 2) return true;',
    to: 'if (surplus >= 1) return true;',
  },
  {
    name: 'take an IPv6 network for a household',
    file: engine('peers/address-groups'),
    from: 'ipv6Groups(host, 4)',
    to: 'ipv6Groups(host, 3)',
  },
  {
    name: 'keep the connection that the smaller id dialed',
    file: engine('swarm/swarm-peers'),
    from: 'compareIds(handshake.peerId, ourId) > 0',
    to: 'compareIds(handshake.peerId, ourId) < 0',
  },
  {
    name: 'take a peer that goes at once for one that worked',
    file: engine('swarm/swarm-peers'),
    from: "hasTraded || (lastedMs >= dialTimeoutMs && reason !== 'made-room')",
    to: 'true',
  },
];
