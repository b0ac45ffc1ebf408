/**
 * The permanent identity of this client: an id and an Ed25519 key pair, made at the first start. The key owns
 * the account name on every tracker and signs what is published.
 *
 * Invariant: the private key never leaves this file's closure and its own file, which only its owner can
 * read.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import path from 'node:path';
import {
  type ReleaseVersion,
  type SignedVersion,
  signVersion,
} from '../../torrents/release/version-signature.ts';
import { damaged, readPrivate, writePrivate } from './private-file.ts';

export interface Identity {
  /** Random: 32 lower-case hexadecimal digits. */
  readonly clientId: string;
  /** 32 bytes, RFC 8032. */
  readonly publicKey: Uint8Array;
  /**
   * 64 bytes. The text begins with its kind ("cicada login\n…"), so that a signature for one kind is
   * invalid for another.
   */
  sign(text: string): Uint8Array;
  signVersion(version: ReleaseVersion): SignedVersion;
}

const version = 1;

/** Reads the identity, or makes one. Throws a ShareError `private-file-…`. */
export async function openIdentity(stateFolder: string): Promise<Identity> {
  const file = path.join(stateFolder, 'identity.json');
  let text = await readPrivate(file);
  if (text === undefined) {
    await writePrivate(file, newIdentity(), { replace: false });
    // If another process has made an identity first, that one is used.
    text = await readPrivate(file);
  }
  const { clientId, privateKey } = parse(file, text ?? '');
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  return {
    clientId,
    publicKey: new Uint8Array(Buffer.from(jwk.x!, 'base64url')),
    sign: (text) => new Uint8Array(sign(null, Buffer.from(text), privateKey)),
    signVersion: (release) => signVersion(release, privateKey),
  };
}

function newIdentity(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  return `${JSON.stringify({ version, clientId: randomBytes(16).toString('hex'), privateKey: key })}\n`;
}

function parse(file: string, text: string): { clientId: string; privateKey: KeyObject } {
  try {
    const { version: known, clientId, privateKey } = JSON.parse(text) as Record<string, unknown>;
    if (known === version && typeof clientId === 'string' && typeof privateKey === 'string') {
      const bytes = Buffer.from(privateKey, 'base64');
      const key = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
      if (/^[0-9a-f]{32}$/.test(clientId) && key.asymmetricKeyType === 'ed25519')
        return { clientId, privateKey: key };
    }
  } catch (error) {
    throw damaged(file, error);
  }
  throw damaged(file);
}
