/**
 * Writes torrent files. The info dictionary goes in as bytes, so that one that came from somewhere else keeps its hash.
 *
 * Invariant: the same fields give the same bytes. Left to others: making the hashes (create.ts).        BEP 3, 12, 19, 27
 */
import { localLimits, scan } from './bencode.ts';
import { type BEncodable, encode } from './bencode-encode.ts';

export interface InfoFields {
  readonly name: string;
  readonly pieceLength: number;
  /** 20 bytes a piece. */
  readonly pieceHashes: Uint8Array;
  /** One file: its size. A folder: its files in order. */
  readonly files: number | readonly { readonly components: readonly string[]; readonly bytes: number }[];
  readonly private?: boolean;
  readonly source?: string | undefined;
}

/** The info dictionary of v1. */
export function encodeInfo(fields: InfoFields): Uint8Array {
  const single = typeof fields.files === 'number';
  return encode({
    name: fields.name,
    'piece length': fields.pieceLength,
    pieces: fields.pieceHashes,
    length: single ? (fields.files as number) : undefined,
    files: single
      ? undefined
      : (fields.files as Exclude<InfoFields['files'], number>).map((file) => ({
          length: file.bytes,
          path: file.components,
        })),
    private: fields.private ? 1 : undefined,
    source: fields.source,
  });
}

export interface OuterFields {
  readonly infoBytes: Uint8Array;
  readonly trackers?: readonly (readonly string[])[] | undefined;
  readonly webSeeds?: readonly string[] | undefined;
  readonly comment?: string | undefined;
  readonly createdBy?: string | undefined;
  /** Seconds since 1970. Left out, the same folder gives the same file on every day. */
  readonly creationDate?: number | undefined;
}

/** A whole torrent file. A Metainfo fits, and comes back as it was but for what we do not know of. */
export function encodeMetainfo(fields: OuterFields): Uint8Array {
  const trackers = (fields.trackers ?? []).filter((tier) => tier.length > 0);
  const webSeeds = fields.webSeeds ?? [];
  return encode({
    announce: trackers[0]?.[0],
    // BEP 12: only clients that know tiers read it, so it is there only when it says more than `announce`.
    'announce-list':
      trackers.flat().length > 1 ? (trackers as readonly (readonly BEncodable[])[]) : undefined,
    comment: fields.comment,
    'created by': fields.createdBy,
    'creation date': fields.creationDate,
    info: scan(fields.infoBytes, localLimits),
    // BEP 19: some old clients read nothing but a plain string.
    'url-list': webSeeds.length > 1 ? webSeeds : webSeeds[0],
  });
}
