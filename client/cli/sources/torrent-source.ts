/**
 * Loads torrent files: from a path, `-` for stdin, or a web address. Returns the parsed torrent, or throws an
 * error that names the source. Left to others: torrents of which only the hash is known (wanted-torrent.ts).
 */
import { open } from 'node:fs/promises';
import process from 'node:process';
import { localLimits } from '../../../torrents/bencode/bencode.ts';
import { isMagnet } from '../../../torrents/magnet.ts';
import { type Metainfo, MetainfoError, parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { displayPath } from '../../../torrents/paths/path-rules.ts';
import type { UserTrust } from '../../host/network/user-trust.ts';
import { badOption, CliError } from '../cli-error.ts';
import { calledAs, quoted } from '../screen/command-line.ts';

export interface LoadedTorrent {
  readonly metainfo: Metainfo;
  /** The torrent file, byte for byte. */
  readonly bytes: Uint8Array;
  /** As the user typed it. */
  readonly source: string;
  /** For a torrent from a web address: the addresses in it that are on that server are trusted. */
  readonly trust: UserTrust;
}

/** The argument of every command that takes one torrent. */
export const torrentPositional = {
  type: 'string',
  describe: 'A .torrent file, - for stdin, or its http(s) address',
} as const;

/** Throws CliError or MetainfoError, or the reason of the signal. */
export async function loadTorrent(source: string, signal: AbortSignal): Promise<LoadedTorrent> {
  const { bytes, trust } = await readSource(source, signal);
  try {
    return { metainfo: parseMetainfo(bytes), bytes, source, trust };
  } catch (error) {
    if (!(error instanceof MetainfoError)) throw error;
    throw new MetainfoError(error.code, `${shown(source)}: ${error.message}`, undefined, { source });
  }
}

type SourceBytes = Pick<LoadedTorrent, 'bytes' | 'trust'>;

async function readSource(source: string, signal: AbortSignal): Promise<SourceBytes> {
  if (source === '-') return { bytes: await readStdin(), trust: {} };
  if (/^https?:\/\//i.test(source)) {
    if (!URL.canParse(source)) throw new CliError('option-invalid', `"${source}" is no web address`);
    // Most torrents come from a file: the HTTP client is loaded only for web addresses.
    const { fetchTorrent } = await import('./torrent-fetch.ts');
    const { body: bytes, origin } = await fetchTorrent(source, signal);
    // After a redirect to another origin the torrent is that server's, so no origin is trusted.
    return { bytes, trust: origin === new URL(source).origin ? { origin } : {} };
  }
  if (isMagnet(source)) throw onlyHash('a magnet link');
  return { bytes: await readTorrentFile(source), trust: {} };
}

async function readTorrentFile(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      if ((await file.stat()).isDirectory()) throw isFolder(path);
      return await readBounded(file.createReadStream({ autoClose: false }), path);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
}

async function readStdin(): Promise<Uint8Array> {
  if (process.stdin.isTTY) {
    throw new CliError('option-invalid', '-: nothing is piped in; give a .torrent file or its address');
  }
  return await readBounded(process.stdin, '-');
}

/** A file may be a pipe or an endless device: the limit counts the bytes read, not the file's size. */
async function readBounded(stream: AsyncIterable<Uint8Array>, source: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.length;
    if (bytes > localLimits.bytesMax) throw tooLarge(source);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function unreadable(path: string, error: NodeJS.ErrnoException): CliError {
  const { code, message } = error;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(path) ?? [];
    if (scheme !== undefined)
      throw badOption(
        `${shown(path)}: torrents come over http and https, and not over ${scheme.toLowerCase()}`,
      );
    return isInfoHash(path)
      ? onlyHash(`${path} is no file here, and an info-hash`)
      : new CliError('not-found', `there is no file ${shown(path)}`, error);
  }
  if (code === 'EISDIR') return isFolder(path);
  if (code === 'EACCES' || code === 'EPERM') {
    return new CliError('file-unreadable', `${shown(path)} cannot be read: you are not allowed to`, error);
  }
  return new CliError('file-unreadable', `${shown(path)} cannot be read (${code ?? message})`, error);
}

function isFolder(path: string): CliError {
  const message = `${shown(path)} is a folder and no torrent; to share it: ${calledAs} share ${quoted(path)}`;
  return new CliError('file-is-folder', message);
}

function tooLarge(source: string): CliError {
  return new CliError(
    'metainfo-too-large',
    `${shown(source)} is larger than ${localLimits.bytesMax / 2 ** 20} MiB: that is no torrent file`,
  );
}

/** 40 or 64 hex digits, or the 32 base32 letters of old magnet links. */
function isInfoHash(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64}|[a-z2-7]{32})$/i.test(text);
}

/** The error of commands that need the metadata without asking peers. */
function onlyHash(what: string): CliError {
  return badOption(
    `${what} names no files: here the .torrent file is needed, or its address at a tracker: http://TRACKER/INFO-HASH.torrent`,
  );
}

function shown(source: string): string {
  return source === '-' ? 'stdin' : displayPath([source]);
}
