/**
 * Checks everything that a publisher sends, once. The .torrent is parsed as hostile input, numbers and texts
 * are limited, and paths, bytes and roots are taken from the torrent.
 */

import { peerLimits } from '../../../torrents/bencode/bencode.ts';
import { type Metainfo, parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { displayPath, isHiddenName } from '../../../torrents/paths/path-rules.ts';
import type { ReleaseTrack } from '../../../torrents/release/release.ts';
import { isSignedBy, versionOf } from '../../../torrents/release/version-signature.ts';
import { type CoverImage, coverImage } from '../../../torrents/tags/covers/cover-image.ts';
import { tagText } from '../../../torrents/tags/texts/tag-text.ts';
import { isForEveryone } from '../../access.ts';
import { CatalogueError } from '../catalogue-error.ts';
import type { Description, VersionInput, WantedAccess } from '../contract.ts';
import { keptTorrent } from '../words/kept-parts.ts';
import { type ContentPrint, contentPrint } from './content-print.ts';
import type { IncomingTorrent } from './torrent-files.ts';
import { torrentNameText } from './torrent-names.ts';
import { tracksMax } from './track-id.ts';

/** What the tables store of a torrent, besides its file. */
export interface TorrentFacts
  extends Pick<Metainfo, 'name' | 'format' | 'infoHash' | 'infoHashV2' | 'bytes' | 'private'> {
  /** Without pad files. */
  readonly fileCount: number;
}

/** The checked content of a version, ready to be stored. */
export interface Publication {
  readonly torrent: TorrentFacts;
  readonly print: ContentPrint;
  /** The .torrent as it is kept: bytes, or a file that is already written. */
  readonly file: Uint8Array | IncomingTorrent;
  readonly album: string;
  readonly artist: string | undefined;
  readonly albumArtist: string | undefined;
  readonly year: number | undefined;
  readonly genre: string | undefined;
  readonly licence: string | undefined;
  readonly copyright: string | undefined;
  readonly tracks: readonly ReleaseTrack[];
  readonly cover: CoverImage | undefined;
}

const releaseIdPattern = /^[a-z2-7]{26}$/;
/** Scores are dated earlier than recordings; 1000 leaves room for them. */
const yearMin = 1000;
const yearMax = 2200;
/** A higher disc or track number is a tagging mistake. */
const numberMax = 9_999;
/** Two weeks: longer than any recording sold. */
const durationMsMax = 14 * 24 * 3_600_000;
const bitRateMax = 100_000_000;
const sampleRateMax = 50_000_000;
/** For more people the publisher makes a group. */
const peopleMax = 200;

/** Throws CatalogueError. `version`: the version number that was signed. */
export function readPublication(input: Omit<VersionInput, 'viewer' | 'nowMs'>, version: number): Publication {
  const { releaseId, torrent, description, cover, publishedAtMs } = input;
  if (!releaseIdPattern.test(releaseId)) throw invalid('its id is not 26 characters of base32');
  if (!isCount(publishedAtMs, 2 ** 52)) throw invalid('its time is no whole number of milliseconds');
  const metainfo = readTorrent(torrent);
  refuseHiddenName(metainfo);
  checkSignature(input, metainfo, version);
  const image = cover === undefined ? undefined : coverImage(cover);
  if (cover !== undefined && image === undefined) {
    throw invalid('its cover is no JPEG, PNG or WebP image of at most 256 KiB');
  }
  const album = tagText(description.album);
  if (album === undefined) throw invalid('it has no name');
  const { name, format, infoHash, infoHashV2, bytes, files } = metainfo;
  const fileCount = files.filter(({ isPad }) => !isPad).length;
  return {
    torrent: { name, format, infoHash, infoHashV2, bytes, private: metainfo.private, fileCount },
    print: contentPrint(metainfo),
    file: keptTorrent(torrent).bytes,
    album,
    artist: tagText(description.artist),
    albumArtist: tagText(description.albumArtist),
    year: within(description.year, yearMin, yearMax),
    genre: tagText(description.genre),
    licence: tagText(description.licence),
    copyright: tagText(description.copyright),
    tracks: readTracks(description, metainfo),
    cover: image,
  };
}

/** Throws CatalogueError. */
export function readAccess(access: WantedAccess, torrent: Pick<Metainfo, 'private'>): WantedAccess {
  const { visibility, groupId, peopleIds = [] } = access;
  if (!isForEveryone(access) && !torrent.private) {
    throw new CatalogueError(
      'release-not-private',
      'a release that not everyone may see needs a private torrent, or clients pass it on: create it with --private',
    );
  }
  switch (visibility) {
    case 'group':
      if (!isCount(groupId, Number.MAX_SAFE_INTEGER)) throw invalid('it is for a group, and names none');
      return { visibility, groupId };
    case 'people':
      if (peopleIds.length > peopleMax) throw invalid(`it names more than ${peopleMax} people: make a group`);
      return { visibility, peopleIds: [...new Set(peopleIds)] };
    default:
      return { visibility };
  }
}

function readTorrent(torrent: Uint8Array): Metainfo {
  try {
    // The limits for input from strangers.
    return parseMetainfo(torrent, { limits: peerLimits });
  } catch (error) {
    throw new CatalogueError('torrent-invalid', `its torrent cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * Cicada would not save a torrent under a hidden name; other programs would, for example into `.ssh` of a
 * downloader whose download folder is their home folder.
 */
function refuseHiddenName({ name }: Metainfo): void {
  if (!isHiddenName(name)) return;
  throw new CatalogueError(
    'torrent-name-hidden',
    `its torrent is called ${torrentNameText(name)}, and names that begin with a dot are hidden: rename the folder, and make a new torrent of it`,
  );
}

function checkSignature(
  input: Pick<VersionInput, 'releaseId' | 'publishedAtMs' | 'publisherKey' | 'signature'>,
  metainfo: Metainfo,
  version: number,
): void {
  const { releaseId, publishedAtMs, publisherKey, signature } = input;
  if (publisherKey === undefined) return;
  const signed = versionOf(metainfo, { releaseId, version, publishedAtMs });
  if (signature?.length === 64 && isSignedBy({ ...signed, signature }, publisherKey)) return;
  throw new CatalogueError(
    'signature-invalid',
    'the signature is not of the key of this account: sign this version',
  );
}

function readTracks({ tracks }: Description, metainfo: Metainfo): ReleaseTrack[] {
  if (tracks.length > tracksMax) {
    throw new CatalogueError(
      'release-limit',
      `a release has at most ${tracksMax} tracks: publish it in parts`,
    );
  }
  const taken = new Set<string>();
  return tracks.map((track) => {
    const file = metainfo.files[track.fileIndex];
    if (file === undefined || file.isPad) throw invalid(`there is no file ${track.fileIndex} in its torrent`);
    // A cue sheet names several songs in one file.
    const place = `${file.index} ${track.track}`;
    if (taken.has(place)) throw invalid(`file ${file.index} of its torrent is two tracks of one number`);
    taken.add(place);
    const path = displayPath(file.components);
    return {
      fileIndex: file.index,
      path,
      disc: within(track.disc, 0, numberMax),
      track: within(track.track, 0, numberMax),
      title: tagText(track.title) ?? tagText(file.components.at(-1)) ?? path,
      artist: tagText(track.artist),
      durationMs: within(track.durationMs, 0, durationMsMax),
      codec: codecOf(track.codec),
      lossless: track.lossless,
      bitRate: within(track.bitRate, 0, bitRateMax),
      sampleRate: within(track.sampleRate, 0, sampleRateMax),
      bytes: file.bytes,
      piecesRoot: file.piecesRoot,
    };
  });
}

/** Percent of the tracks that the track numbers imply: with numbers 1, 2 and 4, four tracks are expected. */
export function completenessOf(tracks: readonly Pick<ReleaseTrack, 'disc' | 'track'>[]): number {
  const highest = new Map<number, number>();
  for (const { disc = 1, track = 0 } of tracks) highest.set(disc, Math.max(highest.get(disc) ?? 0, track));
  const told = [...highest.values()].reduce((sum, number) => sum + number, 0);
  return told === 0 ? 100 : Math.min(100, Math.floor((100 * tracks.length) / told));
}

function codecOf(text: string | undefined): string | undefined {
  const codec = text?.toLowerCase();
  return codec !== undefined && /^[a-z0-9]{1,16}$/.test(codec) ? codec : undefined;
}

/** An out-of-range value comes from a wrong tag and counts as missing. */
function within(value: number | undefined, min: number, max: number): number | undefined {
  if (value === undefined || !(value >= min && value <= max)) return undefined;
  return Math.round(value);
}

function isCount(value: number | undefined, max: number): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 && value <= max;
}

function invalid(why: string): CatalogueError {
  return new CatalogueError('release-invalid', `this release cannot be published: ${why}`);
}
