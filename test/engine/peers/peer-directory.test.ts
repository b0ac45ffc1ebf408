import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../client/engine/limits.ts';
import { PeerDirectory } from '../../../client/engine/peers/peer-directory.ts';
import type { PeerRecord } from '../../../client/engine/peers/peer-record.ts';
import { Prng } from '../../../client/engine/prng.ts';

const hourMs = 60 * 60_000;
const minuteMs = 60_000;
const address = (n: number) => ({ host: `10.0.${n >> 8}.${n & 255}`, port: 6881 });
const addresses = (count: number, from = 0) => Array.from({ length: count }, (_, i) => address(from + i));
const peerId = (fill: number) => new Uint8Array(20).fill(fill);
const newDirectory = (limits = {}, seed = 1) =>
  new PeerDirectory({ ...defaultLimits, ...limits }, new Prng(seed));
const anyHost = () => false;

/** Dials whoever is due, as a swarm does. */
function dial(directory: PeerDirectory, nowMs: number, includeSeeds = true): PeerRecord | undefined {
  return directory.next(nowMs, includeSeeds, anyHost);
}

describe('an address', () => {
  it('that waited among seeds nobody wanted is dialed when it is no seed any more', () => {
    const directory = newDirectory();
    directory.learn([address(1)], 'tracker', 0);
    const record = dial(directory, 0)!;
    record.isSeed = true;
    directory.release(record, true, 0);
    // Its turn comes, and it is put aside.
    expect(dial(directory, hourMs, false)).toBeUndefined();
    // It comes to us by itself, and lacks something now.
    const incoming = directory.incoming({ ...address(1), port: 50_000 }, peerId(1), hourMs);
    directory.keep(incoming, hourMs);
    directory.alias(address(1), incoming, hourMs);
    directory.release(incoming, true, hourMs);
    expect(dial(directory, 2 * hourMs, false)).toBe(record);
  });

  it('is known once, however often it is named', () => {
    const directory = newDirectory();
    directory.learn([address(1), address(1), address(2)], 'tracker', 0);
    directory.learn([address(1)], 'tracker', 0);
    expect(directory.size).toBe(2);
    expect(directory.dialable).toEqual([address(1), address(2)]);
  });

  it('is dialed once at a time', () => {
    const directory = newDirectory();
    directory.learn(addresses(2), 'tracker', 0);
    const dialed = [dial(directory, 0), dial(directory, 0), dial(directory, 0)];
    expect(new Set(dialed.slice(0, 2).map((r) => r!.address.host)).size).toBe(2);
    expect(dialed[2]).toBeUndefined();
  });

  it('that failed is dialed later and later, after those that have not, and is forgotten in the end', () => {
    const directory = newDirectory();
    directory.learn([address(1)], 'tracker', 0);
    let nowMs = 0;
    const waits: number[] = [];
    let again = dial(directory, nowMs);
    for (let failures = 1; failures < defaultLimits.dialFailuresMax; failures++) {
      directory.release(again!, false, nowMs);
      const failedMs = nowMs;
      for (again = undefined; again === undefined; again = dial(directory, nowMs)) nowMs += 100;
      waits.push(nowMs - failedMs);
    }
    for (const [i, waitMs] of waits.entries()) {
      expect(waitMs).toBeGreaterThanOrEqual(5_000 * 2 ** i);
      expect(waitMs).toBeLessThanOrEqual(5_000 * 2 ** i * 1.5 + 100);
    }
    directory.learn([address(2)], 'tracker', nowMs);
    const fresh = dial(directory, nowMs)!;
    expect(fresh.address).toEqual(address(2));
    directory.release(again!, false, nowMs);
    expect(directory.dialable).toEqual([address(2)]);
  });

  it('that failed once is dialed again although trackers name strangers without end', () => {
    const directory = newDirectory();
    directory.learn([address(1)], 'tracker', 0);
    directory.release(dial(directory, 0)!, false, 0);
    const dialed = new Set<string>();
    for (let n = 2; n < 40; n++) {
      directory.learn(addresses(10, 10 * n), 'tracker', hourMs);
      dialed.add(dial(directory, hourMs)!.address.host);
    }
    expect(dialed).toContain(address(1).host);
  });

  it('that worked begins anew, and is not dialed again at once', () => {
    const directory = newDirectory();
    directory.learn([address(1)], 'tracker', 0);
    const record = dial(directory, 0)!;
    record.failures = 4;
    directory.release(record, true, 1_000);
    expect(record.failures).toBe(0);
    expect(dial(directory, 5_999)).toBeUndefined();
    expect(dial(directory, 9_000)).toBe(record);
  });

  it('of a seed is not dialed once there is nothing left to fetch', () => {
    const directory = newDirectory();
    directory.learn([address(1)], 'tracker', 0);
    const record = dial(directory, 0)!;
    record.isSeed = true;
    directory.release(record, true, 0);
    expect(dial(directory, hourMs, false)).toBeUndefined();
    expect(dial(directory, hourMs, true)).toBe(record);
  });

  it('costs as much to dial among thousands as among a few, whoever of them is not to be dialed', () => {
    const directory = newDirectory();
    const crowd = (count: number, host: string) =>
      Array.from({ length: count }, (_, i) => ({ host, port: 1_000 + i }));
    directory.learn([...crowd(2_900, '10.9.9.9'), ...addresses(50)], 'tracker', 0);
    let looks = 0;
    const isHostFull = (host: string) => {
      looks += 1;
      return host === '10.9.9.9';
    };
    for (let i = 0; i < 50; i++) expect(directory.next(0, true, isHostFull)).toBeDefined();
    for (let nowMs = 0; nowMs < 1_500; nowMs += 500)
      expect(directory.next(nowMs, true, isHostFull)).toBeUndefined();
    expect(looks).toBe(2_950);
    expect(directory.next(2_000, true, () => false)).toBeDefined();
  });

  it('that was held while it waited after failures is dialed when its peer may be dialed again', () => {
    const directory = newDirectory({ redialFirstMs: 1_000, redialMaxMs: hourMs });
    directory.learn([address(1)], 'tracker', 0);
    let nowMs = 0;
    for (let n = 0; n < 5; n++) {
      const record = dial(directory, nowMs)!;
      directory.release(record, false, nowMs);
      nowMs = record.nextDialMs;
    }
    // Its turn is some ten seconds away. It comes to us by itself, says where it listens, and leaves.
    nowMs -= 10_000;
    const incoming = directory.incoming({ ...address(1), port: 50_000 }, peerId(1), nowMs);
    directory.keep(incoming, nowMs);
    directory.alias(address(1), incoming, nowMs);
    directory.release(incoming, true, nowMs);
    expect(dial(directory, nowMs + 1_500)?.address).toEqual(address(1));
  });

  it('that is named last has its chance, also when there is not room for all', () => {
    const last = address(999);
    const isKnown = (seed: number) => {
      const directory = newDirectory({ peersKnownMax: 10 }, seed);
      directory.learn([...addresses(39), last], 'tracker', 0);
      expect(directory.size).toBe(10);
      return directory.dialable.some(({ host }) => host === last.host);
    };
    const known = Array.from({ length: 200 }, (_, seed) => isKnown(seed)).filter(Boolean).length;
    // One in four, give or take.
    expect(known).toBeGreaterThan(25);
    expect(known).toBeLessThan(80);
  });

  it('of a liar takes the place of another when there is no room', () => {
    const directory = newDirectory({ peersKnownMax: 3 });
    directory.learn(addresses(3), 'tracker', 0);
    const liar = directory.incoming(address(9), peerId(9), 0);
    directory.keep(liar, 0);
    directory.ban(liar, 0);
    expect(directory.size).toBe(3);
    expect(directory.isBannedHost(address(9).host, 1)).toBe(true);
    expect(directory.incoming(address(9), peerId(9), 1)).toBe(liar);
  });

  it('of a host with which there are enough connections has to wait', () => {
    const directory = newDirectory();
    directory.learn([address(1), address(2)], 'tracker', 0);
    const isFull = (host: string) => host === '10.0.0.1';
    expect(directory.next(0, true, isFull)!.address).toEqual(address(2));
    expect(directory.next(0, true, isFull)).toBeUndefined();
    expect(directory.next(defaultLimits.hostFullWaitMs, true, anyHost)!.address).toEqual(address(1));
  });

  it('of a peer that is connected with us is not dialed while that lasts, however often it is named', () => {
    const directory = newDirectory();
    const guest = directory.incoming(address(1), peerId(1), 0);
    directory.keep(guest, 0);
    directory.alias(address(1), guest, 0);
    for (let nowMs = 0; nowMs < 3 * hourMs; nowMs += 60_000) {
      directory.learn([address(1)], 'tracker', nowMs);
      expect(dial(directory, nowMs)).toBeUndefined();
    }
    directory.release(guest, true, 3 * hourMs);
    expect(dial(directory, 3 * hourMs)).toBeUndefined();
    expect(dial(directory, 3 * hourMs + 10_000)!.address).toEqual(address(1));
  });

  it('that is being dialed when its peer turns out to be connected counts no failure', () => {
    const directory = newDirectory({ dialFailuresMax: 1 });
    directory.learn([address(1)], 'tracker', 0);
    const dialed = dial(directory, 0)!;
    const guest = directory.incoming(address(1), peerId(1), 0);
    directory.keep(guest, 0);
    directory.alias(address(1), guest, 0);
    // The other side closes what it need not have: nobody knows why.
    directory.release(dialed, false, 1_000);
    directory.learn([address(1)], 'tracker', 2_000);
    expect([dialed.failures, directory.size, dial(directory, hourMs)]).toEqual([0, 2, undefined]);
  });

  it('at another host, of somebody with the name of one who is connected, is only put off', () => {
    const directory = newDirectory();
    const guest = directory.incoming(address(1), peerId(1), 0);
    directory.keep(guest, 0);
    directory.learn([address(2)], 'tracker', 0);
    const dialed = dial(directory, 0)!;
    directory.hold(dialed, guest, 0);
    directory.release(dialed, true, 0);
    expect(dial(directory, defaultLimits.redialMaxMs - 1)).toBeUndefined();
    expect(dial(directory, defaultLimits.redialMaxMs)).toBe(dialed);
  });

  it.each(['as it says', 'as a tracker says'])(
    'at which a liar listens who came to us is not dialed while it is banned (%s)',
    (source) => {
      const directory = newDirectory();
      const guest = directory.incoming(address(1), peerId(1), 0);
      directory.isBannedAs(guest, peerId(1), 0);
      directory.keep(guest, 0);
      if (source === 'as it says') directory.alias(address(1), guest, 0);
      else directory.learn([address(1)], 'tracker', 0);
      directory.ban(guest, 0);
      directory.release(guest, true, 0);
      expect(dial(directory, minuteMs - 1)).toBeUndefined();
      const found = dial(directory, minuteMs + 10_000)!;
      expect(found.address).toEqual(address(1));
      // It is known by its name, and then for the whole time of its ban.
      expect(directory.isBannedAs(found, peerId(1), minuteMs)).toBe(true);
      directory.release(found, false, minuteMs);
      expect(dial(directory, hourMs - 1)).toBeUndefined();
    },
  );

  it('of ourselves is no peer that is known, and is not dialed again', () => {
    const directory = newDirectory();
    directory.learn([address(1)], 'tracker', 0);
    const record = dial(directory, 0)!;
    directory.forget(record);
    directory.release(record, false, 0);
    expect([directory.size, directory.dialable]).toEqual([0, []]);
    expect(dial(directory, 1_000 * hourMs)).toBeUndefined();
  });

  it('among equals is drawn by chance', () => {
    const firsts = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const directory = newDirectory({}, seed);
      directory.learn(addresses(5), 'tracker', 0);
      firsts.add(directory.next(0, true, anyHost)!.address.host);
    }
    expect(firsts.size).toBe(5);
  });
});

describe('the directory', () => {
  it('holds no more than so many, whoever names them', () => {
    const directory = newDirectory({ peersKnownMax: 50 });
    directory.learn(addresses(200), 'tracker', 0);
    for (let i = 0; i < 100; i++) directory.keep(directory.incoming(address(300 + i), peerId(i), 0), 0);
    expect(directory.size).toBeLessThanOrEqual(50);
  });

  it('when full lets the address that failed most often make way for a new one', () => {
    const directory = newDirectory({ peersKnownMax: 3 });
    directory.learn(addresses(3), 'tracker', 0);
    const [first, second] = [dial(directory, 0)!, dial(directory, 0)!];
    directory.release(first, false, 0);
    directory.release(second, false, 0);
    directory.release(second, false, 0);
    directory.learn([address(9)], 'tracker', 0);
    expect(directory.dialable).toContainEqual(address(9));
    expect(directory.dialable).not.toContainEqual(second.address);
    expect(directory.size).toBe(3);
  });

  it('does not keep a peer that came to us and was turned away, or has gone', () => {
    const directory = newDirectory();
    const record = directory.incoming(address(1), peerId(1), 0);
    expect(directory.size).toBe(0);
    directory.keep(record, 0);
    expect(directory.incoming(address(1), peerId(1), 0)).toBe(record);
    expect(dial(directory, hourMs)).toBeUndefined();
    directory.release(record, true, 0);
    expect(directory.size).toBe(0);
  });
});

describe('a ban', () => {
  it('lasts an hour for the address, and a minute for others of its host', () => {
    const directory = newDirectory();
    directory.learn([address(1)], 'tracker', 0);
    const record = dial(directory, 0)!;
    directory.ban(record, 0);
    directory.release(record, true, 0);
    expect(dial(directory, hourMs - 1)).toBeUndefined();
    expect([directory.isBannedHost('10.0.0.1', minuteMs - 1), directory.isBannedHost('10.0.0.2', 0)]).toEqual(
      [true, false],
    );
    expect(directory.isBannedHost('10.0.0.1', minuteMs)).toBe(false);
    expect(dial(directory, hourMs + 10_000)).toBe(record);
  });

  it('of an address that failed too often is over when it is over: then it is dialed once more', () => {
    const directory = newDirectory({ dialFailuresMax: 1, banMs: hourMs });
    directory.learn([address(1)], 'tracker', 0);
    const record = dial(directory, 0)!;
    directory.ban(record, 0);
    directory.release(record, false, 0);
    expect(dial(directory, hourMs - 1)).toBeUndefined();
    expect(dial(directory, hourMs)).toBe(record);
    directory.release(record, false, hourMs);
    expect(directory.size).toBe(0);
  });

  it('of a peer that came to us outlives its connection', () => {
    const directory = newDirectory();
    const record = directory.incoming(address(1), peerId(1), 0);
    directory.keep(record, 0);
    directory.ban(record, 0);
    directory.release(record, true, 0);
    expect(directory.incoming(address(1), peerId(1), 1_000).bannedUntilMs).toBe(hourMs);
  });

  it.each(['127.0.0.1', '::1'])('on loopback (%s) is of one peer, not of the machine', (host) => {
    const directory = newDirectory();
    const record = directory.incoming({ host, port: 5_000 }, peerId(1), 0);
    directory.keep(record, 0);
    directory.ban(record, 0);
    expect(directory.isBannedHost(host, 1)).toBe(false);
    expect(directory.incoming({ host, port: 5_001 }, peerId(2), 1).bannedUntilMs).toBe(0);
  });
});
