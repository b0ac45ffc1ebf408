/**
 * Hostile torrent files: v1, v2 and hybrid, with unusual names and sizes, some of them spoiled. A file that
 * is accepted has files that lie beside each other in its folder, and pieces that are exactly its bytes. Any
 * other is refused with a code.                                                          BEP 3 12 19 27 47 52
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { hashBytes, pieceLayerHeight, rootOf } from '../../../torrents/merkle.ts';
import {
  type Metainfo,
  MetainfoError,
  parseInfo,
  parseMetainfo,
} from '../../../torrents/metainfo/metainfo.ts';
import {
  displayPath,
  nameUnits,
  nameUnitsMax,
  type PathPlatform,
} from '../../../torrents/paths/path-rules.ts';
import {
  bytes,
  dict,
  drawBytes,
  type Entry,
  int,
  list,
  oddValue,
  oneOf,
  spoil,
  tamper,
  toBytes,
  toText,
  utf8,
} from './odd-bytes.ts';

type Disbelief = string | undefined;
type Format = 'v1' | 'v2' | 'hybrid';

interface DrawnFile {
  readonly path: readonly string[];
  readonly bytes: number;
  readonly isPad: boolean;
  readonly root: string;
  /** Present if the file is longer than a piece. */
  readonly layer: string | undefined;
}

const KiB = 1024;
const pieceLengths = [16 * KiB, 16 * KiB, 32 * KiB, 64 * KiB];
const platforms: readonly PathPlatform[] = ['linux', 'darwin', 'win32'];
/** Names that some system cannot store, that two systems regard as equal, and that no honest file has. */
const names: readonly string[] = [
  ...[
    'a',
    'b',
    'c',
    'a.flac',
    'A.flac',
    'a (2).flac',
    'a.flac.part',
    'A',
    'b.part',
    'B.PART.part',
    '.hidden',
    '...And',
  ],
  ...[
    'con.txt',
    'nul',
    'x<y>',
    'end. ',
    '\u2024ssh',
    '\u200b.x',
    '\u00e9',
    'e\u0301',
    'E\u0301',
    'e\u0323\u0301',
    'e\u0301\u0323',
  ],
  ...['\uac00', '\u1100\u1161', '\uac01', '\u00df', 'ss', 'n'.repeat(252), 'N'.repeat(252), 'n'.repeat(260)],
  ...[
    `${'n'.repeat(260)}.flac`,
    `${'n'.repeat(196)} . . ${'n'.repeat(90)}`,
    '\u20ac'.repeat(90),
    'a\u202eb',
    'line\n\r\t',
    '\ufeffx',
  ],
];
const notUtf8 = '\xff\xfe';
const badNames: readonly string[] = ['', '.', '..', 'a/b', 'a\0b', '..\\x', notUtf8, notUtf8];

export function judgeTorrent(random: Prng): Disbelief {
  const format = oneOf<Format>(random, ['v1', 'v1', 'v2', 'hybrid']);
  const isOdd = random.below(2) === 0;
  const info = infoOf(format, random, isOdd);
  const outer: readonly Entry[] = [
    ['announce', isOdd && random.below(8) === 0 ? oddValue(random) : bytes('http://t.sim/announce')],
    [
      'announce-list',
      list([
        list([bytes('http://a.sim/'), bytes('')]),
        list([bytes('no url')]),
        isOdd ? oddValue(random) : list([]),
      ]),
    ],
    ['comment', bytes('a\xffb')],
    ['created by', bytes('Cicada')],
    ['creation date', int(random.below(3) - 1)],
    ['info', dict(info.entries)],
    ['piece layers', dict(info.layers)],
    [
      'url-list',
      random.below(2) === 0 ? bytes('http://seed.sim/') : list([bytes(`http://s.sim/${'x'.repeat(8_000)}`)]),
    ],
  ];
  const some = outer.filter(([key]) => key === 'info' || key === 'piece layers' || random.below(2) === 0);
  const written = dict(isOdd && random.below(3) === 0 ? tamper(some, random) : some);
  const sent = isOdd && random.below(3) === 0 ? spoil(written, random) : written;
  const platform = oneOf(random, platforms);
  const disbelief = read(() => parseMetainfo(toBytes(sent), { platform }), platform, isOdd);
  if (disbelief !== undefined || isOdd) return disbelief;
  // A peer sends the info dictionary only.
  return read(() => parseInfo(toBytes(dict(info.entries)), { platform }), platform, false);
}

const otherFiles = [
  ...[
    '',
    '<html>',
    '\xef\xbb\xbf<?xml',
    '{"json": 1}',
    'magnet:?xt=urn:btih:0',
    'd4:infod5:filesle4:name1:a12:piece lengthi16384e6:pieces0:ee',
    'd4:infod5:filesi1e4:name1:a12:piece lengthi16384e6:pieces0:ee',
    '\x1f\x8b\x08',
    'PK\x03\x04',
    'text',
  ],
  ...[
    'de',
    'd4:infoi1ee',
    'd4:infodee',
    'd4:info',
    'dee',
    'd4:infod12:meta versioni3eee',
    'd8:announce3:x:ye',
  ],
];

/** Files that people choose by mistake in place of a torrent. */
export function judgeOtherFile(random: Prng): Disbelief {
  return read(() => parseMetainfo(toBytes(oneOf(random, otherFiles))), 'linux', true);
}

function read(parse: () => Metainfo, platform: PathPlatform, mayBeRefused: boolean): Disbelief {
  let metainfo: Metainfo;
  try {
    metainfo = parse();
  } catch (error) {
    if (!(error instanceof MetainfoError)) return `throws ${(error as Error).stack} at a torrent`;
    return mayBeRefused ? undefined : `refuses a right torrent: ${error.message}`;
  }
  return judgeFiles(metainfo, platform) ?? judgePieces(metainfo);
}

function judgeFiles({ layout, files }: Metainfo, platform: PathPlatform): Disbelief {
  const taken = new Set<string>();
  for (const { index, isPad, diskPath, components } of files) {
    if (/[\x00-\x1f\u202e]/.test(displayPath(components)))
      return `shows a path as ${displayPath(components)}`;
    if (isPad) continue;
    const paths = [diskPath, layout.partPath(index)];
    for (const path of paths) {
      const key = `/${path.join('/')}`;
      if (taken.has(key)) return `puts two files at ${key}`;
      taken.add(key);
      if (path[0] !== layout.rootName && path.length > 1) return `puts a file outside its folder: ${key}`;
      for (const name of path) {
        if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) return `names a file ${key}`;
        if (nameUnits(name, platform) > nameUnitsMax) return `names a file longer than any may be: ${key}`;
        if (platform === 'win32' && (/[<>:"|?*\\]|[. ]$/.test(name) || /^(con|nul)(\.|$)/i.test(name)))
          return `names a file as Windows cannot: ${key}`;
      }
    }
  }
  if (/^\.(?!\.\.)/.test(layout.rootName)) return `hides its folder ${layout.rootName}`;
  const renamed = layout.renamedOn(platform);
  return renamed >= 0 && renamed <= files.length ? undefined : `renames ${renamed} of ${files.length} files`;
}

function judgePieces({ geometry, layout, pieceHashes, pieceRoots, format, infoHash }: Metainfo): Disbelief {
  let inFiles = 0;
  let inPieces = 0;
  for (const pieceIndex of geometry.pieces()) {
    const segments = layout.segments(geometry.pieceOffset(pieceIndex), geometry.pieceBytes(pieceIndex));
    inPieces += geometry.pieceBytes(pieceIndex);
    for (const segment of segments) inFiles += segment.bytes;
  }
  const bytesOfFiles = layout.files.reduce((sum, file) => sum + file.bytes, 0);
  if (inFiles !== bytesOfFiles || inPieces !== bytesOfFiles)
    return `has ${bytesOfFiles} bytes of files, ${inPieces} of pieces, and finds ${inFiles} of them`;
  if (format !== 'v2' && pieceHashes.length !== 20 * geometry.pieceCount)
    return `has ${pieceHashes.length} bytes of hashes for ${geometry.pieceCount} pieces`;
  if (pieceRoots !== undefined && pieceRoots.length !== hashBytes * geometry.pieceCount)
    return `has ${pieceRoots.length} bytes of roots for ${geometry.pieceCount} pieces`;
  return infoHash.length === 20 ? undefined : `has an info hash of ${infoHash.length} bytes`;
}

// What is drawn ---------------------------------------------------------------------------------------------

function infoOf(
  format: Format,
  random: Prng,
  isOdd: boolean,
): { entries: readonly Entry[]; layers: readonly Entry[] } {
  const pieceLength = oneOf(random, pieceLengths);
  const name = random.below(3) === 0 ? drawName(random, isOdd) : 'album';
  const files = drawFiles(format, pieceLength, random, isOdd);
  const isSingleFile = files.length === 1;
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const v1: readonly Entry[] = [
    isSingleFile ? ['length', int(total)] : ['files', list(files.map((file) => listed(file, random, isOdd)))],
    ['pieces', bytes(toText(drawBytes(random, 20 * Math.ceil(total / pieceLength))))],
  ];
  const real = files.filter(({ isPad }) => !isPad);
  // Sometimes the v1 and v2 parts differ by one file.
  const twins = isOdd && random.below(4) === 0 ? real.toSpliced(random.below(real.length), 1) : real;
  const v2: readonly Entry[] = [
    ['file tree', treeOf(isSingleFile ? [{ ...real[0]!, path: [name] }] : twins, random, isOdd)],
    ['meta version', int(2)],
  ];
  const plain: readonly Entry[] = [
    ...(format === 'v2' ? [] : v1),
    ...(format === 'v1' ? [] : v2),
    ['name', bytes(inBytes(name))],
    [
      'piece length',
      int(isOdd && random.below(8) === 0 ? oneOf(random, [0, 1, 20_000, 2 ** 30]) : pieceLength),
    ],
    ...(random.below(2) === 0 ? ([['private', int(1)]] as const) : []),
  ];
  const entries = sorted(plain);
  const layers = new Map(
    real.flatMap(({ root, layer }) => (layer === undefined ? [] : [[root, bytes(layer)] as const])),
  );
  return {
    entries: isOdd && random.below(2) === 0 ? tamper(entries, random) : entries,
    layers: sorted(isOdd && random.below(6) === 0 && layers.size > 0 ? [...layers].slice(1) : [...layers]),
  };
}

/** In the order of a file tree, so that one list serves v1 and v2; with pads for a hybrid. */
function drawFiles(format: Format, pieceLength: number, random: Prng, isOdd: boolean): DrawnFile[] {
  const folders = ['', '', 'disc', 'Disc'];
  const paths = new Map<string, readonly string[]>();
  const count = 1 + random.below(5);
  for (let i = 0; i < count; i++) {
    const folder = oneOf(random, folders);
    const path = [...(folder === '' ? [] : [folder]), drawName(random, isOdd)];
    if (folder !== '' || !folders.includes(path[0]!)) paths.set(path.map(inBytes).join('\0'), path);
  }
  const files: DrawnFile[] = [];
  const inOrder = [...paths.keys()].sort().map((key) => paths.get(key)!);
  for (const [i, path] of inOrder.entries()) {
    const size = oneOf(random, [0, 1, 5_000, pieceLength, pieceLength + 1, 3 * pieceLength - 7]);
    files.push(fileOf(path, i === 0 ? Math.max(1, size) : size, pieceLength, random));
    const gap = (pieceLength - (size % pieceLength)) % pieceLength;
    if (i < inOrder.length - 1 && gap > 0 && files.at(-1)!.bytes === size)
      if (format === 'hybrid' || (format === 'v1' && random.below(3) === 0))
        files.push({ ...fileOf(['.pad', `${gap}`], gap, pieceLength, random), isPad: true });
  }
  // A spoiled first file can lack its pad, which makes a hybrid invalid: then only the first file is kept.
  return format === 'hybrid' &&
    files.some(({ bytes: size, isPad }, i) => needsPad(files, i, size, isPad, pieceLength))
    ? files.slice(0, 1)
    : files;
}

function needsPad(
  files: readonly DrawnFile[],
  i: number,
  size: number,
  isPad: boolean,
  pieceLength: number,
): boolean {
  return !isPad && size % pieceLength !== 0 && i < files.length - 1 && files[i + 1]?.isPad !== true;
}

function fileOf(path: readonly string[], size: number, pieceLength: number, random: Prng): DrawnFile {
  if (size <= pieceLength)
    return { path, bytes: size, isPad: false, root: toText(drawBytes(random, 32)), layer: undefined };
  const layer = drawBytes(random, hashBytes * Math.ceil(size / pieceLength));
  const root = toText(rootOf(layer, pieceLayerHeight(pieceLength)));
  return { path, bytes: size, isPad: false, root, layer: toText(layer) };
}

function drawName(random: Prng, isOdd: boolean): string {
  if (isOdd && random.below(16) === 0) return oneOf(random, badNames);
  return random.below(3) === 0 ? `${random.below(40)}.flac` : oneOf(random, names);
}

function listed({ path, bytes: size, isPad }: DrawnFile, random: Prng, isOdd: boolean): string {
  const entries = sorted([
    ['length', int(size)],
    ['path', list(path.map((part) => bytes(inBytes(part))))],
    ...(isPad ? ([['attr', bytes('p')]] as const) : []),
    ...(isOdd && random.below(6) === 0 ? ([['attr', bytes('lx')]] as const) : []),
  ]);
  // A link needs no length.
  if (isOdd && random.below(8) === 0) return dict(sorted([...entries.slice(1), ['attr', bytes('l')]]));
  if (isOdd && random.below(16) === 0) return oddValue(random);
  return dict(isOdd && random.below(6) === 0 ? tamper(entries, random) : entries);
}

function treeOf(files: readonly DrawnFile[], random: Prng, isOdd: boolean): string {
  const inFolder = new Map<string, string>();
  const folders = new Map<string, DrawnFile[]>();
  for (const file of files) {
    const [first, ...rest] = file.path;
    const key = inBytes(first!);
    if (rest.length > 0) folders.set(key, [...(folders.get(key) ?? []), { ...file, path: rest }]);
    else {
      const fields = sorted([
        ['length', int(file.bytes)],
        ...(file.bytes > 0 ? ([['pieces root', bytes(file.root)]] as const) : []),
        ...(isOdd && random.below(6) === 0 ? ([['attr', bytes('l')]] as const) : []),
      ]);
      const inside: Entry = ['', dict(isOdd && random.below(8) === 0 ? tamper(fields, random) : fields)];
      inFolder.set(key, dict(isOdd && random.below(12) === 0 ? [inside, ['x', dict([])]] : [inside]));
    }
  }
  for (const [key, below] of folders) inFolder.set(key, treeOf(below, random, isOdd));
  return dict(sorted([...inFolder]));
}

/** A name as the author's program wrote it; one of them is not UTF-8. */
function inBytes(name: string): string {
  return name === notUtf8 ? name : utf8(name);
}

/** In the key order that BEP 3 and BEP 52 require. */
function sorted(entries: readonly Entry[]): Entry[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}
