/**
 * Branches of the tracker: those used by its pages and API only, and limits that a small registry does not
 * reach.
 */
import type { Unreached } from './entry.ts';

const guard = 'only a bug of Cicada could cause it';
const pages = 'for the tracker’s pages, which runs leave out; test/tracker/presence.test.ts';

export const trackerUnreached: readonly Unreached[] = [
  {
    file: 'tracker/admission/passkeys.ts',
    branches: {
      "return { kind: 'feed', accountId, generation }; return undefined":
        'a key of a kind that this tracker does not make, sealed with its own secret',
      'throw new RangeError(`no passkey for ${what} ${value}`)': `${guard}; test/tracker/admission/passkeys.test.ts`,
    },
  },
  {
    file: 'tracker/admission/release-swarms.ts',
    branches: {
      'const left = (this.#byHash.get(key) ?? none)': `${guard}: a release is under each of its hashes`,
    },
  },
  {
    file: 'tracker/presence.ts',
    branches: {
      'expire(nowMs) {':
        'peers of accounts that fall silent: members of a run come often; test/tracker/presence.test.ts',
      'online: () => new Set(byAccount.keys())': pages,
      'isOnline: (accountId) => byAccount.has(accountId)': pages,
    },
  },
  {
    file: 'tracker/protocol/announce-reply.ts',
    branches: {
      'if (endpoints.length === peersMax) break':
        'two thousand peers as dictionaries; test/tracker/protocol/announce-reply.test.ts',
    },
  },
  {
    file: 'tracker/protocol/base32.ts',
    branches: {
      'bits === 0 ? text : text + alphabet[':
        'bytes that are no multiple of five: keys of a run are; test/tracker/sealed-numbers.test.ts',
    },
  },
  {
    file: 'tracker/protocol/endpoint.ts',
    branches: {
      'if (packed[at + offset] !== 0) return true; return false':
        'the address `::` with a port; test/tracker/protocol/address.test.ts',
    },
  },
  {
    file: 'tracker/protocol/reply.ts',
    branches: {
      'if (!(error instanceof BencodeError)) throw error': `${guard}: the reader throws nothing else`,
    },
  },
  {
    file: 'tracker/protocol/scrape-query.ts',
    branches: {
      "path?.lastIndexOf('/announce') ?? -1":
        'an address without a scheme: trackers of a run have one; test/tracker/http/scrape.test.ts',
    },
  },
  {
    file: 'tracker/registry.ts',
    branches: {
      'if (swarm.count === 0) continue':
        'a kept swarm without peers in a snapshot: trackers of a run that restart keep none; test/tracker/registry/registry-snapshot.test.ts has snapshots',
      'this.#peers.find(swarm, kind, endpoint) !== undefined) continue':
        'a peer that is twice in a snapshot; test/tracker/registry/registry-snapshot.test.ts',
      'const itself = (infoHash: Uint8Array): Uint8Array => infoHash':
        'a registry without its model beside it, which asks with an own function; test/tracker/registry/registry.test.ts',
    },
  },
  {
    file: 'tracker/protocol/address-reach.ts',
    branches: {
      "second === 254 ? 'link' : 'global'":
        'addresses of one cable; test/tracker/protocol/address-reach.test.ts',
      'if (first === 0xfe && (second & 0xc0) === 0xc0)':
        'addresses that were given up; test/tracker/protocol/address-reach.test.ts',
      "packed[15] === 1 ? 'loopback' :":
        'the address of no host; test/tracker/protocol/address-reach.test.ts',
    },
  },
  {
    file: 'tracker/registry/endpoint-arena.ts',
    branches: {
      'if (this.bytes[start + at] !== endpoint[at]) return false':
        'two peers of one hash of 32 bits: a small registry has none',
    },
  },
  {
    file: 'tracker/registry/limits.ts',
    branches: {
      'export function gatheringFor(':
        'a setting of the program; test/host/network/alive-streams.test.ts starts one with it',
      'const { minIntervalSeconds, peerTimeoutSeconds } = options':
        'settings that contradict each other; test/tracker/registry/registry.test.ts',
    },
  },
  {
    file: 'tracker/swarms/swarm-access.ts',
    branches: {
      "if ('failureReason' in reply) return reply":
        'a registry that serves some torrents only, below an admission: that decides alone',
    },
  },
];
