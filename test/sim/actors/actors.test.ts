/**
 * Every variant of every actor among honest peers: every honest peer that can complete does so with the right
 * bytes, the actor is dropped for the reason it deserves, and no honest peer is blamed.
 */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../client/engine/prng.ts';
import { Inspector } from '../checkers/inspector.ts';
import { World } from '../world/world.ts';
import { churner } from './churner.ts';
import { crowded, deadAddresses } from './crowded-tracker.ts';
import { enter } from './enter.ts';
import { falseBitfield, falseBitfields } from './false-bitfield.ts';
import { flooder, floods } from './flooder.ts';
import { freeRider } from './free-rider.ts';
import { halfOpen } from './half-open.ts';
import { liar, liarManners } from './liar.ts';
import { metadataLiar, metadataLies } from './metadata-liar.ts';
import { poisoner } from './poisoner.ts';
import type { Script } from './puppet.ts';
import { borrowings, selfConnector } from './self-connector.ts';
import { silences, silent } from './silent.ts';
import { slowLoris, slowParts } from './slow-loris.ts';

const KiB = 1024;
const minuteMs = 60_000;
function smallWorld(seed: number): World {
  return new World({ seed, totalBytes: 1920 * KiB - 4_321, pieceLength: 64 * KiB });
}

interface Story {
  readonly actor: string;
  /** Pieces that failed their hash check, for each leecher. */
  readonly failures: readonly number[];
  /** Why honest peers dropped the actor. */
  readonly reasons: ReadonlySet<string>;
}

/** One seed, three leechers and one actor: every honest peer completes and is blamed for nothing. */
function play(seed: number, script: Script, withinMs = 5 * minuteMs): Story {
  const world = smallWorld(seed);
  const inspector = new Inspector(world);
  const actor = enter(world, script, { name: 'actor' });
  const honest = [world.join({ has: 'all' }), world.join(), world.join(), world.join()];
  const leeches = honest.slice(1);
  expect(world.runUntilComplete(leeches, withinMs)).toBe(true);
  // Time for faults that show only after the download.
  world.runUntil(() => false, 2 * minuteMs);
  for (const leech of leeches) expect(leech.isIdentical).toBe(true);
  const dropped = honest.flatMap((peer) => peer.reportsOf('peer-dropped'));
  const blamed = dropped
    .filter(({ address }) => address.host !== actor.address.host)
    .map(({ reason }) => reason);
  expect(blamed.filter((reason) => !harmless.has(reason))).toEqual([]);
  const failures = leeches.map((leech) => leech.reportsOf('piece-failed').length);
  actor.leave();
  inspector.end();
  const reasons = new Set(
    dropped.filter(({ address }) => address.host === actor.address.host).map((r) => r.reason),
  );
  return { actor: actor.address.host, failures, reasons };
}

/** Reasons for which honest peers drop each other. */
const harmless = new Set(['both-complete', 'closed by peer', 'connected-twice', 'stopped', 'refused']);

describe('a poisoner', () => {
  it.each([1, 2, 3, 4])(
    'a poisoner that always sends wrong blocks is banned by the peer that requested them (seed %i)',
    (seed) => {
      const { reasons, failures } = play(seed, poisoner({ wrongOneIn: 1 }));
      expect(reasons).toContain('sent-corrupt-data');
      // A peer that sends a whole corrupt piece alone is banned at once.
      for (const count of failures) expect(count).toBeLessThanOrEqual(2);
    },
  );

  it.each([1, 2, 3, 4])(
    'a poisoner that sends a wrong block now and then is proved guilty (seed %i)',
    (seed) => {
      expect(play(seed, poisoner({ wrongOneIn: 4 })).reasons).toContain('sent-corrupt-data');
    },
  );
});

describe('a liar', () => {
  it.each(liarManners)('a liar that %s delays no honest peer', (manner) => {
    play(11, liar({ manner }));
  });
});

describe('a slow-loris', () => {
  it.each(slowParts)('a slow-loris that trickles %s delays no honest peer', (part) => {
    play(21, slowLoris({ part }));
  });
});

describe('a flooder', () => {
  const deserved: Partial<Record<(typeof floods)[number], string>> = {
    'unasked-blocks': 'block-unasked',
    chatter: 'too-many-messages',
    'long-message': 'message-too-long',
    'metadata-requests': 'metadata-flood',
  };
  it.each(floods)('a flooder with %s prevents no download and is dropped for what it does', (flood) => {
    const { reasons } = play(31, flooder({ flood }));
    if (deserved[flood] !== undefined) expect(reasons).toContain(deserved[flood]);
  });
});

describe('a false bitfield', () => {
  const deserved: Record<(typeof falseBitfields)[number], string> = {
    'spare-bits': 'bitfield-spare-bits',
    'too-long': 'bitfield-length-wrong',
    'too-short': 'bitfield-length-wrong',
    'no-such-piece': 'piece-out-of-range',
    unserved: 'both-complete',
  };
  it.each(falseBitfields)('a false bitfield (%s) is dropped for the right reason', (kind) => {
    const { reasons } = play(41, falseBitfield({ kind }));
    expect(reasons).toContain(deserved[kind]);
  });
});

describe('a self-connector', () => {
  it.each(borrowings)('a self-connector (%s) shuts out no honest peer', (borrowing) => {
    play(51, selfConnector({ borrowing }));
  });
});

it.each([61, 62, 63])('honest peers complete despite a churner (seed %i)', (seed) => {
  play(seed, churner());
});

it.each([true, false])('honest peers complete despite a free-rider (boasts: %s)', (boasts) => {
  play(71, freeRider({ boasts }));
});

describe('actors that fill small connection tables first', () => {
  /** Six actors connect to two seeds before the honest leechers join. */
  function besiege(seed: number, script: () => Script): void {
    const limits = { connectionsMax: 6, connectionsPerTorrentMax: 6, halfOpenMax: 4, halfOpenPerHostMax: 2 };
    const world = new World({ seed, totalBytes: 1920 * KiB, pieceLength: 64 * KiB, limits });
    const inspector = new Inspector(world);
    for (const i of [0, 1, 2, 3, 4, 5]) enter(world, script(), { name: `actor ${i}` });
    for (let i = 0; i < 2; i++) world.join({ has: 'all' });
    world.runFor(2 * minuteMs);
    const leeches = [world.join(), world.join()];
    expect(world.runUntilComplete(leeches, 10 * minuteMs)).toBe(true);
    for (const leech of leeches) expect(leech.isIdentical).toBe(true);
    inspector.look();
  }

  it.each(silences)('silent peers (%s) that fill the tables first shut out no honest peer', (silence) => {
    besiege(101, () => silent({ silence, linesMax: 3 }));
  });

  it.each([0, 40, 67])(
    'half-open connections (%i bytes sent) that fill the tables first shut out no honest peer',
    (bytes) => {
      besiege(102, () => halfOpen({ bytes, linesMax: 6 }));
    },
  );
});

describe('a metadata liar', () => {
  const deserved: Partial<Record<(typeof metadataLies)[number], string>> = {
    wrong: 'sent-corrupt-metadata',
    unasked: 'extension-malformed',
    short: 'extension-malformed',
    silent: 'stalled',
  };
  it.each(metadataLies)(
    'a metadata liar (%s) is dropped, and the metadata comes from another peer',
    (lie) => {
      const world = smallWorld(81);
      const actor = enter(world, metadataLiar({ lie }), { name: 'liar' });
      const finder = world.join({ magnet: true });
      // For the first minute the actor is the only other peer.
      world.runUntil(() => false, minuteMs);
      world.join({ has: 'all' });
      expect(world.runUntil(() => finder.reportsOf('metadata-received').length > 0, 5 * minuteMs)).toBe(true);
      expect(finder.reportsOf('metadata-received')[0]!.infoBytes).toEqual(world.infoBytes);
      const drops = finder
        .reportsOf('peer-dropped')
        .filter(({ address }) => address.host === actor.address.host);
      if (deserved[lie] !== undefined) expect(drops.map(({ reason }) => reason)).toContain(deserved[lie]);
    },
  );
});

it("dead addresses in a tracker's reply do not hide its one real peer", () => {
  const dead = deadAddresses(5_000, new Prng(91));
  const world = smallWorld(91);
  world.tracker.distort = (answer) => crowded(answer, dead);
  world.join({ has: 'all' });
  const leech = world.join();
  expect(world.runUntilComplete([leech], 20 * minuteMs)).toBe(true);
  expect(leech.status.peersKnown).toBeLessThanOrEqual(3_000);
});
