/**
 * Deliberate bugs in the tracker’s registry: who is listed, counted and told.
 */
import type { Mutant } from './mutant.ts';

export const registry: readonly Mutant[] = [
  {
    name: 'tell the first of a stretch of itself',
    file: 'tracker/registry/peer-selection.ts',
    from: 'const ownInside = own >= 0 && own < length;',
    to: 'const ownInside = own > 0 && own < length;',
  },
  {
    name: 'tell of no peers beyond the end of a stretch',
    file: 'tracker/registry/peer-selection.ts',
    from: 'left > 0 && round < 2; round++',
    to: 'left > 0 && round < 1; round++',
  },
  {
    name: 'name the same peers first, always',
    file: 'tracker/registry/peer-selection.ts',
    from: 'let skip = count < available ? random(available) : 0;',
    to: 'let skip = count < 0 ? random(available) : 0;',
  },
  {
    name: 'tell partial seeds of seeds',
    file: 'tracker/registry/peer-selection.ts',
    from: 'const seeds = asker.isSeed ? []',
    to: 'const seeds = asker.mayBeMagnet ? []',
  },
  {
    name: 'keep a seed listed that has stopped',
    file: 'tracker/registry.ts',
    from: '      if (slot !== undefined) this.#remove(slot);\n      return this.#reply(swarm, noPeers',
    to: '      if (slot !== undefined && !this.#peers.isSeed(slot)) this.#remove(slot);\n      return this.#reply(swarm, noPeers',
  },
  {
    name: 'count a download each time it is said',
    file: 'tracker/registry.ts',
    from: 'isSeed && !wasSeed) swarm.downloaded',
    to: 'isSeed) swarm.downloaded',
  },
  {
    name: 'tell everybody the same interval',
    file: 'tracker/registry.ts',
    from: 'return seconds + random(Math.floor(seconds / 10) + 1);',
    to: 'return seconds;',
  },
  {
    name: 'allow one peer more than there is room for in a swarm',
    file: 'tracker/registry.ts',
    from: '    if (swarm !== undefined && swarm.count >= options.peersPerTorrentMax) {',
    to: '    if (swarm !== undefined && swarm.count > options.peersPerTorrentMax) {',
  },
  {
    name: 'drop peers one second too late',
    file: 'tracker/registry/peer-table.ts',
    from: 'this.#recency.seenSeconds(oldest) < seconds ? oldest',
    to: 'this.#recency.seenSeconds(oldest) < seconds - 1 ? oldest',
  },
  {
    name: 'count an address on when its peer has left',
    file: 'tracker/registry/peer-table.ts',
    from: '    if (kind !== local)\n      this.addresses.remove',
    to: '    if (kind === local && record < 0)\n      this.addresses.remove',
  },
  {
    name: 'forget to count a leecher that has become a seed',
    file: 'tracker/registry/peer-table.ts',
    from: '    this.#seeds += Number(isSeed) - Number(this.isSeed(slot));\n',
    to: '',
  },
  {
    name: 'leave a gap in the index',
    file: 'tracker/registry/slot-index.ts',
    from: 'this.#distance(home, place) >= this.#distance(gap, place)',
    to: 'this.#distance(home, place) > this.#distance(gap, place)',
  },
  {
    name: 'lose the border between seeds and leechers',
    file: 'tracker/registry/swarm.ts',
    from: '    this.seeds += isSeed ? 1 : -1;',
    to: '    this.seeds += isSeed ? 1 : 0;',
  },
  {
    name: 'serve torrents that are not on the list',
    file: 'tracker/registry.ts',
    from: '    if (!this.#options.isAllowed(request.infoHash)) return notServed;\n',
    to: '',
  },
  {
    name: 'forget counters that are kept',
    file: 'tracker/registry.ts',
    from: 'swarm.isKept = true;',
    to: '',
  },
  {
    name: 'ask seeds to come back soon, too, while peers gather',
    file: 'tracker/registry.ts',
    from: 'const isGathering = !isSated && nowMs',
    to: 'const isGathering = nowMs',
  },
  {
    name: 'begin no stretch near the end',
    file: 'tracker/registry/peer-selection.ts',
    from: 'random(available) : 0;',
    to: 'random(available - count + 1) : 0;',
  },
  {
    name: 'name peers of this machine to askers of another family',
    file: 'tracker/registry/asker-view.ts',
    from: 'if (reachedAt?.length === remote.length) {',
    to: 'if (reachedAt !== undefined) {',
  },
  {
    name: 'tell outsiders addresses of the network',
    file: 'tracker/registry/asker-view.ts',
    from: 'isOutside ? (network === undefined ? [ipv4] : [lan4, ipv4]) : everyIpv4',
    to: 'everyIpv4',
  },
  {
    name: 'send outsiders to the address in the network by which a router let them in',
    file: 'tracker/registry/asker-view.ts',
    from: "if (external === undefined || reachOf(reachedAt) === 'global') return reachedAt;",
    to: 'return reachedAt;',
  },
  {
    name: 'take hosts of a provider`s network for those behind the router',
    file: 'tracker/registry/swarm.ts',
    from: "reach === 'private' ? lan4 : inner4",
    to: 'lan4',
  },
  {
    name: 'list peers of a snapshot as if all could dial them',
    file: 'tracker/registry/snapshot.ts',
    from: 'kind: kindOf(endpoint.subarray(0, -2))',
    to: 'kind',
  },
  {
    name: 'forget when peers were seen as the list grows',
    file: 'tracker/registry/recency-list.ts',
    from: '    seenSeconds.set(this.#seenSeconds);\n',
    to: '',
  },
  {
    name: 'forget whose records are as the arena grows',
    file: 'tracker/registry/endpoint-arena.ts',
    from: '    slotAt.set(this.slotAt);\n',
    to: '',
  },
  {
    name: 'make peers of a snapshot a second younger',
    file: 'tracker/registry.ts',
    from: 'Math.ceil(downMs / 1000)',
    to: 'Math.ceil(downMs / 1000) - 1',
  },
];
