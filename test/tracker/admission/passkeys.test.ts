/** Passkeys: what they say comes back, and only the tracker that made one takes it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openPasskeys, type PasskeyContent } from '../../../tracker/admission/passkeys.ts';
import { base32, fromBase32 } from '../../../tracker/protocol/base32.ts';

const secret = (byte: number) => new Uint8Array(32).fill(byte);
const passkeys = openPasskeys(secret(1));
const number = (max: number) => fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max }));
const content: fc.Arbitrary<PasskeyContent> = fc.oneof(
  fc.record({
    kind: fc.constant('announce' as const),
    accountId: number(2 ** 32 - 1),
    release: number(2 ** 40 - 1),
    generation: number(2 ** 32 - 1),
  }),
  fc.record({
    kind: fc.constant('feed' as const),
    accountId: number(2 ** 32 - 1),
    generation: number(2 ** 32 - 1),
  }),
);

describe('a passkey', () => {
  it('says what it was made of, is safe in a path, and is the same each time', () => {
    fc.assert(
      fc.property(content, (what) => {
        const passkey = passkeys.make(what);
        expect(passkey).toMatch(/^[a-z2-7]{48}$/);
        expect(passkeys.read(passkey)).toEqual(what);
        expect(openPasskeys(secret(1)).make(what)).toBe(passkey);
      }),
    );
  });

  it('is of no tracker with another secret, and of none when any character is another one', () => {
    const other = openPasskeys(secret(2));
    const letters = 'abcdefghijklmnopqrstuvwxyz234567';
    fc.assert(
      fc.property(content, fc.nat(47), fc.integer({ min: 1, max: 31 }), (what, at, shift) => {
        const passkey = passkeys.make(what);
        expect(other.read(passkey)).toBeUndefined();
        const letter = letters[(letters.indexOf(passkey[at]!) + shift) % 32]!;
        expect(passkeys.read(passkey.slice(0, at) + letter + passkey.slice(at + 1))).toBeUndefined();
      }),
    );
  });

  it('shows nothing of its account, release and generation: neighbours have nothing in common', () => {
    const of = (accountId: number, release: number, generation: number) =>
      passkeys.make({ kind: 'announce', accountId, release, generation });
    const near = [of(1, 1, 1), of(2, 1, 1), of(1, 2, 1), of(1, 1, 2)];
    for (const one of near) {
      for (const other of near) {
        const same = [...one].filter((letter, at) => other[at] === letter).length;
        if (one !== other) expect(same).toBeLessThan(12);
      }
    }
  });

  it.each(['', 'a', 'A'.repeat(48), 'a'.repeat(47), 'a'.repeat(49), '1'.repeat(48), `${'a'.repeat(48)}\n`])(
    'is never %j',
    (text) => {
      expect(passkeys.read(text)).toBeUndefined();
    },
  );

  it('is not made of numbers that do not fit', () => {
    for (const wrong of [
      { accountId: 2 ** 32 },
      { release: 2 ** 40 },
      { generation: -1 },
      { release: 0.5 },
    ]) {
      const what = { kind: 'announce', accountId: 1, release: 1, generation: 1, ...wrong } as const;
      expect(() => passkeys.make(what)).toThrow(RangeError);
    }
  });

  it('is read as before when more of them are known than are kept', () => {
    const few = openPasskeys(secret(1), 3);
    const all = Array.from({ length: 20 }, (_, accountId) => ({
      ...{ kind: 'announce' as const, accountId, release: 7, generation: 9 },
    }));
    for (let round = 0; round < 2; round++) {
      for (const what of all) {
        expect(few.read(few.make(what))).toEqual(what);
        expect(few.read(few.make(what))).toEqual(what);
      }
    }
  });
});

it('the swarm of a restricted release has 20 bytes that only its tracker, its hash and its release give', () => {
  const hash = new Uint8Array(20).fill(3);
  const swarms = [
    passkeys.swarmOf(hash, 1),
    passkeys.swarmOf(hash, 2),
    passkeys.swarmOf(new Uint8Array(20).fill(4), 1),
    openPasskeys(secret(2)).swarmOf(hash, 1),
  ].map((swarm) => Buffer.from(swarm).toString('hex'));
  expect(swarms[0]).toMatch(/^[0-9a-f]{40}$/);
  expect(new Set([...swarms, Buffer.from(hash).toString('hex')]).size).toBe(5);
  expect(passkeys.swarmOf(hash, 1)).toEqual(openPasskeys(secret(1)).swarmOf(hash, 1));
});

it('base32 comes back as it was, for whole bytes of every length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(fromBase32(base32(bytes))).toEqual(bytes);
    }),
  );
});
