/**
 * Tells keys and lists of passwords from music: by name, and small texts by what stands in them. Whatever makes a torrent
 * leaves them out and lists them (`secretOf` of torrents/create/folder-scan.ts).
 *
 * Left to others: where a share may lie at all (share-rules.ts).
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';

/** Of a file's name: what it gives away. */
const names: readonly (readonly [RegExp, string])[] = [
  [
    /^id_(rsa|dsa|ecdsa|ed25519)(_sk)?(\.|$)|^ssh_host_.*_key$|^(authorized_keys|known_hosts)$/i,
    'a key of ssh',
  ],
  [/\.(pem|key|p8|p12|pfx|ppk|jks|jceks|keystore|pkcs12|ovpn)$/i, 'a private key'],
  [/\.(kdbx?|kwallet|psafe3|1pux|opvault|agilekeychain|keychain(-db)?|enpassdb)$/i, 'a store of passwords'],
  [
    /^(key[34]\.db|logins\.json|login data|cookies(\.sqlite)?|secring\.gpg|wallet\.dat)$/i,
    "a program's secrets",
  ],
  [
    /^(bitwarden|1password|lastpass|dashlane|keeper|keepass)[ _-].*\.(csv|json|xml|txt)$/i,
    'an export of passwords',
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
/** A key stands at the beginning, or behind a certificate or some remarks of the program that wrote it. */
const lookedAtBytes = 8 * 1024;
const contents: readonly (readonly [RegExp, string])[] = [
  [/^[ \t]*("private_key": *")?-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/m, 'a private key'],
  [/^PuTTY-User-Key-File-\d/, 'a private key'],
  [/^AGE-SECRET-KEY-/m, 'a private key'],
];
const { O_RDONLY, O_NONBLOCK = 0 } = constants;

/**
 * What a file gives away, as in `it looks like …`; undefined for all others, and for one that cannot be read: whoever wants
 * to share it is told of that.
 */
export function secretOf(at: string, bytes = 0): string | undefined {
  return secretName(path.basename(at)) ?? (bytes > keyBytesMax ? undefined : secretContent(at));
}

/** The same by its name alone. */
export function secretName(name: string): string | undefined {
  return names.find(([pattern]) => pattern.test(name))?.[1];
}

function secretContent(at: string): string | undefined {
  try {
    const descriptor = openSync(at, O_RDONLY | O_NONBLOCK);
    try {
      const stats = fstatSync(descriptor);
      if (!stats.isFile() || stats.size > keyBytesMax) return undefined;
      const bytes = Buffer.alloc(Math.min(lookedAtBytes, stats.size));
      // Editors may put a byte order mark before it.
      const text = bytes
        .toString('latin1', 0, readSync(descriptor, bytes, 0, bytes.length, 0))
        .replace(/^ï»¿/, '');
      return contents.find(([pattern]) => pattern.test(text))?.[1];
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}
