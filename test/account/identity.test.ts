import { createPublicKey, verify } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openIdentity } from '../../client/account/identity.ts';
import { forgetSession, loadSession, saveSession } from '../../client/account/tracker-sessions.ts';
import { isSignedBy } from '../../torrents/release/version-signature.ts';
import { makeFolder } from '../torrents/folder-fixture.ts';

const onUnix = it.skipIf(process.platform === 'win32');
const newState = () => path.join(makeFolder('state', {}), 'cicada');
const identityFile = (state: string) => path.join(state, 'identity.json');

describe('an identity', () => {
  it('an identity is made once and then stays the same', async () => {
    const state = newState();
    const first = await openIdentity(state);
    const again = await openIdentity(state);
    expect(first.clientId).toMatch(/^[0-9a-f]{32}$/);
    expect(first.publicKey).toHaveLength(32);
    expect([again.clientId, again.publicKey]).toEqual([first.clientId, first.publicKey]);
    expect((await openIdentity(newState())).clientId).not.toBe(first.clientId);
  });

  it('several processes that start at the same moment get the same identity', async () => {
    const state = newState();
    const all = await Promise.all(Array.from({ length: 8 }, () => openIdentity(state)));
    expect(new Set(all.map(({ clientId }) => clientId)).size).toBe(1);
    expect(fs.readdirSync(state)).toEqual(['identity.json']);
  });

  it('signatures of an identity are valid for its public key', async () => {
    const { publicKey, sign, signVersion } = await openIdentity(newState());
    const x = Buffer.from(publicKey).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    expect(verify(null, Buffer.from('cicada login\n…'), key, sign('cicada login\n…'))).toBe(true);
    const hashes = { infoHash: new Uint8Array(20), infoHashV2: undefined };
    expect(
      isSignedBy(signVersion({ releaseId: 'a', version: 1, publishedAtMs: 1, ...hashes }), publicKey),
    ).toBe(true);
  });

  onUnix('an identity file is readable by its owner alone', async () => {
    const state = newState();
    await openIdentity(state);
    expect(fs.statSync(identityFile(state)).mode & 0o777).toBe(0o600);
    expect(fs.statSync(state).mode & 0o777).toBe(0o700);
  });

  onUnix('an identity file that others can read is refused, and stays as it is', async () => {
    const state = newState();
    await openIdentity(state);
    const before = fs.readFileSync(identityFile(state), 'utf8');
    for (const mode of [0o640, 0o604, 0o660]) {
      fs.chmodSync(identityFile(state), mode);
      await expect(openIdentity(state)).rejects.toMatchObject({ code: 'private-file-readable' });
    }
    expect(fs.readFileSync(identityFile(state), 'utf8')).toBe(before);
  });

  it('a damaged identity file is refused and never replaced', async () => {
    const state = newState();
    await openIdentity(state);
    const whole = fs.readFileSync(identityFile(state), 'utf8');
    const wrong = [
      '',
      '{}',
      'null',
      whole.slice(0, 60),
      whole.replace(/"version":1/, '"version":2'),
      'x'.repeat(70_000),
    ];
    for (const text of wrong) {
      fs.writeFileSync(identityFile(state), text);
      await expect(openIdentity(state)).rejects.toMatchObject({ code: 'private-file-damaged' });
      expect(fs.readFileSync(identityFile(state), 'utf8')).toBe(text);
    }
  });

  onUnix('an identity file that is a link or a folder is refused', async () => {
    const state = newState();
    await openIdentity(state);
    fs.renameSync(identityFile(state), path.join(state, 'elsewhere.json'));
    fs.symlinkSync('elsewhere.json', identityFile(state));
    await expect(openIdentity(state)).rejects.toMatchObject({ code: 'private-file-unusable' });
    fs.rmSync(identityFile(state));
    fs.mkdirSync(identityFile(state));
    await expect(openIdentity(state)).rejects.toMatchObject({ code: 'private-file-damaged' });
  });
});

describe('a session', () => {
  const session = { name: 'ada', token: 'secret-token' };

  it("a session is stored for its tracker's origin, with any path, and not for another origin", async () => {
    const state = newState();
    await saveSession(state, 'https://tracker.example:8443/api/v1', session);
    expect(await loadSession(state, 'https://tracker.example:8443/announce')).toEqual(session);
    for (const other of ['http://tracker.example:8443', 'https://tracker.example', 'https://example:8443']) {
      expect(await loadSession(state, other)).toBeUndefined();
    }
  });

  it('a session file of an earlier version with a passkey can be read', async () => {
    const state = newState();
    await saveSession(state, 'http://a', session);
    const [name] = fs.readdirSync(path.join(state, 'sessions'));
    const earlier = { tracker: 'http://a', ...session, passkey: 'b2'.repeat(16) };
    fs.writeFileSync(path.join(state, 'sessions', name!), JSON.stringify(earlier));
    expect(await loadSession(state, 'http://a')).toEqual(session);
  });

  it('a session is replaced by the next one, and can be forgotten', async () => {
    const state = newState();
    await saveSession(state, 'http://a', session);
    await saveSession(state, 'http://a', { ...session, token: 'next' });
    expect(await loadSession(state, 'http://a/')).toMatchObject({ token: 'next' });
    await forgetSession(state, 'http://a');
    expect(await loadSession(state, 'http://a')).toBeUndefined();
    await forgetSession(state, 'http://a');
  });

  onUnix('a session file is readable by its owner alone, or refused', async () => {
    const state = newState();
    await saveSession(state, 'http://a', session);
    const [name] = fs.readdirSync(path.join(state, 'sessions'));
    const file = path.join(state, 'sessions', name!);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(name).not.toContain('secret');
    fs.chmodSync(file, 0o644);
    await expect(loadSession(state, 'http://a')).rejects.toMatchObject({ code: 'private-file-readable' });
  });

  it('a session file of another tracker is refused', async () => {
    const state = newState();
    await saveSession(state, 'http://a', session);
    const [name] = fs.readdirSync(path.join(state, 'sessions'));
    const file = path.join(state, 'sessions', name!);
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('http://a', 'http://b'));
    await expect(loadSession(state, 'http://a')).rejects.toMatchObject({ code: 'private-file-damaged' });
  });
});
