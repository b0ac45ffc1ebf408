/** Fuzz targets for torrents/: data from strangers that it parses. */
import { posix, win32 } from 'node:path';
import { BencodeError, scan } from '../../torrents/bencode/bencode.ts';
import { type BEncodable, encode } from '../../torrents/bencode/bencode-encode.ts';
import { MagnetError, makeMagnet, parseMagnet } from '../../torrents/magnet.ts';
import { layersAbove, leafHash, rootOf } from '../../torrents/merkle.ts';
import { FileLayout } from '../../torrents/metainfo/file-layout.ts';
import { MetainfoError, parseMetainfo } from '../../torrents/metainfo/metainfo.ts';
import { foldName } from '../../torrents/paths/name-folding.ts';
import { componentFault, mapComponent, type PathPlatform } from '../../torrents/paths/path-rules.ts';
import type { FuzzTarget, Random } from './fuzz-target.ts';
import { mutate } from './mutation.ts';

const platforms: readonly PathPlatform[] = ['linux', 'darwin', 'win32'];

/** Throws unless `feed` returns, or throws an error of this class with a well-formed code. */
function mustEndWell(feed: () => void, kind: new (...args: never[]) => Error & { code: string }): void {
  try {
    feed();
  } catch (error) {
    if (!(error instanceof kind) || !/^[a-z]+(-[a-z0-9]+)+$/.test(error.code)) throw error;
  }
}

const bencode: FuzzTarget = {
  name: 'bencode',
  count: 1_000_000,
  run(random) {
    const alphabet = 'iilldde0123456789::-e\xff.';
    const soup = Array.from({ length: random.below(60) }, () =>
      alphabet.charCodeAt(random.below(alphabet.length)),
    );
    const bytes = random.once(2) ? Uint8Array.from(soup) : mutate(random.oneOf(samples), random);
    mustEndWell(() => {
      const value = scan(bytes);
      if (value.end !== bytes.length) throw new Error('bytes after the end were accepted');
      // An accepted value must be written back byte for byte.
      if (Buffer.compare(encode(value), bytes) !== 0) throw new Error('a value does not come back as it was');
    }, BencodeError);
  },
};

const metainfo: FuzzTarget = {
  name: 'metainfo',
  count: 1_000_000,
  run(random) {
    const bytes = mutate(random.oneOf(samples), random);
    mustEndWell(() => {
      const torrent = parseMetainfo(bytes, { platform: random.oneOf(platforms) });
      const { geometry, layout } = torrent;
      if (torrent.format !== 'v2' && torrent.pieceHashes.length !== 20 * geometry.pieceCount)
        throw new Error('hashes');
      if (torrent.pieceRoots && torrent.pieceRoots.length !== 32 * geometry.pieceCount)
        throw new Error('roots');
      for (const file of torrent.files) requireInside(file.diskPath);
      // A torrent of empty files has no pieces.
      const last = geometry.pieceIndex(geometry.pieceCount - 1);
      const end = last === undefined ? 0 : geometry.pieceOffset(last) + geometry.pieceBytes(last);
      if (end !== layout.totalBytes) throw new Error('the pieces do not end where the files do');
    }, MetainfoError);
  },
};

const paths: FuzzTarget = {
  name: 'paths',
  count: 1_000_000,
  run(random) {
    const tree = Array.from({ length: 1 + random.below(6) }, () =>
      Array.from({ length: 1 + random.below(3) }, () => hostileName(random)),
    ).filter((path) => path.every((component) => componentFault(component) === undefined));
    const name = hostileName(random);
    const entries = tree.map((components) => ({ components, bytes: 1 }));
    if (componentFault(name) !== undefined || entries.length === 0) return;
    for (const platform of platforms) {
      const isSingleFile = entries.length === 1 && random.once(2);
      const layout = new FileLayout(entries, { name, isSingleFile, platform });
      const keys = new Set<string>();
      for (const file of layout.files) {
        for (const path of [file.diskPath, layout.partPath(file.index)]) {
          requireInside(path);
          for (const component of path) requireName(component, platform);
          const key = platform === 'linux' ? path.join('/') : foldName(path.join('/'));
          if (keys.has(key))
            throw new Error(`two files in one place on ${platform}: ${JSON.stringify(path)}`);
          keys.add(key);
        }
      }
    }
  },
};

const names: FuzzTarget = {
  name: 'names',
  count: 100_000,
  run(random) {
    const name = realName(random);
    const fault = componentFault(name);
    if (fault !== undefined) throw new Error(`${JSON.stringify(name)} is refused: ${fault.code}`);
    for (const platform of ['linux', 'darwin'] as const) {
      if (mapComponent(name, platform) !== name)
        throw new Error(`${JSON.stringify(name)} is renamed on ${platform}`);
    }
    requireName(mapComponent(name, 'win32'), 'win32');
  },
};

const magnet: FuzzTarget = {
  name: 'magnet',
  count: 200_000,
  run(random) {
    const link = makeMagnet({
      infoHash: new Uint8Array(20).fill(random.below(256)),
      infoHashV2: new Uint8Array(32),
      name: realName(random),
      trackers: ['http://a/announce'],
      peers: ['[::1]:6881'],
      selectOnly: [{ first: 1, last: 4 }],
    });
    const text = Buffer.from(mutate(Buffer.from(link), random)).toString('latin1');
    mustEndWell(() => void parseMagnet(text), MagnetError);
  },
};

export const targets: readonly FuzzTarget[] = [bencode, metainfo, paths, names, magnet];

/** The most important rule: a path joined to any folder stays below it. */
function requireInside(path: readonly string[]): void {
  if (path.length === 0) return;
  const unix = posix.join('/root', ...path);
  const windows = win32.join('C:\\root', ...path.map((component) => component.replaceAll('\\', '_')));
  if (!unix.startsWith('/root/') || !windows.startsWith('C:\\root\\'))
    throw new Error(`${JSON.stringify(path)} escapes`);
}

function requireName(name: string, platform: PathPlatform): void {
  const tooLong = platform === 'win32' ? name.length > 255 : Buffer.byteLength(name) > 255;
  const device = /^(con|prn|aux|nul|com\d|lpt\d|com[¹²³]|lpt[¹²³]|clock\$|conin\$|conout\$)\s*(\.|$)/i;
  const illegal = platform === 'win32' && (/[\x00-\x1f<>:"/\\|?*]|[. ]$/.test(name) || device.test(name));
  if (componentFault(name) !== undefined || tooLong || illegal) {
    throw new Error(`${JSON.stringify(name)} is no name on ${platform}`);
  }
}

const hostileParts = [
  ...[
    '.',
    '..',
    '...',
    '/',
    '\\',
    ':',
    '\0',
    ' ',
    '*',
    '?',
    '|',
    '<',
    '"',
    '~',
    '%2e',
    '\r',
    '\n',
    '\x1b[2J',
  ],
  ...[
    'CON',
    'nul',
    'COM1',
    'lpt¹',
    'CLOCK$',
    'aux.txt',
    'C:',
    '.part',
    ' (2)',
    'PROGRA~1',
    '::$DATA',
    '$MFT',
  ],
  ...[
    '\u202e',
    '\u200d',
    '\u200b',
    '\ufeff',
    '\ud800',
    '\udc00',
    '\u2215',
    '\uff0f',
    '\u0345',
    'é',
    'e\u0301',
    'ß',
    'SS',
  ],
  ...[
    'a',
    'A',
    'b',
    'x'.repeat(60),
    '楽'.repeat(40),
    '.'.repeat(200),
    'İ',
    'ı',
    'ſ',
    'K',
    '각',
    '\u1100\u1161\u11a8',
  ],
];

function hostileName(random: Random): string {
  return Array.from({ length: 1 + random.below(4) }, () => random.oneOf(hostileParts)).join('');
}

const words = [
  ...[
    'The',
    'of',
    'Love',
    'Night',
    'Live',
    '...And',
    'Don’t',
    "Rock 'n' Roll",
    'A.B.C.',
    'Vol. 2',
    'No. 1',
    '(Remastered)',
    '[FLAC]',
  ],
  ...[
    'AC-DC',
    'Ke$ha',
    '50% Off',
    '#1',
    '@home',
    '100+',
    'foo... bar',
    'P!nk',
    '~wave~',
    '{x}',
    'a;b',
    'a=b',
    'a,b',
    '&',
    '^^',
  ],
  ...['Björk', 'Sigur Rós', 'Mötley Crüe', 'Beyonce\u0301', 'Đorđe', 'Łódź', 'İstanbul', 'ﬁn', 'Ångström'],
  ...[
    '椎名林檎',
    'きゃりーぱみゅぱみゅ',
    '방탄소년단',
    '王菲',
    'Кино',
    'Ωmega',
    'فيروز',
    'שלום',
    'नमस्ते',
    'ไทย',
    '👩‍❤️‍👨',
    '🎵',
    '\u200f',
    '\u200e',
  ],
];

/** Names of real albums, tracks and leftover files. */
function realName(random: Random): string {
  if (random.once(50))
    return random.oneOf([
      'Icon\r',
      '.DS_Store',
      'CON',
      'nul.flac',
      '...',
      ' ',
      'trailing ',
      'trailing.',
      '-',
    ]);
  const count = 1 + random.below(4);
  const title = Array.from({ length: count }, () => random.oneOf(words)).join(
    random.oneOf([' ', '_', ' - ', '']),
  );
  const number = random.once(2)
    ? `${1 + random.below(30)}`.padStart(2, '0') + random.oneOf([' ', ' - ', '. '])
    : '';
  return number + title + random.oneOf(['', '.flac', '.mp3', '.jpg', '.cue', '?', '.', ' ', '!', ' (1999)']);
}

const samples: readonly Uint8Array[] = makeSamples();

/** One small torrent of every kind, so that a change probably hits something important. */
function makeSamples(): Uint8Array[] {
  const leaves = Buffer.concat([1, 2, 3].map((leaf) => leafHash(Uint8Array.of(leaf))));
  const layer = layersAbove(leaves, 0)[0]!;
  const root = rootOf(leaves, 0);
  const outer = {
    announce: 'http://a.example/announce',
    'announce-list': [['http://a.example/announce', 'udp://b.example:1'], ['http://c.example/']],
    'url-list': ['http://w.example/'],
    comment: 'c',
    'creation date': 1,
    encoding: 'GBK',
  };
  const common = { name: 'Album', 'piece length': 16384 };
  const tree = { 'a.flac': { '': { length: 40_000, 'pieces root': root } }, b: { c: { '': { length: 0 } } } };
  const files = [
    { length: 40_000, path: ['a.flac'] },
    { attr: 'p', length: 9_152, path: ['.pad', '9152'] },
    { length: 0, path: ['b', 'c'] },
  ];
  const pieces = new Uint8Array(60).fill(7);
  const infos: BEncodable[] = [
    { ...common, length: 40_000, pieces, private: 1, source: 'X' },
    {
      ...common,
      files: [
        { length: 40_000, path: ['x', '..y'] },
        { length: 3, path: ['..x'] },
      ],
      pieces,
    },
    {
      ...{ ...common, name: './a/.b', length: 1, 'piece length': 30_000, pieces },
      files: [
        { length: 40_000, path: ['', Uint8Array.of(0xd6, 0xd0), '.', 'x/y'], 'path.utf-8': ['z', 'x/y'] },
        { length: 30_003, path: ['/../', '.', ''] },
        { length: 3, path: ['..', 'x'], 'path.utf-8': 1 },
      ],
    },
    { ...common, name: '', length: 50_000, 'piece length': 20_000, pieces },
    { ...common, 'meta version': 2, 'file tree': tree },
    { ...common, 'meta version': 2, 'file tree': tree, files, pieces },
  ];
  const layers = new Map([[root, layer]]);
  return infos.map((info) => encode({ ...outer, info, 'piece layers': layers }));
}
