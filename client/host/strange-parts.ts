/**
 * Part files of other programs: browsers call their files under way `.part` too. One that no record of ours tells of, with
 * bytes in a place where a piece lies in it alone, and no piece that is right, was not written by us: we hash before we
 * write. Zeros are what a crash leaves of a file, and what is reserved for one.
 *
 * Not told apart: a part smaller than a piece of a v1 torrent, which shares its piece with its neighbours.
 */
import type { FileSystem } from './file-system.ts';
import type { ResumeRecord } from './resume-store.ts';
import { type Steps, waitFor } from './steps.ts';
import type { StoredFile, TorrentFiles } from './torrent-files.ts';

const bufferBytes = 256 * 1024;

/**
 * `have`: pieces that are right. `record`: of an earlier run. One that ended cleanly tells of every part there was;
 * after a crash, what it does not tell of is ours most likely, and torn.
 */
export function* strangeParts(
  files: TorrentFiles,
  have: Uint8Array,
  record: ResumeRecord | undefined,
): Steps<StoredFile[]> {
  if (record !== undefined && !record.clean) return [];
  const { geometry } = files;
  const ours = new Set<StoredFile>();
  /** Where the pieces lie that a file has for itself: [from, to). */
  const own = new Map<StoredFile, [from: number, to: number]>();
  for (const pieceIndex of geometry.pieces()) {
    const isRight = (have[pieceIndex >> 3]! & (0x80 >> (pieceIndex & 7))) !== 0;
    const places = files.placesOf(pieceIndex).filter(({ file }) => file !== undefined);
    for (const { file } of places) if (isRight) ours.add(file!);
    const [place] = places;
    if (places.length !== 1 || place?.file === undefined) continue;
    const { file, position, bytes } = place;
    own.set(file, [own.get(file)?.[0] ?? position, position + bytes]);
  }
  const strange: StoredFile[] = [];
  for (const [stored, range] of own) {
    if (stored.state !== 'part' || stored.seen === undefined || ours.has(stored)) continue;
    if (record?.stamps[stored.file.index]?.inode === stored.seen.inode) continue;
    if (yield* hasBytes(files.fs, stored.partPath, range)) strange.push(stored);
  }
  return strange;
}

function* hasBytes(fs: FileSystem, at: string, [from, to]: readonly [number, number]): Steps<boolean> {
  const handle = yield* waitFor(fs.later.open(at, 'read'));
  try {
    const buffer = Buffer.alloc(bufferBytes);
    for (let position = from; position < to; ) {
      const { bytesRead } = yield* waitFor(
        handle.read(buffer, 0, Math.min(bufferBytes, to - position), position),
      );
      if (bytesRead === 0) return false;
      if (buffer.subarray(0, bytesRead).some((byte) => byte !== 0)) return true;
      position += bytesRead;
    }
    return false;
  } finally {
    yield* waitFor(handle.close());
  }
}
