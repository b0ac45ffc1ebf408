/**
 * Keeps keys and passwords out of a share: by name, and small texts by how they begin. They are left out of the torrent,
 * and listed with the reason.
 *
 * Left to others: where a share may lie at all (share-rules.ts).
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';

export interface Refused {
  readonly path: string;
  /** As in `it looks like …`. */
  readonly reason: string;
}

export interface SecretFilter {
  /** For the options of createTorrent: whether a file may be shared. Asked again, it looks again. */
  readonly wanted: (components: readonly string[]) => boolean;
  /** What was refused so far, each once. */
  readonly refused: () => readonly Refused[];
}

/** Of a file's name: what it gives away. */
const names: readonly (readonly [RegExp, string])[] = [
  [
    /^id_(rsa|dsa|ecdsa|ed25519)(_sk)?(\.|$)|^ssh_host_.*_key$|^(authorized_keys|known_hosts)$/,
    'a key of ssh',
  ],
  [/\.(pem|key|p8|p12|pfx|ppk|jks|jceks|keystore|pkcs12|ovpn)$/i, 'a private key'],
  [/\.(kdbx?|kwallet|psafe3|1pux|opvault|agilekeychain|keychain(-db)?|enpassdb)$/i, 'a store of passwords'],
  [
    /^(key[34]\.db|logins\.json|login data|cookies(\.sqlite)?|secring\.gpg|wallet\.dat)$/i,
    "a program's secrets",
  ],
  // As programs write them: an album may be called Shadow.
  [/^(\.?netrc|\.?pgpass|\.?htpasswd|shadow-?|credentials|\.env(\..*)?)$/, 'a file of passwords'],
  // Songs have such names too, but no song ends like this.
  [
    /^(my ?)?(passwords?|passw(oe|ö)rte?r?|kennw(oe|ö)rte?r?|logins?|pins?|secrets?)( ?list)?\.(txt|csv|docx?|odt|ods|xlsx?|rtf|md|json)$/i,
    'a list of passwords',
  ],
];

/** No key is larger; music nearly always is, and is not opened for this. */
const keyBytesMax = 64 * 1024;
const beginningBytes = 128;
const beginnings: readonly (readonly [RegExp, string])[] = [
  [/^\s*-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/, 'a private key'],
  [/^PuTTY-User-Key-File-\d/, 'a private key'],
  [/^AGE-SECRET-KEY-/, 'a private key'],
];
const { O_RDONLY, O_NONBLOCK = 0 } = constants;

/** `root`: what is shared. A file that cannot be read is not refused here: creating the torrent says why it fails. */
export function secretFilter(root: string): SecretFilter {
  const refused = new Map<string, string>();
  return {
    wanted: (components) => {
      const at = path.join(root, ...components);
      const reason = secretOf(at);
      if (reason !== undefined) refused.set(at, reason);
      return reason === undefined;
    },
    refused: () => [...refused].map(([at, reason]) => ({ path: at, reason })),
  };
}

/** What a file gives away, by its name or its beginning; undefined for all others. */
export function secretOf(at: string): string | undefined {
  const name = path.basename(at);
  return names.find(([pattern]) => pattern.test(name))?.[1] ?? secretBeginning(at);
}

function secretBeginning(at: string): string | undefined {
  try {
    const descriptor = openSync(at, O_RDONLY | O_NONBLOCK);
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile() || stats.size > keyBytesMax) return undefined;
      const bytes = Buffer.alloc(beginningBytes);
      const text = bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, beginningBytes, 0));
      return beginnings.find(([pattern]) => pattern.test(text))?.[1];
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}
