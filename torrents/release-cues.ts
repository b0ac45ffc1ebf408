/**
 * The cue sheets of a release, as files beside the music: which songs lie in which of its files.
 *
 * Invariant: bounded in number and bytes; a sheet that cannot be read is as if it were not there.
 */
import type { TorrentFile } from './file-layout.ts';
import { smallFile } from './small-file.ts';
import { type CueSheet, type CueTrack, cueBytesMax, cueTracksOf, readCueSheet } from './tags/cue-sheet.ts';
import { mendTexts } from './tags/old-encodings.ts';
import { readableText } from './tags/tag-text.ts';
import type { FilePaths } from './verify.ts';

/** A box of a hundred discs. */
const sheetsMax = 100;

export interface CueFolder {
  /** Of the folder that the sheet lies in, joined with slashes. */
  readonly folder: string;
  readonly sheet: CueSheet;
}

export function readCues(files: readonly TorrentFile[], pathOf: FilePaths): readonly CueFolder[] {
  const names = files.flatMap(({ components }) => components);
  return files
    .filter(({ components, bytes }) => /\.cue$/i.test(components.at(-1)!) && bytes <= cueBytesMax)
    .slice(0, sheetsMax)
    .flatMap((file) => {
      const path = pathOf(file);
      const bytes = path === undefined ? undefined : smallFile(path, cueBytesMax);
      const sheet = bytes && readCueSheet(textOf(bytes));
      return sheet === undefined ? [] : [{ folder: folderOf(file), sheet: mended(sheet, names) }];
    });
}

/** Undefined for a file that is one song. `audio`: all of the release. */
export function cueOf(
  file: TorrentFile,
  audio: readonly TorrentFile[],
  cues: readonly CueFolder[],
): readonly CueTrack[] | undefined {
  const folder = folderOf(file);
  const here = cues.filter((cue) => cue.folder === folder);
  if (here.length === 0) return undefined;
  const isOnly = audio.filter((other) => folderOf(other) === folder).length === 1;
  for (const { sheet } of here) {
    const tracks = cueTracksOf(sheet, file.components.at(-1)!, isOnly);
    if (tracks !== undefined) return tracks;
  }
  return undefined;
}

function folderOf({ components }: TorrentFile): string {
  return components.slice(0, -1).join('/');
}

function textOf(bytes: Uint8Array): string {
  for (const encoding of [bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8', 'windows-1252']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // The next one, which takes all.
    }
  }
  return '';
}

/** Most sheets were written by programs of the time before UTF-8. */
function mended(sheet: CueSheet, names: readonly string[]): CueSheet {
  const songs = sheet.files.flatMap(({ tracks }) => tracks);
  const told = songs.flatMap(({ title, artist }) => [title, artist]);
  const texts = [...told, sheet.artist].filter((text) => text !== undefined);
  const right = mendTexts(new Set(texts), names);
  const read = (text: string | undefined) =>
    text !== undefined && right.has(text) ? readableText(right.get(text)) : text;
  const artist = read(sheet.artist);
  return {
    ...sheet,
    artist,
    files: sheet.files.map(({ name, tracks }) => ({
      name,
      tracks: tracks.map((track) => ({
        ...track,
        title: read(track.title),
        artist: read(track.artist) ?? artist,
      })),
    })),
  };
}
