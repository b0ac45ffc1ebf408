/**
 * Recognises private keys and password lists: by name, and small files by their first bytes. Everything that
 * makes torrents leaves such files out and lists them (`secretOf` of torrents/create/folder-scan.ts).
 *
 * Left to others: which folders may be shared at all (share-rules.ts).
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';

/** Patterns of file names, and what such a file is. */
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
  // Case-sensitive, as programs write these names: an album may be called Shadow.
  [/^(\.?netrc|\.?pgpass|\.?htpasswd|shadow-?|credentials|\.env(\..*)?)$/, 'a file of passwords'],
  // Songs have such names too, but not with these extensions.
  [
    /^(my ?)?(passwords?|passw(oe|ö)rte?r?|kennw(oe|ö)rte?r?|logins?|pins?|secrets?)( ?list)?\.(txt|csv|docx?|odt|ods|xlsx?|rtf|md|json)$/i,
    'a list of passwords',
  ],
];

/** Keys are never larger. Music nearly always is, so it is not opened. */
const keyBytesMax = 64 * 1024;
/** A key may follow a certificate or remarks of the program that wrote it. */
const lookedAtBytes = 8 * 1024;
const contents: readonly (readonly [RegExp, string])[] = [
  [/^[ \t]*("private_key": *")?-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/m, 'a private key'],
  [/^PuTTY-User-Key-File-\d/, 'a private key'],
  [/^AGE-SECRET-KEY-/m, 'a private key'],
];
const { O_RDONLY, O_NONBLOCK = 0 } = constants;

/**
 * What the file is, to complete `it looks like …`. Undefined for all other files, and for one that cannot
 * be read: sharing it fails with its own error.
 */
export function secretOf(at: string, bytes = 0): string | undefined {
  return secretName(path.basename(at)) ?? (bytes > keyBytesMax ? undefined : secretContent(at));
}

/** As secretOf(), by the name alone. */
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
      // Editors may write a byte order mark first.
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
