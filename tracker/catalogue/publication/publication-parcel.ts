/**
 * Packs a publication into bytes for the way from the thread that read it to the writer. The main thread,
 * which answers the announces, passes the bytes on unread. The content print is packed separately: the writer
 * unpacks it only if blocks exist, and a torrent can have 100,000 files.
 */
import { deserialize, serialize } from 'node:v8';
import type { ContentPrint, PrintedFile } from './content-print.ts';
import type { Publication } from './publication.ts';

/** By columns: a few bytes per file, and no object per file. */
interface PackedPrint {
  readonly hashes: readonly Uint8Array[];
  /** 32 bytes each, for the files that have a root. */
  readonly roots: Uint8Array;
  readonly hasRoot: Uint8Array;
  readonly bytes: Float64Array;
  readonly counts: Uint8Array;
}

const rootBytes = 32;

export function packPublication(publication: Publication): Uint8Array {
  const { print, ...rest } = publication;
  return serialize({ ...rest, print: packPrint(print) });
}

/** `parcel`: bytes that packPublication made, never a stranger's. */
export function unpackPublication(parcel: Uint8Array): Publication {
  const { print, ...rest } = deserialize(parcel);
  let unpacked: ContentPrint | undefined;
  return {
    ...rest,
    get print() {
      return (unpacked ??= unpackPrint(print));
    },
  };
}

function packPrint({ hashes, files }: ContentPrint): PackedPrint {
  const roots = files.flatMap(({ root }) => (root === undefined ? [] : [root]));
  return {
    hashes,
    roots: new Uint8Array(Buffer.concat(roots)),
    hasRoot: Uint8Array.from(files, ({ root }) => Number(root !== undefined)),
    bytes: Float64Array.from(files, ({ bytes }) => bytes),
    counts: Uint8Array.from(files, ({ counts }) => Number(counts)),
  };
}

function unpackPrint({ hashes, roots, hasRoot, bytes, counts }: PackedPrint): ContentPrint {
  let at = 0;
  const files: PrintedFile[] = Array.from(bytes, (size, n) => {
    const root = hasRoot[n] === 1 ? roots.subarray(at, (at += rootBytes)) : undefined;
    return { root, bytes: size, counts: counts[n] === 1 };
  });
  return { hashes, files };
}
