/**
 * Makes folders with the same bytes, names and times in every run. What Cicada makes of them must not change.
 */
import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { noise } from '../../torrents/folder-fixture.ts';
import { flac, flacOf, mp3, png } from '../../torrents/tags/tag-fixtures.ts';

type Content = number | string | Uint8Array;

const kib = 1024;
const longAgo = new Date('2020-02-02T02:02:02Z');

/** By folder name: its files, as contents or as sizes in bytes. */
const folders: Readonly<Record<string, Readonly<Record<string, Content>>>> = {
  Nested: {
    'CD1/01 Opening.flac': 70_000,
    'CD1/02 Second.flac': 16 * kib,
    'CD2/10 Ten.flac': 40_001,
    'CD2/9 Nine.flac': 1,
    'art/scans/front.jpg': 30_000,
    'art/scans/empty.txt': 0,
    'notes.txt': 'What was played, and when.\n',
  },
  Scripts: {
    'Ünïcödé/01 Ärger.flac': 20_000,
    // The name above is composed, this one is decomposed, as macOS writes it.
    'Cafe\u0301/02 de\u0301ja\u0300.flac': 18_000,
    'Москва/03 Вечер.flac': 17_000,
    '東京/04 夜明け.flac': 33_000,
    'بيروت/05 ليل.flac': 16_384,
    '서울/06 밤.flac': 5,
    'emoji 🎵/07 🪲 “quoted” & ‘more’.flac': 40_000,
    "spaces  and 'quotes'/08 -dash.flac": 9,
  },
  /** Pieces of 16 KiB end before, at and after the ends of these files. */
  Edges: {
    '0 empty': 0,
    '1 one less': 16 * kib - 1,
    '2 exact': 16 * kib,
    '3 one more': 16 * kib + 1,
    '4 two': 32 * kib,
    '5 one byte': 1,
    '6 empty at the end': 0,
  },
  Empty: { 'nothing.txt': 0, 'nor here.txt': 0 },
  Larger: { 'a.flac': 3_000_000, 'b.flac': 2_000_001 },
  /** Files that are left out by default. */
  Untidy: {
    '1 Song.flac': 20_000,
    '.hidden/2.flac': 1_000,
    'Thumbs.db': 500,
    '.DS_Store': 400,
    id_rsa: '-----BEGIN OPENSSH PRIVATE KEY-----\nno key\n-----END OPENSSH PRIVATE KEY-----\n',
    'cover.log': 'log\n',
  },
  'Library/Ada/First Light': { '01 Dawn.flac': 20_000, '02 Noon.flac': 30_000 },
  'Library/Ada/Two Discs': { 'CD1/01.flac': 20_000, 'CD2/01.flac': 21_000 },
  'Library/Ben': { 'loose song.mp3': 12_345 },
  'Library/Ben/東': { '01 西.flac': 10_000 },
};

/** Music with tags, for a catalogue. What the tag readers make of it must not change either. */
const music: Readonly<Record<string, Readonly<Record<string, Content>>>> = {
  'music/Noon': {
    '01 Heat Haze.flac': song('Heat Haze', 'Ada Ames', 'Noon', 1),
    '02 Treetops.flac': song('Treetops at Dusk', 'Ada Ames', 'Noon', 2),
    '03 Evening Call.mp3': Buffer.concat([
      mp3(4, { TIT2: 'Evening Call', TPE1: 'Ada Ames', TALB: 'Noon', TRCK: '3', TDRC: '1994' }),
      noise(20_000, 33),
    ]),
    'cover.png': png(600, 600),
  },
  'music/東の空': { '01 夜明け.flac': song('夜明け', '山田', '東の空', 1) },
  'music/Untagged': { '01 First.flac': flacOf(20_000, 5), '02 Second.flac': flacOf(20_000, 6) },
  'music/Secret': { '01 Hush.flac': song('Hush', 'Ada Ames', 'Secret', 1) },
};

function song(title: string, artist: string, album: string, number: number): Buffer {
  const tags = { TITLE: title, ARTIST: artist, ALBUM: album, TRACKNUMBER: String(number), DATE: '1994' };
  return Buffer.concat([
    flac({ ...tags, GENRE: ['Field Recording', 'Jazz'], LICENSE: 'CC BY 4.0' }),
    noise(40_000 + number, title.length),
  ]);
}

/** Makes all of them below `place`. */
export function makeFixedFolders(place: string): void {
  let seed = 1;
  for (const [folder, files] of Object.entries({ ...folders, ...music })) {
    for (const [path, content] of Object.entries(files)) {
      const bytes = typeof content === 'number' ? noise(content, seed++) : content;
      writeFile(join(place, folder, path), bytes);
    }
  }
  writeFile(join(place, 'single.flac'), noise(50_000, 99));
  symlinkSync('1 Song.flac', join(place, 'Untidy/link.flac'));
  symlinkSync('/etc/hostname', join(place, 'Untidy/outside.flac'));
}

/** Sets the time of all fixed files. */
function writeFile(path: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  utimesSync(path, longAgo, longAgo);
}

/** The paths of all files below a folder, sorted. */
export function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name)).sort();
}
