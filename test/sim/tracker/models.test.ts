/** The models beside simulated trackers accept right answers and detect wrong ones. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../client/engine/prng.ts';
import { resolveOptions } from '../../../tracker/registry/limits.ts';
import { judgeFairness } from './fairness.ts';
import { playMembers } from './members.ts';
import { RegistryModel } from './registry-model.ts';
import { announceOf, playStrangers } from './strangers.ts';

const random = new Prng(1);
const infoHash = new Uint8Array(20).fill(1);
const right = {
  intervalSeconds: 60,
  minIntervalSeconds: 30,
  complete: 0,
  incomplete: 1,
  peers: new Uint8Array(0),
  peers6: new Uint8Array(0),
  externalAddress: Uint8Array.of(10, 0, 0, 1),
};

/** Judges the reply to 10.0.0.2, which announces after 10.0.0.1. Both are leechers. */
function judge(change: Partial<typeof right>) {
  const model = new RegistryModel(resolveOptions({ intervalSeconds: 60 }));
  const request = {
    ...announceOf(infoHash, random),
    port: 1,
    left: 7,
    event: 'started' as const,
    numWant: 50,
  };
  model.announce(request, Uint8Array.of(10, 0, 0, 1), 0, 'swarm', right);
  const second = {
    ...right,
    incomplete: 2,
    externalAddress: Uint8Array.of(10, 0, 0, 2),
    peers: Uint8Array.of(10, 0, 0, 1, 0, 1),
  };
  return model.announce(request, Uint8Array.of(10, 0, 0, 2), 0, 'swarm', { ...second, ...change });
}

describe('the model of the registry', () => {
  it('the registry model accepts a right answer', () => {
    expect(judge({})).toBeUndefined();
  });

  it('the registry model detects a peer that gets itself, an unlisted peer, one peer twice or too few peers', () => {
    const told = (...hosts: number[]) =>
      judge({ peers: Uint8Array.from(hosts.flatMap((n) => [10, 0, 0, n, 0, 1])) });
    expect(told(2)).toMatch(/itself/);
    expect(told(3)).toMatch(/not listed/);
    expect(told(1, 1)).toMatch(/twice/);
    expect(told()).toMatch(/names 0/);
  });

  it('the registry model detects wrong counts, intervals and addresses', () => {
    expect(judge({ complete: 1 })).toMatch(/counts 1 seeds/);
    expect(judge({ intervalSeconds: 59 })).toMatch(/interval of 59/);
    expect(judge({ intervalSeconds: 67 })).toMatch(/interval of 67/);
    expect(judge({ externalAddress: Uint8Array.of(1, 2, 3, 4) })).toMatch(/its address/);
  });
});

describe('peers at separate trackers', () => {
  it('anonymous peers get the answers of the model, also with absurdly small limits', () => {
    for (let seed = 0; seed < 4; seed++) {
      const registry = {
        intervalSeconds: 20,
        minIntervalSeconds: 5,
        peersPerTorrentMax: 3 + seed,
        peersMax: 9,
      };
      expect(playStrangers({ steps: 300, torrents: 3, registry }, new Prng(seed))).toBeUndefined();
    }
  });

  it('members are admitted and listed as in the model', () => {
    for (let seed = 0; seed < 4; seed++)
      expect(playMembers({ steps: 200, signInRequired: seed === 0 }, new Prng(seed))).toBeUndefined();
  });
});

it('an unchanged swarm lists each peer as often as any other, in every draw', () => {
  for (let seed = 0; seed < 20; seed++) expect(judgeFairness(new Prng(seed))).toBeUndefined();
});
