/**
 * Turns a torrent and its target folder into the paths it may write. Links in the folders above are resolved
 * first. Names that are equal on Windows or macOS count as equal on every system
 * (torrents/paths/name-folding.ts), so that network shares and USB sticks are safe too.
 */
import { hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { foldName } from '../../../torrents/paths/name-folding.ts';
import { sideFileName } from '../storage/side-file.ts';
import { type ClaimSet, type Content, noContent, type PathClaim } from './claim.ts';

export interface ClaimedTorrent {
  readonly metainfo: Metainfo;
  /** The folder that the user chose; the torrent's own folder or file goes inside it. */
  readonly folder: string;
  readonly kindOf: (file: TorrentFile) => 'file' | 'replace' | undefined;
}

const sha1Bytes = 20;
const noDigest = '\0'.repeat(6);

export function claimsOf({ metainfo, folder, kindOf }: ClaimedTorrent): ClaimSet<PathClaim> {
  const { layout, files } = metainfo;
  const shown = path.resolve(folder);
  const real = realPath(shown);
  const above: PathClaim[] = [];
  const top: PathClaim[] = [];
  const below: PathClaim[] = [];
  for (let at = real; ; at = path.dirname(at)) {
    above.push({ ...noContent, key: keyOf(foldPath(at)), kind: 'folder', place: [at], finalPlace: [at] });
    if (path.dirname(at) === at) break;
  }
  /** Maps a folder below the chosen one to its path, with links resolved and names folded. */
  const folded = new Map<string, string>([['', foldPath(real)]]);
  const foldFolder = (place: readonly string[]): string => {
    const name = place.slice(1).join('/');
    let text = folded.get(name);
    if (text === undefined) {
      text = `${foldFolder(place.slice(0, -1))}/${foldName(place.at(-1)!)}`;
      folded.set(name, text);
      const claim = { ...noContent, key: keyOf(text), kind: 'folder', place, finalPlace: place } as const;
      (place.length === 2 ? top : below).push(claim);
    }
    return text;
  };
  const into = layout.isSingleFile ? top : below;
  for (const file of files) {
    const kind = file.isPad ? undefined : kindOf(file);
    if (kind === undefined) continue;
    const { bytes, root, print } = contentOf(metainfo, file);
    const finalPlace = [shown, ...file.diskPath];
    const partPlace = [shown, ...layout.partPath(file.index)];
    const inFolder = foldFolder(finalPlace.slice(0, -1));
    const [name, part] = [finalPlace.at(-1)!, partPlace.at(-1)!];
    const foldedName = foldName(name);
    const foldedPart = part === `${name}.part` ? `${foldedName}.part` : foldName(part);
    const key = keyOf(`${inFolder}/${foldedName}`);
    into.push({ bytes, root, print, key, kind, place: finalPlace, finalPlace });
    const partKey = keyOf(`${inFolder}/${foldedPart}`);
    into.push({ bytes, root, print, key: partKey, kind: 'part', place: partPlace, finalPlace });
  }
  const rootPlace = [shown, layout.rootName];
  const place = [...(layout.isSingleFile ? [shown] : rootPlace), sideFileName(metainfo.infoHash)];
  const key = keyOf(`${foldFolder(place.slice(0, -1))}/${place.at(-1)!}`);
  into.push({ ...noContent, key, kind: 'own', place, finalPlace: rootPlace });
  return { above, top, below };
}

/**
 * Hashes of the pieces that lie in the file alone tell it from another file with the same piece boundaries.
 */
function contentOf(metainfo: Metainfo, { bytes, offset, piecesRoot }: TorrentFile): Content {
  const { pieceLength, pieceHashes, layout } = metainfo;
  const root = piecesRoot === undefined ? '' : Buffer.from(piecesRoot).toString('latin1', 0, 16);
  const end = offset + bytes;
  const [first, last] = [Math.ceil(offset / pieceLength), Math.floor(end / pieceLength)];
  // The last piece of a torrent is shorter, and may belong to its last file alone.
  const hasTail = end === layout.totalBytes && end % pieceLength !== 0 && last >= first;
  if (pieceHashes.length === 0 || (last <= first && !hasTail)) return { bytes, root, print: '' };
  const digest = (from: number, to: number) =>
    to <= from ? noDigest : shortHash(pieceHashes.subarray(from * sha1Bytes, to * sha1Bytes), 6);
  const cut = shortHash(`${pieceLength}/${offset % pieceLength}`, 4);
  return { bytes, root, print: cut + digest(first, last) + (hasTail ? digest(last, last + 1) : noDigest) };
}

/** Resolves links in the folders that exist; the rest of the path is kept as written. */
export function realPath(at: string): string {
  const missing: string[] = [];
  for (let there = at; ; there = path.dirname(there)) {
    try {
      return path.join(fs.realpathSync.native(there), ...missing);
    } catch {
      if (path.dirname(there) === there) return at;
      missing.unshift(path.basename(there));
    }
  }
}

function foldPath(at: string): string {
  const text = path.sep === '/' ? at : at.replaceAll(path.sep, '/');
  return foldName(text === '/' ? '' : text);
}

function keyOf(text: string): string {
  return shortHash(text, 16);
}

function shortHash(data: string | Uint8Array, bytes: number): string {
  return hash('sha256', data, 'binary').slice(0, bytes);
}
