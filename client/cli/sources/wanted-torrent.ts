/**
 * Reads a `<torrent>` argument for downloading: a torrent file from any source, a magnet link, or an
 * info-hash.
 */
import { existsSync } from 'node:fs';
import type { Options } from 'yargs';
import { hex } from '../../../torrents/byte-text.ts';
import { isMagnet, type MagnetLink, parseMagnet } from '../../../torrents/magnet.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { UserTrust } from '../../host/network/user-trust.ts';
import type { UpgradeFrom } from '../../host/upgrade.ts';
import type { Remember } from '../../session/transfers/fetched-transfer.ts';
import { badOption, CliError } from '../cli-error.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { typedTracker } from '../options/typed-tracker.ts';
import type { Output } from '../screen/output.ts';
import {
  hasUsableTracker,
  type Obstacle,
  obstacleWords,
  unsupportedSources,
} from '../swarm-view/obstacles.ts';
import { loadTorrent } from './torrent-source.ts';

export type WantedTorrent = KnownTorrent | { readonly link: MagnetLink; readonly trust: UserTrust };

export interface KnownTorrent {
  readonly metainfo: Metainfo;
  /** Which of its trackers the user typed. */
  readonly trust: UserTrust;
  /** Indices of the wanted files; undefined: all. */
  readonly songs?: ReadonlySet<number> | undefined;
  /** The existing files of an earlier version of the release. */
  readonly upgradeFrom?: UpgradeFrom | undefined;
  readonly remember?: Remember | undefined;
}

/** The argument of every command that downloads torrents. */
export const wantedPositional = {
  type: 'string',
  describe:
    'A .torrent file, its http(s) address, a magnet link, an info-hash, - for stdin; or its number in the last list',
} as const;

export const trackerOption = {
  tracker: {
    type: 'string',
    array: true,
    nargs: 1,
    describe: 'Another tracker to ask, beside those of the torrent or link; repeatable',
    coerce: parseTrackers,
  },
} as const satisfies Record<string, Options>;

/** Trackers and peers to ask besides those in the link. */
export interface Helpers {
  readonly trackers: readonly string[];
  readonly peers: readonly unknown[];
}

/** Throws CliError, MetainfoError or MagnetError, or the reason of the signal. */
export async function readWanted(
  source: string,
  helpers: Helpers,
  signal: AbortSignal,
  output: Output,
): Promise<WantedTorrent> {
  const link = linkOf(source);
  for (const { key, value, why } of link?.leftOut ?? [])
    output.remark(`Note: passed over in the magnet link: ${plain(`${key}=${value}`)} (${why})`);
  const typed: UserTrust = { trackers: helpers.trackers };
  if (link === undefined) {
    const { metainfo, trust } = await loadTorrent(source, signal);
    return { metainfo, trust: { ...trust, ...typed } };
  }
  const trackers = [...new Set([...helpers.trackers, ...link.trackers])];
  const isPeerNamed = helpers.peers.length + link.peers.length > 0;
  const sources = { trackers, webSeeds: link.webSeeds };
  if (!isPeerNamed && !hasUsableTracker(sources)) throw sourcesMissing(unsupportedSources(sources));
  return { link: { ...link, trackers }, trust: typed };
}

/** The error for a link without usable tracker or peer: the search would never end. */
function sourcesMissing(unsupported: readonly Obstacle[]): CliError {
  if (unsupported.length > 0)
    return new CliError('sources-unsupported', `this torrent cannot be found: ${obstacleWords(unsupported)}`);
  return badOption(
    'no tracker or peer is known for this torrent: add one with --tracker http://HOST:PORT/announce or --peer HOST:PORT',
  );
}

/** Adds the trackers that the user typed, in front of the torrent's own. */
export function withTypedTrackers(wanted: WantedTorrent, typed: readonly string[]): WantedTorrent {
  if (!('metainfo' in wanted) || typed.length === 0) return wanted;
  const { metainfo } = wanted;
  const known = metainfo.trackers.flat();
  const more = typed.filter((url) => !known.includes(url));
  if (more.length === 0) return wanted;
  return { ...wanted, metainfo: { ...metainfo, trackers: [more, ...metainfo.trackers] } };
}

/** The info-hash in hex: the torrent's identity. */
export function infoHashOf(wanted: WantedTorrent): string {
  if ('metainfo' in wanted) return hex(wanted.metainfo.infoHash);
  const { infoHash, infoHashV2 } = wanted.link;
  return Buffer.from(infoHash ?? infoHashV2!.subarray(0, 20)).toString('hex');
}

/**
 * 40 hex digits, the 64 of version 2, or the 32 base32 letters of old magnet links. An existing file of that
 * name has priority.
 */
function linkOf(source: string): MagnetLink | undefined {
  if (isMagnet(source)) return parseMagnet(source);
  if (/^[0-9a-f]{64}$/i.test(source)) return existsSync(source) ? undefined : hashLink(`btmh:1220${source}`);
  if (!/^([0-9a-f]{40}|[a-z2-7]{32})$/i.test(source) || existsSync(source)) return undefined;
  return hashLink(`btih:${source}`);
}

function hashLink(name: string): MagnetLink {
  return parseMagnet(`magnet:?xt=urn:${name}`);
}

function parseTrackers(given: readonly (string | undefined)[]): string[] {
  return given.map((url = '') => {
    const tracker = typedTracker(url, /^https?$/i);
    if (tracker !== undefined) return tracker;
    throw badOption(`--tracker: "${url}" is not a tracker; give it like http://HOST:6969/announce`);
  });
}
