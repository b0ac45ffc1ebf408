/**
 * Deliberate bugs in rare cases of bans, dials, unchokes and replaced connections. Parts of the engine that
 * are played beside their models find them (test/sim/parts).
 */
import { engine, type Mutant } from './mutant.ts';

export const social: readonly Mutant[] = [
  {
    name: 'the ban of a household does not grow with its lies',
    file: engine('peers/host-bans'),
    from: 'before.count + 1;',
    to: 'before.count;',
  },
  {
    name: 'the lies of a household are never forgotten',
    file: engine('peers/host-bans'),
    from: 'before === undefined || before.forgottenMs <= nowMs ? 1 : before.count + 1',
    to: 'before === undefined ? 1 : before.count + 1',
  },
  {
    name: 'a liar at another address of its household is accepted',
    file: engine('peers/host-bans'),
    from: 'const name = nameOf(household, peerId);',
    to: 'const name = nameOf(host, peerId);',
  },
  {
    name: 'a peer of a banned household is accepted',
    file: engine('swarm/swarm-peers'),
    from: 'session.incoming && this.#directory.isBannedHost(session.address.host, nowMs);',
    to: 'false;',
  },
  {
    name: 'the optimistic unchoke is drawn among all peers',
    file: engine('serving/choker'),
    from: 'this.#draw(ranked.slice(this.#slots - 1));',
    to: 'this.#draw(ranked);',
  },
  {
    name: 'the optimistic unchoke changes in every round',
    file: engine('serving/choker'),
    from: 'const rotate = (this.#rounds - 1) % this.#limits.optimisticRechokes === 0;',
    to: 'const rotate = this.#rounds > 0;',
  },
  {
    name: 'a tracker is asked before the time it named',
    file: engine('peers/announce-schedule'),
    from: 'Math.min(tracker.notBeforeMs, Math.max(soonMs, tracker.toldNotBeforeMs));',
    to: 'Math.min(tracker.notBeforeMs, soonMs);',
  },
  {
    name: 'equal peer ids at two hosts count as one peer',
    file: engine('peers/peer-directory'),
    from: 'const isSameHost = record.address.host === connected.address.host;',
    to: 'const isSameHost = true;',
  },
  {
    name: 'a borrowed peer id delays redials only briefly',
    file: engine('peers/peer-directory'),
    from: 'record.notBeforeMs = nowMs + this.#limits.redialMaxMs;',
    to: 'record.notBeforeMs = nowMs + this.#limits.redialFirstMs;',
  },
  {
    name: 'a rate limit drops fractions of a byte',
    file: engine('serving/token-bucket'),
    from: 'this.#thousandths = earned % 1000;',
    to: 'this.#thousandths = 0 * earned;',
  },
  {
    name: 'an empty allowance loses the rest of a second',
    file: engine('connection/message-allowance'),
    from: 'this.#filledMs += seconds * 1_000;',
    to: 'this.#filledMs = nowMs;',
  },
  {
    name: "removing the last request loses the queue's end",
    file: engine('serving/upload-queue'),
    from: 'if (this.#last === request) this.#last = before;',
    to: 'if (this.#last === request) this.#last = undefined;',
  },
  {
    name: 'a surplus of one seat replaces a peer',
    file: engine('peers/connection-table'),
    from: 'if (surplus >= 2) return true;',
    to: 'if (surplus >= 1) return true;',
  },
  {
    name: 'an IPv6 /48 counts as a household',
    file: engine('peers/address-groups'),
    from: 'ipv6Groups(host, 4)',
    to: 'ipv6Groups(host, 3)',
  },
  {
    name: 'the connection of the smaller id is kept',
    file: engine('swarm/swarm-peers'),
    from: 'compareIds(handshake.peerId, ourId) > 0',
    to: 'compareIds(handshake.peerId, ourId) < 0',
  },
  {
    name: 'a peer that leaves at once counts as a success',
    file: engine('swarm/swarm-peers'),
    from: "hasTraded || (lastedMs >= dialTimeoutMs && reason !== 'made-room')",
    to: 'true',
  },
];
