/**
 * Reads the cue sheets of a release, in the tags of its files and beside them: which songs each file
 * contains.
 *
 * Invariant: the sheets are limited in number and bytes. An unreadable sheet counts as missing.
 */
import type { TorrentFile } from '../metainfo/file-layout.ts';
import { lastName } from '../paths/path-rules.ts';
import { smallFile } from '../small-file.ts';
import { type CueSheet, cueBytesMax, cueTracksOf, type FileCue, readCueSheet } from '../tags/cue-sheet.ts';
import { mendTexts } from '../tags/texts/old-encodings.ts';
import { readableText } from '../tags/texts/tag-text.ts';
import type { TrackTags } from '../tags/track-tags.ts';
import type { FilePaths } from '../verify.ts';

/** Enough for a box of a hundred discs. */
const sheetsMax = 100;

interface CueFolder {
  /** The folder of the sheet, its components joined with slashes. */
  readonly folder: string;
  readonly sheet: CueSheet;
}

export interface CueSearch {
  /** Undefined for a file that is one song. `audio`: all audio files of the release. */
  cueOf(file: TorrentFile, audio: readonly TorrentFile[], tags: TrackTags | undefined): FileCue | undefined;
}

/** `name`: the name of the torrent. */
export function openCueSearch(name: string, files: readonly TorrentFile[], pathOf: FilePaths): CueSearch {
  const names = [name, ...files.flatMap(({ components }) => components)];
  const beside = readCues(files, pathOf, names);
  return {
    cueOf(file, audio, tags) {
      const folder = folderOf(file);
      const fileName = lastName(file.components);
      const here = beside.filter((cue) => cue.folder === folder);
      const isOnly = audio.filter((other) => folderOf(other) === folder).length === 1;
      const found = [
        ...(tags?.cues ?? []).map((sheet) => {
          // Every file may have a sheet in its tags, but most do not need it. Only a useful sheet is mended.
          const isOfUse = fileCue(sheet, fileName, true) !== undefined;
          return isOfUse ? fileCue(mended(sheet, names), fileName, true) : undefined;
        }),
        ...here.map(({ sheet }) => fileCue(sheet, fileName, isOnly)),
      ].filter((cue) => cue !== undefined);
      // A file's own tags come first. A sheet without titles is used only if no other sheet has any.
      return found.find(({ tracks }) => tracks.some(({ title }) => title !== undefined)) ?? found[0];
    },
  };
}

function readCues(
  files: readonly TorrentFile[],
  pathOf: FilePaths,
  names: readonly string[],
): readonly CueFolder[] {
  return files
    .filter(({ components, bytes }) => /\.cue$/i.test(lastName(components)) && bytes <= cueBytesMax)
    .slice(0, sheetsMax)
    .flatMap((file) => {
      const path = pathOf(file);
      const bytes = path === undefined ? undefined : smallFile(path, cueBytesMax);
      const sheet = bytes && readCueSheet(textOf(bytes));
      return sheet === undefined ? [] : [{ folder: folderOf(file), sheet: mended(sheet, names) }];
    });
}

function fileCue(sheet: CueSheet, fileName: string, isOnlyFile: boolean): FileCue | undefined {
  const tracks = cueTracksOf(sheet, fileName, isOnlyFile);
  return tracks && { album: sheet.album, artist: sheet.artist, tracks };
}

function folderOf({ components }: TorrentFile): string {
  return components.slice(0, -1).join('/');
}

function textOf(bytes: Uint8Array): string {
  for (const encoding of [bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8', 'windows-1252']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // Tries the next encoding. windows-1252 accepts all bytes.
    }
  }
  return '';
}

/** Most sheets were written by programs older than UTF-8. */
function mended(sheet: CueSheet, names: readonly string[]): CueSheet {
  const songs = sheet.files.flatMap(({ tracks }) => tracks);
  const told = songs.flatMap(({ title, artist }) => [title, artist]);
  const texts = [...told, sheet.album, sheet.artist].filter((text) => text !== undefined);
  const right = mendTexts(new Set(texts), names);
  const read = (text: string | undefined) =>
    text !== undefined && right.has(text) ? readableText(right.get(text)) : text;
  const artist = read(sheet.artist);
  return {
    album: read(sheet.album),
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
