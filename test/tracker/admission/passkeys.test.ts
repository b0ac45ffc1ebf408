/** A passkey can be read back by the tracker that made it, and by no other. */
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
  it('a passkey can be read back, is safe in a path, and is always the same for the same content', () => {
    fc.assert(
      fc.property(content, (what) => {
        const passkey = passkeys.make(what);
        expect(passkey).toMatch(/^[a-z2-7]{48}$/);
        expect(passkeys.read(passkey)).toEqual(what);
        expect(openPasskeys(secret(1)).make(what)).toBe(passkey);
      }),
    );
  });

  it('a passkey with one changed character, or of another tracker, is invalid', () => {
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

  it('passkeys of neighbouring accounts, releases and generations have no visible similarity', () => {
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
    'a passkey is never %j',
    (text) => {
      expect(passkeys.read(text)).toBeUndefined();
    },
  );

  it('a passkey of numbers out of range is refused', () => {
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

  it('a passkey is still read when more passkeys are in use than are cached', () => {
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

it('the swarm id of a restricted release has 20 bytes and depends on the tracker, the hash and the release', () => {
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

it('base32 survives encoding and decoding for byte arrays of every length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(fromBase32(base32(bytes))).toEqual(bytes);
    }),
  );
});
