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

/** Dials the next peer that is due, as a swarm does. */
function dial(directory: PeerDirectory, nowMs: number, includeSeeds = true): PeerRecord | undefined {
  return directory.next(nowMs, includeSeeds, anyHost);
}

describe('an address', () => {
  it('an address set aside as an unwanted seed is dialed when it is no longer a seed', () => {
    const directory = newDirectory();
    directory.learn([address(1)], 'tracker', 0);
    const record = dial(directory, 0)!;
    record.isSeed = true;
    directory.release(record, true, 0);
    // Its turn comes, and it is set aside.
    expect(dial(directory, hourMs, false)).toBeUndefined();
    // It connects to us, and now lacks pieces.
    const incoming = directory.incoming({ ...address(1), port: 50_000 }, peerId(1), hourMs);
    directory.keep(incoming, hourMs);
    directory.alias(address(1), incoming, hourMs);
    directory.release(incoming, true, hourMs);
    expect(dial(directory, 2 * hourMs, false)).toBe(record);
  });

  it('an address is stored once, however often it is named', () => {
    const directory = newDirectory();
    directory.learn([address(1), address(1), address(2)], 'tracker', 0);
    directory.learn([address(1)], 'tracker', 0);
    expect(directory.size).toBe(2);
    expect(directory.dialable).toEqual([address(1), address(2)]);
  });

  it('an address is dialed once at a time', () => {
    const directory = newDirectory();
    directory.learn(addresses(2), 'tracker', 0);
    const dialed = [dial(directory, 0), dial(directory, 0), dial(directory, 0)];
    expect(new Set(dialed.slice(0, 2).map((r) => r!.address.host)).size).toBe(2);
    expect(dialed[2]).toBeUndefined();
  });

  it('an address that failed is redialed with backoff, after fresh addresses, and is dropped in the end', () => {
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

  it('an address that failed once is redialed even if trackers keep naming fresh addresses', () => {
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

  it('an address that worked resets its backoff, and is not redialed at once', () => {
    const directory = newDirectory();
    directory.learn([address(1)], 'tracker', 0);
    const record = dial(directory, 0)!;
    record.failures = 4;
    directory.release(record, true, 1_000);
    expect(record.failures).toBe(0);
    expect(dial(directory, 5_999)).toBeUndefined();
    expect(dial(directory, 9_000)).toBe(record);
  });

  it('the address of a seed is not dialed once nothing is left to download', () => {
    const directory = newDirectory();
    directory.learn([address(1)], 'tracker', 0);
    const record = dial(directory, 0)!;
    record.isSeed = true;
    directory.release(record, true, 0);
    expect(dial(directory, hourMs, false)).toBeUndefined();
    expect(dial(directory, hourMs, true)).toBe(record);
  });

  it('a dial costs as much among thousands of addresses as among a few, even if most may not be dialed', () => {
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

  it('an address held during its backoff is dialed as soon as its peer may be dialed again', () => {
    const directory = newDirectory({ redialFirstMs: 1_000, redialMaxMs: hourMs });
    directory.learn([address(1)], 'tracker', 0);
    let nowMs = 0;
    for (let n = 0; n < 5; n++) {
      const record = dial(directory, nowMs)!;
      directory.release(record, false, nowMs);
      nowMs = record.nextDialMs;
    }
    // Its turn is about ten seconds away. The peer connects to us, announces its listen port, and leaves.
    nowMs -= 10_000;
    const incoming = directory.incoming({ ...address(1), port: 50_000 }, peerId(1), nowMs);
    directory.keep(incoming, nowMs);
    directory.alias(address(1), incoming, nowMs);
    directory.release(incoming, true, nowMs);
    expect(dial(directory, nowMs + 1_500)?.address).toEqual(address(1));
  });

  it('the last address of a list that does not fit has the same chance as the others', () => {
    const last = address(999);
    const isKnown = (seed: number) => {
      const directory = newDirectory({ peersKnownMax: 10 }, seed);
      directory.learn([...addresses(39), last], 'tracker', 0);
      expect(directory.size).toBe(10);
      return directory.dialable.some(({ host }) => host === last.host);
    };
    const known = Array.from({ length: 200 }, (_, seed) => isKnown(seed)).filter(Boolean).length;
    // One in four, roughly.
    expect(known).toBeGreaterThan(25);
    expect(known).toBeLessThan(80);
  });

  it('the address of a banned peer takes the place of another when the table is full', () => {
    const directory = newDirectory({ peersKnownMax: 3 });
    directory.learn(addresses(3), 'tracker', 0);
    const liar = directory.incoming(address(9), peerId(9), 0);
    directory.keep(liar, 0);
    directory.ban(liar, 0);
    expect(directory.size).toBe(3);
    expect(directory.isBannedHost(address(9).host, 1)).toBe(true);
    expect(directory.incoming(address(9), peerId(9), 1)).toBe(liar);
  });

  it('an address of a host with its share of connections has to wait', () => {
    const directory = newDirectory();
    directory.learn([address(1), address(2)], 'tracker', 0);
    const isFull = (host: string) => host === '10.0.0.1';
    expect(directory.next(0, true, isFull)!.address).toEqual(address(2));
    expect(directory.next(0, true, isFull)).toBeUndefined();
    expect(directory.next(defaultLimits.hostFullWaitMs, true, anyHost)!.address).toEqual(address(1));
  });

  it('the address of a connected peer is not dialed, however often it is named', () => {
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

  it('an address being dialed when its peer turns out to be connected counts no failure', () => {
    const directory = newDirectory({ dialFailuresMax: 1 });
    directory.learn([address(1)], 'tracker', 0);
    const dialed = dial(directory, 0)!;
    const guest = directory.incoming(address(1), peerId(1), 0);
    directory.keep(guest, 0);
    directory.alias(address(1), guest, 0);
    // The other side closes the second connection without a reason.
    directory.release(dialed, false, 1_000);
    directory.learn([address(1)], 'tracker', 2_000);
    expect([dialed.failures, directory.size, dial(directory, hourMs)]).toEqual([0, 2, undefined]);
  });

  it('an address at another host with the peer id of a connected peer is only delayed', () => {
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
    'the listen address of a banned incoming peer is not dialed during the ban (%s)',
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
      // Its peer id is known now, and is banned for the whole time.
      expect(directory.isBannedAs(found, peerId(1), minuteMs)).toBe(true);
      directory.release(found, false, minuteMs);
      expect(dial(directory, hourMs - 1)).toBeUndefined();
    },
  );

  it('our own address is not counted as a known peer, and is not redialed', () => {
    const directory = newDirectory();
    directory.learn([address(1)], 'tracker', 0);
    const record = dial(directory, 0)!;
    directory.forget(record);
    directory.release(record, false, 0);
    expect([directory.size, directory.dialable]).toEqual([0, []]);
    expect(dial(directory, 1_000 * hourMs)).toBeUndefined();
  });

  it('the next of equal addresses is chosen at random', () => {
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
  it('the number of stored addresses is bounded for every source of addresses', () => {
    const directory = newDirectory({ peersKnownMax: 50 });
    directory.learn(addresses(200), 'tracker', 0);
    for (let i = 0; i < 100; i++) directory.keep(directory.incoming(address(300 + i), peerId(i), 0), 0);
    expect(directory.size).toBeLessThanOrEqual(50);
  });

  it('a full directory drops the address with most failures for a new one', () => {
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

  it('an incoming peer that was refused or has left is not stored', () => {
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
  it('a ban lasts an hour for the address, and a minute for its host', () => {
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

  it('a banned address with too many failures is dialed once more when the ban ends', () => {
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

  it('a ban of an incoming peer outlives its connection', () => {
    const directory = newDirectory();
    const record = directory.incoming(address(1), peerId(1), 0);
    directory.keep(record, 0);
    directory.ban(record, 0);
    directory.release(record, true, 0);
    expect(directory.incoming(address(1), peerId(1), 1_000).bannedUntilMs).toBe(hourMs);
  });

  it.each(['127.0.0.1', '::1'])('a ban on loopback (%s) is of one peer, not of the machine', (host) => {
    const directory = newDirectory();
    const record = directory.incoming({ host, port: 5_000 }, peerId(1), 0);
    directory.keep(record, 0);
    directory.ban(record, 0);
    expect(directory.isBannedHost(host, 1)).toBe(false);
    expect(directory.incoming({ host, port: 5_001 }, peerId(2), 1).bannedUntilMs).toBe(0);
  });
});
