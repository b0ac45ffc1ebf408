/** Which peers and hosts are banned, and for how long, where several users share one address. */
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../client/engine/limits.ts';
import { HostBans } from '../../../client/engine/peers/host-bans.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

describe('bans of a household', () => {
  it('a household is banned for a minute, and the peer that sent corrupt data for an hour', () => {
    const bans = new HostBans(defaultLimits);
    bans.ban('10.0.0.1', 'aa', 0);
    expect([0, minuteMs - 1, minuteMs].map((ms) => bans.isBannedHost('10.0.0.1', ms))).toEqual([
      true,
      true,
      false,
    ]);
    expect(bans.bannedUntilMs('10.0.0.1', 'aa')).toBe(hourMs);
    expect(bans.bannedUntilMs('10.0.0.1', 'bb')).toBe(0);
    expect(bans.isBannedHost('10.0.0.2', 0)).toBe(false);
  });

  it("each further offence doubles the ban of a household, up to the length of a peer's ban", () => {
    const bans = new HostBans(defaultLimits);
    const lasted = [1, 2, 4, 8, 16, 32, 60, 60];
    let nowMs = 0;
    for (const minutes of lasted) {
      bans.ban('10.0.0.1', undefined, nowMs);
      expect(bans.isBannedHost('10.0.0.1', nowMs + minutes * minuteMs - 1)).toBe(true);
      nowMs += minutes * minuteMs;
      expect(bans.isBannedHost('10.0.0.1', nowMs)).toBe(false);
    }
    // After an hour without an offence the household starts over.
    nowMs += 2 * hourMs;
    bans.ban('10.0.0.1', undefined, nowMs);
    expect(bans.isBannedHost('10.0.0.1', nowMs + minuteMs)).toBe(false);
  });

  it('a household is a whole IPv6 /64, in every spelling of its addresses', () => {
    const bans = new HostBans(defaultLimits);
    bans.ban('2001:db8:1::7', 'aa', 0);
    expect(bans.isBannedHost('2001:db8:1:0:ffff::1', 1)).toBe(true);
    expect(bans.bannedUntilMs('2001:db8:1::8', 'aa')).toBe(hourMs);
    expect(bans.isBannedHost('2001:db8:1:1::7', 1)).toBe(false);
  });

  it('loopback addresses are never banned', () => {
    const bans = new HostBans(defaultLimits);
    bans.ban('127.0.0.1', 'aa', 0);
    expect(bans.isBannedHost('127.0.0.1', 1)).toBe(false);
  });

  it('the tables of bans are bounded', () => {
    const bans = new HostBans({ ...defaultLimits, peersKnownMax: 10 });
    for (let i = 0; i < 25; i++) bans.ban(`10.0.0.${i}`, 'aa', 0);
    const banned = Array.from({ length: 25 }, (_, i) => bans.isBannedHost(`10.0.0.${i}`, 1)).filter(Boolean);
    expect(banned.length).toBeLessThanOrEqual(10);
    expect(bans.isBannedHost('10.0.0.24', 1)).toBe(true);
  });

  it('a further offence of a known peer does not evict the bans of others', () => {
    const bans = new HostBans({ ...defaultLimits, peersKnownMax: 2 });
    for (const [id, atMs] of [
      ['aa', 0],
      ['bb', 0],
      ['bb', 1],
    ] as const)
      bans.ban('10.0.0.1', id, atMs);
    expect(bans.bannedUntilMs('10.0.0.1', 'aa')).toBe(hourMs);
    expect(bans.bannedUntilMs('10.0.0.1', 'bb')).toBe(hourMs + 1);
  });
});
