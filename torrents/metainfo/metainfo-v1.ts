/**
 * Reads the v1 part of an info dictionary (BEP 3): a list of files that share one range of bytes, and a SHA-1
 * hash per piece.
 *
 * Invariant: the components of the entries are valid, their sizes add up to less than 2^53, and there are
 * exactly as many hashes as pieces.
 * Left to others: the rest of the dictionary (metainfo.ts).                                         BEP 3, 47
 */
import type { BValue } from '../bencode/bencode.ts';
import type { LayoutEntry } from './file-layout.ts';
import {
  addBytes,
  checkPieceCount,
  filesMax,
  MetainfoError,
  readBytes,
  type Warnings,
} from './metainfo-fields.ts';
import type { NamedPath, NameReader } from './name-reader.ts';

const sha1Bytes = 20;

export interface V1Files {
  /** For a single file the components are the torrent's name. */
  readonly entries: readonly LayoutEntry[];
  readonly isSingleFile: boolean;
  /** 20 bytes per piece. */
  readonly pieceHashes: Uint8Array;
}

/** `top`: the torrent's name. */
export function readV1(
  info: BValue,
  top: NamedPath,
  pieceLength: number,
  names: NameReader,
  warnings: Warnings,
): V1Files {
  const list = info.get('files');
  const length = info.get('length');
  if (list === undefined && length === undefined) {
    const message = 'the info dictionary must have either `length` (one file) or `files` (a folder)';
    throw new MetainfoError('metainfo-files', message);
  }
  // As in libtorrent and Transmission, the list wins. The hashes reveal whether it was the right choice.
  if (list !== undefined && length !== undefined)
    warnings.add('length-and-files', 'it has both `length` and `files`: `files` counts');
  const isSingleFile = list === undefined;
  const entries = isSingleFile
    ? [{ ...top, bytes: readBytes(length, 'the file') }]
    : readFiles(list, names, warnings);

  let totalBytes = 0;
  for (const entry of entries) totalBytes = addBytes(totalBytes, entry.bytes);
  return { entries, isSingleFile, pieceHashes: readPieceHashes(info, totalBytes, pieceLength, warnings) };
}

function readFiles(list: BValue, names: NameReader, warnings: Warnings): LayoutEntry[] {
  if (list.kind !== 'list') throw new MetainfoError('metainfo-files', '`files` is not a list');
  const entries: LayoutEntry[] = [];
  let pads = 0;
  for (const item of list.items()) {
    const where = `file ${entries.length}`;
    if (item.kind !== 'dict') throw new MetainfoError('metainfo-files', `${where} is not a dictionary`);
    const attributes = item.get('attr')?.text ?? '';
    // BEP 47: a symbolic link has no bytes and may omit `length`. It becomes an empty file, never a link.
    const isLink = attributes.includes('l');
    if (isLink) warnings.add('link-ignored', 'symbolic links are taken for empty files');
    const bytes = isLink && item.get('length') === undefined ? 0 : readBytes(item.get('length'), where);
    const isPad = attributes.includes('p');
    if (isPad) pads++;
    // BEP 47: no program needs the path of a pad.
    const path = isPad ? { components: ['.pad', String(bytes)] } : names.listed(item, where);
    entries.push({ ...path, bytes, isPad });
    if (entries.length - pads > filesMax || pads > filesMax) {
      throw new MetainfoError('metainfo-too-many-files', `there are more than ${filesMax} files`);
    }
  }
  return entries;
}

function readPieceHashes(
  info: BValue,
  totalBytes: number,
  pieceLength: number,
  warnings: Warnings,
): Uint8Array {
  const hashes = info.get('pieces')?.bytes;
  if (hashes === undefined) throw new MetainfoError('metainfo-pieces', 'there are no hashes of pieces');
  const pieceCount = Math.ceil(totalBytes / pieceLength);
  checkPieceCount(pieceCount, warnings);
  if (hashes.length !== pieceCount * sha1Bytes) {
    const message = `${totalBytes} bytes make ${pieceCount} pieces, which need ${pieceCount * sha1Bytes} bytes of hashes; there are ${hashes.length}`;
    throw new MetainfoError('metainfo-pieces', message);
  }
  return hashes;
}
