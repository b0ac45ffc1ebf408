import { argon2Sync, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { challengeLifeMs, openChallenges } from '../../../tracker/community/sign-in/challenges.ts';
import { openPasswords } from '../../../tracker/community/sign-in/passwords.ts';
import { newPublicId, newToken, tokenHash } from '../../../tracker/community/sign-in/secrets.ts';
import { signInText } from '../../../tracker/protocol/api/sign-in-text.ts';

describe('passwords', () => {
  const passwords = openPasswords(() => 0);

  it('passwords are stored as salted argon2id with the documented cost', async () => {
    const [one, two] = await Promise.all([passwords.hash('correct horse'), passwords.hash('correct horse')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(two);
    expect(await passwords.isRight('correct horse', one)).toBe(true);
    expect(await passwords.isRight('correct horsf', one)).toBe(false);
  });

  it('passwords are equal for composed and decomposed accents', async () => {
    expect(await passwords.isRight('motde\u0301passe', await passwords.hash('motdépasse'))).toBe(true);
  });

  it.each(['short', '', 'x'.repeat(1_025), '\ud800'.repeat(10)])(
    'a password that is too short, too long or malformed is refused: %#',
    async (password) => {
      await expect(passwords.hash(password)).rejects.toMatchObject({ code: 'password-invalid' });
    },
  );

  it('a password hash is checked with the cost it was made with', async () => {
    const nonce = new Uint8Array(16).fill(7);
    const cheap = { memory: 64, passes: 3, parallelism: 2, tagLength: 32 };
    const hash = argon2Sync('argon2id', { message: 'correct horse', nonce, ...cheap });
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replace(/=+$/, '');
    const phc = `$argon2id$v=19$m=64,t=3,p=2$${base64(nonce)}$${base64(hash)}`;
    expect(await passwords.isRight('correct horse', phc)).toBe(true);
    expect(await passwords.isRight('correct house', phc)).toBe(false);
  });

  it('no password matches a missing or malformed hash', async () => {
    for (const hash of [
      undefined,
      '',
      'correct horse',
      '$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AA',
    ]) {
      expect(await passwords.isRight('correct horse', hash)).toBe(false);
    }
  });
});

describe('secrets', () => {
  it('tokens and ids have their documented lengths and are unique', () => {
    expect(newToken()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(newPublicId()).toMatch(/^[a-z2-7]{26}$/);
    expect(new Set(Array.from({ length: 1_000 }, newPublicId)).size).toBe(1_000);
  });

  it('a text that cannot be a token has no hash', () => {
    const token = newToken();
    expect(tokenHash(token)).toHaveLength(32);
    for (const other of ['', `${token}=`, ` ${token}`, token.slice(1), 'é'.repeat(43)]) {
      expect(tokenHash(other)).toBeUndefined();
    }
  });
});

describe('challenges', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'));
  const host = 'music.example:8080';
  const signed = (challenge: string, name = 'Kim', signedHost = host) =>
    new Uint8Array(sign(null, Buffer.from(signInText({ host: signedHost, name, challenge })!), privateKey));

  it('a challenge is valid once', () => {
    const challenges = openChallenges();
    const { challenge, expiresAtMs } = challenges.make('Kim', 1_000);
    expect(expiresAtMs).toBe(1_000 + challengeLifeMs);
    const accept = () =>
      challenges.accept({ host, name: 'kim', challenge }, signed(challenge, 'kim'), key, 2_000);
    expect([accept(), accept()]).toEqual([true, false]);
  });

  it('a challenge is not used up by a wrong signature', () => {
    const challenges = openChallenges();
    const { challenge } = challenges.make('Kim', 0);
    const signIn = { host, name: 'Kim', challenge };
    expect(challenges.accept(signIn, new Uint8Array(64), key, 0)).toBe(false);
    expect(challenges.accept(signIn, signed(challenge), key, 0)).toBe(true);
  });

  it.each([
    ['too late', { nowMs: challengeLifeMs }],
    ['for another name', { name: 'Kam' }],
    ['signed for another host', { signedHost: 'evil.example' }],
    ['without a key', { key: undefined }],
    ['with an invalid key', { key: new Uint8Array(31) }],
    ['with half a signature', { signature: new Uint8Array(32) }],
  ])(
    'a challenge is refused %s',
    (_what, change: {
      nowMs?: number;
      name?: string;
      signedHost?: string;
      key?: Uint8Array | undefined;
      signature?: Uint8Array;
    }) => {
      const challenges = openChallenges();
      const { challenge } = challenges.make('Kim', 0);
      const name = change.name ?? 'Kim';
      const signature = change.signature ?? signed(challenge, name, change.signedHost ?? host);
      const usedKey = 'key' in change ? change.key : key;
      expect(challenges.accept({ host, name, challenge }, signature, usedKey, change.nowMs ?? 0)).toBe(false);
    },
  );

  it('a challenge that was changed, padded, or made before a restart is refused', () => {
    const challenges = openChallenges();
    const { challenge } = challenges.make('Kim', 0);
    const later = Buffer.from(challenge, 'base64url');
    later[0] = 1;
    const forged = [
      openChallenges().make('Kim', 0).challenge,
      later.toString('base64url'),
      `${challenge}=`,
      '',
      'x',
      'A'.repeat(72),
    ];
    for (const other of forged) {
      const signature = other === '' ? new Uint8Array(64) : signed(other);
      expect(challenges.accept({ host, name: 'Kim', challenge: other }, signature, key, 0)).toBe(false);
    }
  });

  it('the signed text is unambiguous', () => {
    expect(signInText({ host: 'A.example', name: 'Kim', challenge: 'c' })).toBe(
      'cicada login\na.example\nKim\nc',
    );
    for (const field of ['', 'a\nb', 'a\u0000']) {
      expect(signInText({ host: field, name: 'Kim', challenge: 'c' })).toBeUndefined();
      expect(signInText({ host, name: field, challenge: 'c' })).toBeUndefined();
    }
  });
});
