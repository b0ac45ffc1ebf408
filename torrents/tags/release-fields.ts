/**
 * Merges the tags and names of all files into the fields of a release: its album, artist and tracks. A tag
 * comes before a name. For the album, the value of most files counts.
 *
 * Invariant: pure. Every release has an album and every track has a title, even if all tags are missing.
 */
import { lastName } from '../paths/path-rules.ts';
import { formatByName } from './audio/audio-formats.ts';
import type { FileCue } from './cue-sheet.ts';
import { artistOfMost } from './texts/artist-names.ts';
import { discAlone, discBehind, discIn, discOf, withoutDisc } from './texts/disc-numbers.ts';
import { commonLicence } from './texts/licences.ts';
import { type FileFields, readFileName, readFolderName } from './texts/name-fields.ts';
import { tagText } from './texts/tag-text.ts';
import type { TrackTags } from './track-tags.ts';

/** An audio file of the release, with its tags if they could be read. */
export interface TaggedFile {
  readonly fileIndex: number;
  /** The path in the torrent, without the torrent's own folder. */
  readonly components: readonly string[];
  readonly bytes: number;
  readonly piecesRoot: Uint8Array | undefined;
  readonly tags: TrackTags | undefined;
  /**
   * The file was opened, but its bytes are not readable audio. The format by its extension does not count.
   */
  readonly isUnreadable?: boolean;
  /** The songs in the file, if a cue sheet names several. */
  readonly cue?: FileCue | undefined;
}

export interface ReleaseTrack {
  /**
   * The index in the torrent. With the info-hash it identifies the track for every client that has the
   * metainfo.
   */
  readonly fileIndex: number;
  /** As the author of the torrent wrote it, joined with slashes. Never used as a path on the disk. */
  readonly path: string;
  readonly disc: number | undefined;
  readonly track: number | undefined;
  readonly title: string;
  readonly artist: string | undefined;
  readonly durationMs: number | undefined;
  readonly codec: string | undefined;
  readonly lossless: boolean | undefined;
  /** Bits per second. */
  readonly bitRate: number | undefined;
  /** Hertz. */
  readonly sampleRate: number | undefined;
  readonly bytes: number;
  /** BEP 52, 32 bytes. Equal roots in two releases mean the same file. Undefined in v1. */
  readonly piecesRoot: Uint8Array | undefined;
}

export interface ReleaseFields {
  readonly album: string;
  /** The artist of the album, as one name: the one that its files agree on. */
  readonly artist: string | undefined;
  /** The album artist by the tags, if they name one. */
  readonly albumArtist: string | undefined;
  readonly year: number | undefined;
  readonly genre: string | undefined;
  /** As the tags claim: `CC BY 4.0`, `CC0`, `Public domain`, or the tag's own text. */
  readonly licence: string | undefined;
  readonly copyright: string | undefined;
  /** In the order of the given files. */
  readonly tracks: readonly ReleaseTrack[];
}

/** The artist of an album whose tracks name several artists, if no tag names an album artist. */
const variousArtists = 'Various Artists';

/** `name`: the name of the torrent. With `isSingleFile`, it is a file name. */
export function releaseFields(
  name: string,
  isSingleFile: boolean,
  files: readonly TaggedFile[],
): ReleaseFields {
  const named = withNames(files);
  const folder = isSingleFile ? undefined : readFolderName(name);
  const tags = files.map((file) => file.tags);
  // If a file's tags have no value, the value of its cue sheet counts.
  const albumArtist = mostTold(
    files.map(
      ({ tags: tag, cue }) => tag?.albumArtist ?? (tag?.artist === undefined ? cue?.artist : undefined),
    ),
  );
  const trackArtists = files.flatMap(
    ({ tags: tag, cue }) => cue?.tracks.map(({ artist }) => artist ?? tag?.artist) ?? [tag?.artist],
  );
  const isNamed = trackArtists.some((artist) => artist !== undefined);
  const artist =
    albumArtist ?? artistOfMost(trackArtists) ?? folder?.artist ?? (isNamed ? variousArtists : undefined);
  // `01 - Artist - Title` names an artist only if all files have this form: one title may be `Song - Live`.
  const nameArtists = files.length > 1 && named.every(({ fields }) => fields.parts.length === 2);
  const rootDisc = isSingleFile ? undefined : discIn(name);
  const wholes = named.map(({ file, fields }): ReleaseTrack => {
    const { fileIndex, components, bytes, piecesRoot, tags, isUnreadable = false } = file;
    const { disc, track, parts } = fields;
    const [before, title = ''] = parts.length === 2 ? parts : [undefined, parts[0]];
    const isArtist = before !== undefined && (nameArtists || isSingleFile || sameText(before, artist));
    // If the bytes of the file were read, they decide the format. An extension is only a claim.
    const isLookedAt = isUnreadable || tags !== undefined;
    const format = isLookedAt ? tags : formatByName(lastName(components));
    return {
      fileIndex,
      path: components.join('/'),
      disc:
        discInTags(tags) ??
        disc ??
        discOf(components.slice(0, -1)) ??
        discBehind(tags?.album ?? file.cue?.album) ??
        rootDisc,
      track: tags?.track ?? track,
      title: tags?.title ?? (isArtist ? title : parts.join(' - ')),
      artist: tags?.artist ?? (isArtist ? before : artist === variousArtists ? undefined : artist),
      durationMs: tags?.durationMs,
      codec: format?.codec,
      lossless: format?.lossless,
      bitRate: tags?.bitRate,
      sampleRate: tags?.sampleRate,
      bytes,
      piecesRoot,
    };
  });
  const tracks = wholes.flatMap((whole, index) => songsOf(whole, files[index]?.cue?.tracks));
  const only = wholes[0];
  return {
    album:
      albumTold(files.map(({ tags: tag, cue }) => tag?.album ?? cue?.album)) ??
      folder?.album ??
      only?.title ??
      tagText(name) ??
      name,
    artist: artist ?? (isSingleFile ? only?.artist : undefined),
    albumArtist,
    year: mostTold(tags.map((tag) => tag?.year)) ?? folder?.year,
    genre: mostTold(tags.map((tag) => tag?.genre)),
    licence: commonLicence(tags.map((tag) => tag?.licence)),
    copyright: mostTold(tags.map((tag) => tag?.copyright)),
    tracks,
  };
}

/**
 * A disc tagged as an album of its own (`Album (Disc 2)`) often has disc number 1. Then the number in the
 * name counts.
 */
function discInTags(tags: TrackTags | undefined): number | undefined {
  const { disc, album } = tags ?? {};
  return disc === 1 && album !== undefined ? (discAlone(album).disc ?? disc) : disc;
}

/** A file that holds several songs becomes one track per song, all with the index of that file. */
function songsOf(whole: ReleaseTrack, cue: FileCue['tracks'] | undefined): readonly ReleaseTrack[] {
  if (cue === undefined) return [whole];
  return cue.map(({ number, title, artist, startMs }, at) => {
    const { durationMs: wholeMs = Number.POSITIVE_INFINITY } = whole;
    const lengthMs = Math.min(cue[at + 1]?.startMs ?? wholeMs, wholeMs) - startMs;
    const durationMs = lengthMs > 0 && Number.isFinite(lengthMs) ? Math.round(lengthMs) : undefined;
    return {
      ...whole,
      track: number,
      title: title ?? `Track ${number}`,
      artist: artist ?? whole.artist,
      durationMs,
    };
  });
}

/**
 * `99 Problems` is track 99 only if other files have numbers too. `20-20 Vision` is on disc 20 only beside
 * `20-21 …`.
 */
function withNames(
  files: readonly TaggedFile[],
): readonly { readonly file: TaggedFile; readonly fields: FileFields }[] {
  const read = files.map((file) => ({ file, fields: readFileName(lastName(file.components)) }));
  const names = read.map(({ fields }) => fields);
  const places = new Set(names.map(({ disc, track }) => `${disc} ${track}`));
  const isBesideAnother = ({ disc, track = 0 }: FileFields): boolean =>
    places.has(`${disc} ${track - 1}`) || places.has(`${disc} ${track + 1}`);
  const discNames = names.filter((name) => name.disc !== undefined && isBesideAnother(name));
  const areDiscs = discNames.length * 2 > names.length;
  const confirmed = (name: FileFields) =>
    name.isCertain || name.disc === undefined || areDiscs ? name : name.otherwise;
  const without = read.map(({ file, fields }) => ({ file, fields: confirmed(fields) }));
  const numbered = without.filter(({ fields }) => fields.track !== undefined).length;
  const areNumbers = numbered > 1 && numbered * 2 > names.length;
  return without.map(({ file, fields }) => {
    let told = fields;
    while (!told.isCertain && !areNumbers) told = told.otherwise;
    return { file, fields: told };
  });
}

/**
 * The most frequent album without `(Disc 2)`, if several discs share it. A single disc gets the name of the
 * whole album as well.
 */
function albumTold(albums: readonly (string | undefined)[]): string | undefined {
  const spellings = new Set(albums.filter((album) => album !== undefined));
  const common = mostTold(albums.map((album) => (album === undefined ? undefined : withoutDisc(album))));
  const ofOne = [...spellings].filter((album) => withoutDisc(album) === common);
  if (ofOne.length > 1) return common;
  const told = mostTold(albums);
  return told && discAlone(told).album;
}

/** The most frequent value, the first one on a tie. Undefined if fewer than half of the values are known. */
function mostTold<Value extends string | number>(values: readonly (Value | undefined)[]): Value | undefined {
  const counts = new Map<Value, number>();
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  const told = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (told * 2 < values.length) return undefined;
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function sameText(a: string, b: string | undefined): boolean {
  return a.toLowerCase() === b?.toLowerCase();
}
