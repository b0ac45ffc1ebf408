/** The flags for the content of a torrent, for the commands that make one: `create` and `share`. */
import process from 'node:process';
import type { InferredOptionTypes, Options, PositionalOptions } from 'yargs';
import type { CreateOptions, Skipped } from '../../../torrents/create/create.ts';
import { usualPieceLengths } from '../../../torrents/metainfo/metainfo-fields.ts';
import { fileFilter } from '../../../torrents/paths/file-filter.ts';
import { version } from '../../../torrents/program.ts';
import { count } from '../../../torrents/wording.ts';
import { secretOf } from '../../sharing/secret-files.ts';
import { badOption } from '../cli-error.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import type { Output } from '../screen/output.ts';
import { parseSize } from './size-parser.ts';
import { typedTracker } from './typed-tracker.ts';

/** The same flag in every command that sends files from this machine. */
export const secretsOption = {
  'include-secrets': {
    type: 'boolean',
    describe: 'Include files that look like keys or password lists; every downloader will get them',
  },
} as const satisfies Record<string, Options>;

export const contentOptions = {
  announce: {
    type: 'string',
    alias: ['a', 'tracker'],
    array: true,
    nargs: 1,
    describe: 'Tracker; repeat for the next tier, use commas within a tier',
    coerce: parseTiers,
  },
  private: { type: 'boolean', alias: 'p', describe: 'Peers may come only from its trackers (BEP 27)' },
  'piece-length': {
    type: 'string',
    alias: 'l',
    requiresArg: true,
    describe: 'Power of two from 16KiB to 16MiB; default: by size',
    coerce: parsePieceLength,
  },
  comment: { type: 'string', alias: 'c', requiresArg: true, describe: 'Comment stored in the torrent' },
  source: {
    type: 'string',
    alias: 's',
    requiresArg: true,
    describe: 'Tag stored in the torrent, so that the same files get a different info-hash here',
  },
  name: {
    type: 'string',
    alias: 'n',
    requiresArg: true,
    describe: "Name of the torrent; default: the folder's name",
  },
  'web-seed': {
    type: 'string',
    alias: 'w',
    array: true,
    nargs: 1,
    describe: 'Web address that also has the files; repeatable',
    coerce: parseWebSeeds,
  },
  threads: {
    type: 'string',
    alias: 't',
    requiresArg: true,
    describe: 'Hashing threads; default: one per core',
    coerce: parseThreads,
  },
  format: {
    choices: ['v1', 'v2', 'hybrid'],
    requiresArg: true,
    describe: 'Default: hybrid; v1 for old clients (aria2 1.36, Transmission 3.00)',
  },
  'creation-date': { type: 'boolean', describe: 'Store the creation date in the torrent' },
  include: { type: 'string', array: true, nargs: 1, describe: 'Only files that match: "*.flac"' },
  exclude: { type: 'string', array: true, nargs: 1, describe: 'Skip files that match: "*.log"' },
  'include-hidden': { type: 'boolean', describe: 'Include hidden files' },
  'include-junk': { type: 'boolean', describe: 'Include Thumbs.db, .DS_Store and the like' },
  'follow-symlinks': { type: 'boolean', describe: 'Follow links that stay inside the folder' },
  ...secretsOption,
} as const satisfies Record<string, Options>;

/** The paths that become torrents. */
export const sharedPaths = {
  path: {
    type: 'string',
    array: true,
    demandOption: true,
    describe: 'Folders or files, a torrent for each',
  },
} as const satisfies Record<string, PositionalOptions>;

/** For commands that write a torrent file. */
export const forceOption = {
  force: { type: 'boolean', alias: 'f', describe: 'Replace an existing torrent file' },
} as const satisfies Record<string, Options>;

type ContentArgs = InferredOptionTypes<typeof contentOptions>;

export function createOptions(args: ContentArgs, trackers: readonly (readonly string[])[]): CreateOptions {
  return {
    format: args.format,
    pieceLength: args['piece-length'],
    trackers,
    webSeeds: args['web-seed'],
    private: args.private,
    source: args.source,
    comment: args.comment,
    name: args.name,
    createdBy: `Cicada ${version}`,
    creationDate: args['creation-date'] ? creationDate() : undefined,
    includeHidden: args['include-hidden'],
    includeJunk: args['include-junk'],
    followSymlinks: args['follow-symlinks'],
    wanted: fileFilter(args.include ?? [], args.exclude ?? []),
    secretOf: args['include-secrets'] ? undefined : secretOf,
  };
}

/**
 * Off by default, so that the same folder gives the same file on every day. Reproducible builds set the time
 * in SOURCE_DATE_EPOCH.
 */
function creationDate(): number {
  const fixed = process.env.SOURCE_DATE_EPOCH ?? '';
  return /^\d{1,12}$/.test(fixed) ? Number(fixed) : Math.floor(Date.now() / 1000);
}

function parseTiers(given: readonly (string | undefined)[]): string[][] {
  const tiers = given.map((tier) => (tier ?? '').split(',').map((url) => parseTracker(url.trim())));
  return tiers.filter((tier) => tier.length > 0);
}

/** Other clients use UDP and WebSocket trackers; this client announces only over HTTP. */
function parseTracker(url: string): string {
  const tracker = typedTracker(url, /^(https?|udp|wss?)$/i);
  if (tracker !== undefined) return tracker;
  throw badOption(`--announce: "${url}" is not a tracker; give it like http://HOST:6969/announce`);
}

function parseWebSeeds(given: readonly (string | undefined)[]): string[] {
  return given.map((url = '') => {
    if (/^https?:\/\//i.test(url) && URL.canParse(url)) return url;
    throw badOption(`--web-seed: "${url}" is not a web address; give it like https://HOST/music/`);
  });
}

/** `1MiB`, or an exponent as in mktorrent: 20 means 2^20. */
function parsePieceLength(text: string): number | undefined {
  if (text === 'auto') return undefined;
  const pieceLength = /^\d{1,2}$/.test(text) ? 2 ** Number(text) : parseSize(text, '--piece-length');
  const isPossible = pieceLength >= usualPieceLengths.min && pieceLength <= usualPieceLengths.max;
  if (isPossible && Number.isInteger(Math.log2(pieceLength))) return pieceLength;
  throw badOption(`--piece-length: "${text}" is not a power of two from 16KiB to 16MiB`);
}

function parseThreads(text: string): number {
  const threads = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (threads >= 1 && threads <= 256) return threads;
  throw badOption(`--threads: "${text}" is not a number from 1 to 256`);
}

const skipWords: Readonly<Record<Skipped['reason'], string>> = {
  junk: 'left by a system or a program',
  hidden: 'hidden',
  excluded: 'not wanted',
  secret: 'it looks like a secret',
  'symbolic-link': 'a link',
  'link-leads-out': 'a link that leads out of the folder',
  'link-loop': 'a link that leads back to where it came from',
  'not-a-file': 'neither a file nor a folder',
  'own-torrent': 'a torrent of this folder',
};

/** At most 8 are printed; the rest are in the JSON. */
const skippedShownMax = 8;

/** Prints which files are not in the torrent: none is left out silently. Secrets come first. */
export function remarkSkipped(skipped: readonly Skipped[], output: Output): void {
  const secrets = skipped.filter(({ reason }) => reason === 'secret');
  const others = skipped.filter(({ reason }) => reason !== 'excluded' && reason !== 'secret');
  const remarkable = [...secrets, ...others];
  for (const skip of remarkable.slice(0, skippedShownMax)) {
    output.remark(`Left out: ${plain(skip.path)} (${wordsFor(skip)})`);
  }
  const more = remarkable.length - skippedShownMax;
  if (more > 0)
    output.remark(`Left out: ${count(more, 'more entry', 'more entries')} (--json names them all)`);
  if (secrets.length > 0) output.remark('To share keys and password files all the same: --include-secrets');
  const unwanted = skipped.length - remarkable.length;
  if (unwanted > 0) output.remark(`Left out: ${count(unwanted, 'file')} by --include and --exclude`);
}

function wordsFor({ reason, looksLike }: Skipped): string {
  return looksLike === undefined ? skipWords[reason] : `it looks like ${looksLike}`;
}

/** A torrent without content is allowed, as in mktorrent. */
export function remarkEmpty(bytes: number, output: Output): void {
  if (bytes > 0) return;
  output.remark('All its files are empty: libtorrent and Transmission refuse such a torrent');
}
