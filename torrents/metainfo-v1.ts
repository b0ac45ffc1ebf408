/**
 * The half of an info dictionary that BEP 3 describes: a list of files in one space of bytes, and a SHA-1 a piece.
 *
 * Invariant: the entries' components have no fault, their sizes add up within 2^53, and there are exactly as many
 * hashes as there are pieces. Left to others: the rest of the dictionary (metainfo.ts).                     BEP 3, 47
 */
import type { BValue } from './bencode.ts';
import type { LayoutEntry } from './file-layout.ts';
import {
  addBytes,
  filesMax,
  MetainfoError,
  pathDepthMax,
  pieceCountMax,
  readBytes,
  readComponent,
  type Warnings,
} from './metainfo-fields.ts';

const sha1Bytes = 20;

export interface V1Files {
  readonly entries: readonly LayoutEntry[];
  readonly isSingleFile: boolean;
  /** 20 bytes a piece. */
  readonly pieceHashes: Uint8Array;
}

export function readV1(info: BValue, name: string, pieceLength: number, warnings: Warnings): V1Files {
  const list = info.get('files');
  const length = info.get('length');
  if ((list === undefined) === (length === undefined)) {
    const message = 'the info dictionary must have either `length` (one file) or `files` (a folder)';
    throw new MetainfoError('metainfo-files', message);
  }
  const isSingleFile = list === undefined;
  const entries = isSingleFile
    ? [{ components: [name], bytes: readBytes(length, 'the file') }]
    : readFiles(list, warnings);

  let totalBytes = 0;
  for (const entry of entries) totalBytes = addBytes(totalBytes, entry.bytes);
  return { entries, isSingleFile, pieceHashes: readPieceHashes(info, totalBytes, pieceLength) };
}

function readFiles(list: BValue, warnings: Warnings): LayoutEntry[] {
  if (list.kind !== 'list') throw new MetainfoError('metainfo-files', '`files` is not a list');
  const entries: LayoutEntry[] = [];
  let pads = 0;
  for (const item of list.items()) {
    const where = `file ${entries.length}`;
    if (item.kind !== 'dict') throw new MetainfoError('metainfo-files', `${where} is not a dictionary`);
    const attributes = item.get('attr')?.text ?? '';
    // BEP 47: a link has no bytes and may leave its length out. We make an empty file of it, never a link.
    const isLink = attributes.includes('l');
    if (isLink) warnings.add('link-ignored', 'symbolic links are taken for empty files');
    const bytes = isLink && item.get('length') === undefined ? 0 : readBytes(item.get('length'), where);
    const isPad = attributes.includes('p');
    if (isPad) pads++;
    // BEP 47: nobody should need the path of a pad.
    const components = isPad ? ['.pad', String(bytes)] : readPath(item, where, warnings);
    entries.push({ components, bytes, isPad });
    if (entries.length - pads > filesMax || pads > filesMax) {
      throw new MetainfoError('metainfo-too-many-files', `there are more than ${filesMax} files`);
    }
  }
  return entries;
}

function readPath(item: BValue, where: string, warnings: Warnings): string[] {
  const path = item.get('path.utf-8') ?? item.get('path');
  const components: string[] = [];
  for (const part of path?.items() ?? []) {
    if (components.length === pathDepthMax) {
      throw new MetainfoError('metainfo-path-depth', `${where} lies more than ${pathDepthMax} folders deep`);
    }
    components.push(readComponent(part.bytes, where, warnings));
  }
  if (components.length === 0) throw new MetainfoError('metainfo-path', `${where} has no path`);
  return components;
}

function readPieceHashes(info: BValue, totalBytes: number, pieceLength: number): Uint8Array {
  const hashes = info.get('pieces')?.bytes;
  if (hashes === undefined) throw new MetainfoError('metainfo-pieces', 'there are no hashes of pieces');
  const pieceCount = Math.ceil(totalBytes / pieceLength);
  if (pieceCount > pieceCountMax) {
    const message = `${pieceCount} pieces are more than ${pieceCountMax}`;
    throw new MetainfoError('metainfo-too-many-pieces', message);
  }
  if (hashes.length !== pieceCount * sha1Bytes) {
    const message = `${totalBytes} bytes make ${pieceCount} pieces, which need ${pieceCount * sha1Bytes} bytes of hashes; there are ${hashes.length}`;
    throw new MetainfoError('metainfo-pieces', message);
  }
  return hashes;
}
