/**
 * Recognises blocked content: its print, and when a torrent counts as blocked. Pure.
 *
 * A torrent is blocked when it meets one of these conditions:
 * - One of its info-hashes is blocked, or its v1 pieces are (another name or source tag changes only the
 *   info-hash).
 * - Files with blocked v2 roots make up at least half of its music, or hold at least half of the music of one
 *   block. A root depends on the file's bytes alone, not on name, piece length or format.
 * - The same halves by exact file sizes, if at least four different sizes match: v1 torrents have no roots.
 * Not caught: files that were encoded again or changed in size, and v1 torrents with fewer than four files
 * whose piece length changed as well.
 */
import { createHash } from 'node:crypto';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { isAudio } from '../../../torrents/tags/audio/audio-formats.ts';

export interface PrintedFile {
  /** BEP 52; undefined in v1 torrents. */
  readonly root: Uint8Array | undefined;
  readonly bytes: number;
  /** It is music, or the torrent has no music at all. */
  readonly counts: boolean;
}

export interface ContentPrint {
  /** Info-hashes of 20 and 32 bytes, and the hash of the v1 pieces. */
  readonly hashes: readonly Uint8Array[];
  /** Without pad files and empty files. */
  readonly files: readonly PrintedFile[];
}

/** Looks up the blocks with a hash, a root or a file size. */
export interface BlockedContent {
  readonly byHash: (hash: Uint8Array) => readonly number[];
  readonly byRoot: (root: Uint8Array, bytes: number) => readonly number[];
  readonly byBytes: (bytes: number) => readonly number[];
  /** The bytes of the music in a block. */
  readonly musicBytesOf: (block: number) => number;
}

/** Four sizes that match to the byte are the same recording; two or three may be chance. */
const sizesMin = 4;

export function contentPrint(metainfo: Metainfo): ContentPrint {
  const { format, infoHash, infoHashV2, pieceHashes, pieceLength } = metainfo;
  const files = metainfo.files.filter(({ isPad, bytes }) => !isPad && bytes > 0);
  const isMusic = files.map(({ components }) => isAudio(components.at(-1) ?? metainfo.name));
  const hasMusic = isMusic.includes(true);
  const pieces =
    format === 'v2'
      ? undefined
      : createHash('sha256').update(`pieces ${pieceLength} `).update(pieceHashes).digest();
  const hashes = [format === 'v2' ? undefined : infoHash, infoHashV2, pieces];
  return {
    hashes: hashes.filter((hash) => hash !== undefined),
    files: files.map(({ piecesRoot, bytes }, at) => ({
      root: piecesRoot,
      bytes,
      counts: isMusic[at]! || !hasMusic,
    })),
  };
}

/** The block that a torrent meets; undefined: none. */
export function blockOf({ hashes, files }: ContentPrint, blocked: BlockedContent): number | undefined {
  for (const hash of hashes) {
    const [block] = blocked.byHash(hash);
    if (block !== undefined) return block;
  }
  return byRoots(files, blocked) ?? bySizes(files, blocked);
}

function byRoots(files: readonly PrintedFile[], blocked: BlockedContent): number | undefined {
  const seen = new Set<string>();
  /** Block → bytes of its files that this torrent has. */
  const held = new Map<number, number>();
  let known = 0;
  for (const { root, bytes, counts } of files) {
    if (root === undefined) continue;
    const blocks = blocked.byRoot(root, bytes);
    if (blocks.length === 0) continue;
    if (counts) known += bytes;
    const key = Buffer.from(root).toString('hex');
    if (seen.has(key)) continue;
    seen.add(key);
    for (const block of blocks) held.set(block, (held.get(block) ?? 0) + bytes);
  }
  const [most] = [...held].sort(([, a], [, b]) => b - a)[0] ?? [];
  if (most === undefined || isHalf(known, musicBytes(files))) return most;
  return [...held].find(([block, bytes]) => isHalf(bytes, blocked.musicBytesOf(block)))?.[0];
}

function bySizes(files: readonly PrintedFile[], blocked: BlockedContent): number | undefined {
  const held = new Map<number, { sizes: number; bytes: number }>();
  for (const bytes of new Set(files.map((file) => file.bytes))) {
    for (const block of blocked.byBytes(bytes)) {
      const before = held.get(block) ?? { sizes: 0, bytes: 0 };
      held.set(block, { sizes: before.sizes + 1, bytes: before.bytes + bytes });
    }
  }
  const music = musicBytes(files);
  return [...held].find(
    ([block, { sizes, bytes }]) =>
      sizes >= sizesMin && (isHalf(bytes, music) || isHalf(bytes, blocked.musicBytesOf(block))),
  )?.[0];
}

function musicBytes(files: readonly PrintedFile[]): number {
  return files.reduce((sum, { bytes, counts }) => sum + (counts ? bytes : 0), 0);
}

function isHalf(part: number, whole: number): boolean {
  return part > 0 && part * 2 >= whole;
}
