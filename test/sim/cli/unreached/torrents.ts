/**
 * Branches of the torrents code: code that runs load without using it, and limits of hundreds of thousands.
 */
import type { Unreached } from './entry.ts';

const creates = 'writes torrents that are shared: a run reads them; test/torrents/create/create.test.ts';
const guard = 'only a bug of Cicada could cause it';
const hashing =
  'hashes whole folders on threads: a run hashes its pieces itself; test/torrents/create/create.test.ts and verify.test.ts';
const odd =
  'torrents that break a rule harmlessly: those of a run keep it; test/torrents/metainfo/odd-torrents.test.ts';
const oldNames =
  'names in other encodings or in two fields: names of a run are UTF-8 in one field; test/torrents/metainfo/odd-torrents.test.ts';
const huge = 'takes more bytes than a run draws; test/torrents/metainfo/metainfo.test.ts';
const hugeV2 = 'takes more bytes than a run draws; test/torrents/metainfo/metainfo-v2.test.ts';

export const torrentsUnreached: readonly Unreached[] = [
  {
    file: 'torrents/bencode/bencode-encode.ts',
    branches: {
      'static dict(entries: Iterable<': creates,
      'readonly bytes: Uint8Array;': creates,
      'constructor(bytes: Uint8Array) {': creates,
      'readonly value: BEncodable;': creates,
      'constructor(value: BEncodable) {': creates,
      'if (!Number.isSafeInteger(value)) throw new RangeError(': `${guard}; test/torrents/bencode/bencode.test.ts`,
      'writer.bytes(value.raw)': creates,
      'writer.bytes(value.bytes)': creates,
      'value.start = writer.length': creates,
      'value instanceof Lazy ? (value.content as Iterable<Entry>)': creates,
      'throw new RangeError( `a dictionary has the key': `${guard}; test/torrents/metainfo/metainfo.test.ts`,
      "return typeof key === 'string' ? Buffer.from(key) : key":
        'keys of both kinds in one dictionary; test/torrents/bencode/bencode.test.ts',
      'get length(): number {': creates,
      'half of a surrogate pair': `${guard}; test/torrents/bencode/bencode.test.ts`,
      'if (this.#length >= viewBytesMin) return new Uint8Array(buffer': huge,
    },
  },
  {
    file: 'torrents/bencode/bencode-scanner.ts',
    branches: {
      'bytes are more than the ${limits.bytesMax} that are read':
        'megabytes: a run sends some thousands; test/torrents/bencode/bencode.test.ts',
      "throw new BencodeError('bencode-too-many-tokens'":
        'hundreds of thousands of values; test/torrents/bencode/bencode.test.ts',
    },
  },
  {
    file: 'torrents/bencode/bencode.ts',
    branches: {
      'if (value.end < bytes.length)': odd,
      'first > integerDigitsMax) return undefined': odd,
      'export function decode(':
        'plain objects, for callers outside of the swarm; test/torrents/bencode/bencode.test.ts',
      'if (this.#type < dictToken) return;':
        'callers look at the kind first; test/torrents/bencode/bencode.test.ts',
    },
  },
  {
    file: 'torrents/paths/disk-names.ts',
    branches: {
      '*': 'finds files under other forms of their names: a run names them; test/torrents/paths/locate.test.ts, test/host/storage/names-there.test.ts',
    },
  },
  {
    file: 'torrents/metainfo/file-layout.ts',
    branches: {
      '...(raw ?? components.map(':
        'the raw names of files, for a check of a folder; test/torrents/paths/locate.test.ts',
      'at(diskPaths: readonly (readonly string[])[]): FileLayout {':
        'files that lie there in another Unicode form: a run names them; test/host/storage/names-there.test.ts',
      'fileAt(offset: number): number | undefined {':
        'of the npm package: nothing of ours asks; test/torrents/metainfo/file-layout.test.ts',
      'while (!take(file, withSuffix(file.name, ` (${number})`, platform))) number++':
        'three files of one name, one of them numbered; test/torrents/metainfo/file-layout.test.ts',
    },
  },
  {
    file: 'torrents/geometry.ts',
    branches: {
      'throw new RangeError(`totalBytes: ${totalBytes}`)': guard,
      'throw new RangeError(`pieceLength: ${pieceLength}`)': guard,
      'if (!Number.isInteger(untrustedBegin) ||':
        'numbers of the wire are integers; the guard is for other callers',
      'if (untrustedBegin + untrustedBytes > this.pieceSpan(pieceIndex)) return undefined':
        'a block beyond the end of a piece that begins in it; test/engine/connection/violations.test.ts',
    },
  },
  { file: 'torrents/hashing/engine.ts', branches: { '*': hashing } },
  {
    file: 'torrents/hashing/hasher.ts',
    branches: { '*': `${hashing}, and test/torrents/hashing/hasher.test.ts` },
  },
  {
    file: 'torrents/hashing/kernel.ts',
    branches: { '*': `${hashing}, and test/torrents/hashing/lanes.test.ts` },
  },
  {
    file: 'torrents/hashing/lanes.ts',
    branches: { '*': `${hashing}, and test/torrents/hashing/lanes.test.ts` },
  },
  { file: 'torrents/hashing/plan.ts', branches: { '*': hashing } },
  {
    file: 'torrents/hashing/pool.ts',
    branches: { '*': `${hashing}, and test/torrents/hashing/hash-pool.test.ts` },
  },
  {
    file: 'torrents/hashing/sha1-kernel.ts',
    branches: { '*': `${hashing}, and test/torrents/hashing/lanes.test.ts` },
  },
  {
    file: 'torrents/hashing/sha256-kernel.ts',
    branches: { '*': `${hashing}, and test/torrents/hashing/lanes.test.ts` },
  },
  {
    file: 'torrents/hashing/wasm-code.ts',
    branches: { '*': `${hashing}, and test/torrents/hashing/lanes.test.ts` },
  },
  {
    file: 'torrents/paths/locate.ts',
    branches: {
      '*': 'finds files under other forms of their names: a run names them; test/torrents/paths/locate.test.ts',
    },
  },
  {
    file: 'torrents/make-folders.ts',
    branches: {
      'exists: (at) => fs.existsSync(at)':
        'the real disk: a run has a file system of its own; test/torrents/make-folders.test.ts',
      'isFolder: (at) => fs.statSync(at).isDirectory()':
        'the real disk: a run has a file system of its own; test/torrents/make-folders.test.ts',
      'mkdir: (at, mode) => fs.mkdirSync(at, mode)':
        'the real disk: a run has a file system of its own; test/torrents/make-folders.test.ts',
      'if (path.dirname(at) === at) break': 'a path without a root folder, which no system has',
      "!== 'EEXIST' || !isFolder(at, system)":
        'another process makes the folder in the same moment; test/torrents/make-folders.test.ts',
      'function isFolder(at: string, system: FolderSystem)':
        'another process makes the folder in the same moment; test/torrents/make-folders.test.ts',
    },
  },
  {
    file: 'torrents/merkle.ts',
    branches: {
      'export function leafHash(':
        'hashes blocks of v2: a run has no bytes of v2; test/torrents/merkle.test.ts',
      'export function treeWidth(':
        'hashes blocks of v2: a run has no bytes of v2; test/torrents/merkle.test.ts',
      'export function proofOf(':
        'of the npm package: no peer is told hashes yet; test/torrents/merkle.test.ts',
      'export function rootFromProof(':
        'of the npm package: no peer is told hashes yet; test/torrents/merkle.test.ts',
    },
  },
  {
    file: 'torrents/metainfo/metainfo-encode.ts',
    branches: { '*': `${creates}; storage runs write the info dictionary of v1 alone` },
  },
  {
    file: 'torrents/metainfo/metainfo-fields.ts',
    branches: {
      'the files together are larger than 2^53 bytes':
        'sizes of which two are more than 2^53 bytes; test/torrents/metainfo/metainfo.test.ts',
      'pieces are more than ${pieceCountMax}': huge,
      "warnings.add('urls-too-many'": 'five hundred addresses; no test has so many',
      '${pieceCount} pieces are more than ${pieceCountMax}': huge,
      'if (pieceCount > usualPieceCountMax)': huge,
    },
  },
  {
    file: 'torrents/metainfo/metainfo-v1.ts',
    branches: {
      'if (list !== undefined && length !== undefined)': odd,
      'there are more than ${filesMax} files': huge,
    },
  },
  {
    file: 'torrents/metainfo/metainfo-v2.ts',
    branches: {
      "if (path.components.length === 0) throw new MetainfoError('metainfo-path'": odd,
      'if (hashes?.length !== Math.ceil(file.bytes / pieceLength) * hashBytes) {':
        'hashes that are missing or too few; test/torrents/metainfo/metainfo-v2.test.ts',
      '${where} lies more than ${pathDepthMax} folders deep': hugeV2,
      'there are more than ${filesMax} files': hugeV2,
      'if (Buffer.compare(rootOf(hashes, pieceLayerHeight(pieceLength)), root) !== 0)':
        'hashes of the right number that prove another root; test/torrents/metainfo/metainfo-v2.test.ts',
      'if (next !== v2.length || offset > Math.ceil(offsetV2':
        'a hybrid whose v2 has more files, or a last pad of pieces; test/torrents/metainfo/metainfo-v2.test.ts',
      'if (result.has(latin1(root))) continue':
        'two files of the same bytes, longer than a piece: roots are drawn apart; test/torrents/metainfo/metainfo-v2.test.ts',
    },
  },
  {
    file: 'torrents/metainfo/metainfo.ts',
    branches: {
      'encoding: encoding?.encoding': oldNames,
      "${version || 'unknown'}, which": odd,
      'const within = { components: top.components.slice(1)': odd,
      'isSingleFile ? within : joinPaths(within, entry)': odd,
      'if (below.some((': odd,
      "'path-twice', `two files have": odd,
      'const { platform = hostPlatform } = options':
        'a caller that leaves the rules to its machine: a run names them',
    },
  },
  {
    file: 'torrents/metainfo/scanned.ts',
    branches: {
      'if (!(error instanceof BencodeError)) throw error': `${guard}: the reader throws nothing else`,
    },
  },
  {
    file: 'torrents/metainfo/other-files.ts',
    branches: {
      "if (other?.kind === 'music')":
        'a song or a page in place of a torrent; test/torrents/metainfo/metainfo.test.ts',
      "throw new MetainfoError('metainfo-music'":
        'a song in place of a torrent; test/torrents/metainfo/metainfo.test.ts',
      "throw new MetainfoError('metainfo-other-file'":
        'a page in place of a torrent; test/torrents/metainfo/metainfo.test.ts',
    },
  },
  {
    file: 'torrents/metainfo/name-reader.ts',
    branches: {
      'if (utf8 !== undefined': oldNames,
      "throw new MetainfoError('path-empty', `${where}": odd,
      'if (components.length === pathDepthMax) {': odd,
      'if (declared !== undefined': oldNames,
      '#withRaw(named: NamedPath': oldNames,
      '#warnOfStray(key: string)': oldNames,
      'function isText({ bytes }: BValue)': oldNames,
      'function isCertainlyUtf8(': oldNames,
      "root.get('codepage')?.integer": oldNames,
      'page === undefined ? undefined : (codePages[page]': oldNames,
      "for (const label of [root.get('encoding')?.text, ofPage])": oldNames,
      'const decoder = label === undefined': oldNames,
      'function decoderOf(label: string)': oldNames,
    },
  },
  {
    file: 'torrents/paths/natural-order.ts',
    branches: { '*': 'the order of files in a new torrent; test/torrents/paths/natural-order.test.ts' },
  },
  {
    file: 'torrents/metainfo/pads.ts',
    branches: {
      'if (pieceIndex === undefined) continue': 'our own bug if it happens: a pad lies in a piece',
    },
  },
  {
    file: 'torrents/paths/path-rules.ts',
    branches: {
      "process.platform === 'win32' || process.platform === 'darwin' ? process.platform":
        'the machine that runs the seeds is no other',
      'return kept;': 'a name without end: the caller has one that is too long',
    },
  },
  { file: 'torrents/verify.ts', branches: { '*': `${hashing}` } },
  {
    file: 'torrents/verify-error.ts',
    branches: { '*': 'the errors of a command; test/torrents/verify.test.ts' },
  },
];
