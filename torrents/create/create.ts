/**
 * Makes a torrent of a folder or a file.
 *
 * Invariant: parseMetainfo accepts the result. The same folder and options always give the same bytes. An
 * error gives no torrent, and names the file it is about.
 * Left to others: finding files (folder-scan.ts), placing them (create-layout.ts), hashing
 * (hashing/engine.ts).                                                              BEP 3, 12, 19, 27, 47, 52
 */
import { join } from 'node:path';
import type { HashControl, HashProgress } from '../hashing/engine.ts';
import { infoHashes } from '../metainfo/info-hashes.ts';
import { type Metainfo, parseMetainfo, type TorrentFormat } from '../metainfo/metainfo.ts';
import { encodeTorrent } from '../metainfo/metainfo-encode.ts';
import { componentFault } from '../paths/path-rules.ts';
import { checkPieceCount, checkPieceLength, choosePieceLength } from '../piece-length.ts';
import { CreateError } from './create-error.ts';
import { type PlacedFile, type PlacedFiles, placeFiles, rootFiles } from './create-layout.ts';
import { hashUnknown, type KnownFiles } from './create-reuse.ts';
import { checkTorrentSize } from './create-size.ts';
import { type ScanOptions, type Skipped, scanFolder } from './folder-scan.ts';
import { checkTarget } from './own-torrents.ts';

export { knownFilesOf } from './create-reuse.ts';
export { writeTorrentFile } from './torrent-write.ts';
export { CreateError, type HashControl, type HashProgress, type KnownFiles, type Skipped };

/**
 * Each track has its own Merkle root and starts at a piece boundary. Clients join the v1 or the v2 swarm. Old
 * clients (aria2 1.36, Transmission 3.00) cannot read hybrids and need v1.
 */
export const defaultFormat: TorrentFormat = 'hybrid';

export interface CreateOptions extends ScanOptions {
  readonly format?: TorrentFormat | undefined;
  /** A power of two from 16 KiB to 16 MiB. Default: a length that gives about 1,024 pieces. */
  readonly pieceLength?: number | undefined;
  /** BEP 12: tiers. */
  readonly trackers?: readonly (readonly string[])[] | undefined;
  /** BEP 19. */
  readonly webSeeds?: readonly string[] | undefined;
  /** BEP 27. */
  readonly private?: boolean | undefined;
  /** Part of the info dictionary: the same files with another source get another info-hash. */
  readonly source?: string | undefined;
  readonly comment?: string | undefined;
  readonly createdBy?: string | undefined;
  /** Seconds since 1970. Default: not written. */
  readonly creationDate?: number | undefined;
  /**
   * Hashes of unchanged files, from an earlier torrent (knownFilesOf), so that they need not be read. The
   * caller must know that the files are unchanged, and must set `pieceLength` to that of the earlier torrent.
   * Not used in v1.
   */
  readonly known?: KnownFiles | undefined;
  /** The path that the torrent file will be written to. It must not be one of the files in the torrent. */
  readonly target?: string | undefined;
}

export interface CreatedTorrent {
  /** The torrent file. */
  readonly bytes: Uint8Array;
  /** As in Metainfo. */
  readonly infoHash: Uint8Array;
  readonly infoHashV2: Uint8Array | undefined;
  readonly plan: TorrentPlan;
  readonly skipped: readonly Skipped[];
  /** Parsed from `bytes` on first use: for 100,000 files it takes 200 MB, which not every caller needs. */
  readonly metainfo: Metainfo;
}

/**
 * The properties of a torrent before any file is read. All errors that need no reading are thrown by then.
 */
export interface TorrentPlan extends PlacedFiles {
  readonly format: TorrentFormat;
  /** Each file that is not a pad is at join(root, ...components). */
  readonly root: string;
  readonly name: string;
  readonly isSingleFile: boolean;
  readonly pieceLength: number;
  readonly pieceCount: number;
  /** Without pads. */
  readonly bytes: number;
  readonly skipped: readonly Skipped[];
}

/** A dry run of createTorrent. Throws CreateError, or the reason of the signal. */
export async function planTorrent(
  path: string,
  options: CreateOptions = {},
  signal?: AbortSignal,
): Promise<TorrentPlan> {
  const { format = defaultFormat } = options;
  checkTexts(options);
  const scan = await scanFolder(path, options, signal);
  const name = checkedName(options.name ?? scan.name);
  if (options.target !== undefined) checkTarget(options.target, scan.root, scan.files);
  const bytes = scan.files.reduce((sum, file) => sum + file.bytes, 0);
  if (scan.files.length === 0) {
    const reason = scan.skipped.length > 0 ? `; ${scan.skipped.length} entries were left out` : '';
    throw new CreateError('create-nothing', `${path} holds nothing to share${reason}`, path);
  }
  const pieceLength =
    options.pieceLength === undefined
      ? choosePieceLength(
          format,
          scan.files.map((file) => file.bytes),
        )
      : checkPieceLength(options.pieceLength);
  const { files, totalBytes } = placeFiles(scan.files, format, pieceLength);
  const pieceCount = checkPieceCount(totalBytes, pieceLength);
  const { root, isSingleFile, skipped } = scan;
  const plan = {
    format,
    root,
    name,
    isSingleFile,
    pieceLength,
    pieceCount,
    bytes,
    files,
    totalBytes,
    skipped,
  };
  checkTorrentSize(plan, textsOf(options));
  return plan;
}

/** Throws CreateError, or the reason of the signal. */
export async function createTorrent(
  path: string,
  options: CreateOptions = {},
  control: HashControl = {},
): Promise<CreatedTorrent> {
  const plan = await planTorrent(path, options, control.signal);
  const { format, pieceLength } = plan;
  const sha256 = format !== 'v1';
  const pathOf = ({ isPad, components }: PlacedFile) => (isPad ? undefined : join(plan.root, ...components));
  const hashes = await hashUnknown({ ...plan, pathOf }, options.known, control);
  if (hashes.faults[0] !== undefined) throw CreateError.ofFault(hashes.faults[0]);

  const rooted = sha256 ? rootFiles(plan.files, hashes.rootTable, pieceLength) : undefined;
  const { bytes, infoBytes } = encodeTorrent(
    {
      ...plan,
      pieceHashes: hashes.sha1Table,
      piecesRootOf: rooted?.piecesRootOf,
      private: options.private,
      source: options.source,
    },
    { ...options, pieceLayers: rooted?.pieceLayers },
  );
  const { infoHash, infoHashV2 } = infoHashes(infoBytes, format);
  let metainfo: Metainfo | undefined;
  return {
    ...{ bytes, infoHash, infoHashV2, plan, skipped: plan.skipped },
    get metainfo() {
      metainfo ??= parseMetainfo(bytes);
      return metainfo;
    },
  };
}

function textsOf({ trackers = [], webSeeds = [], comment, source, createdBy }: CreateOptions): string[] {
  const texts = [comment, source, createdBy].filter((text) => text !== undefined);
  return [...trackers.flat(), ...webSeeds, ...texts];
}

/** Throws CreateError for texts that cannot be written, and for URLs that parseMetainfo would drop. */
function checkTexts(options: CreateOptions): void {
  for (const text of [options.comment, options.source, options.createdBy]) {
    if (text?.isWellFormed() === false)
      throw new CreateError('create-text', 'a text has half of a surrogate pair');
  }
  for (const url of [...(options.trackers ?? []).flat(), ...(options.webSeeds ?? [])]) {
    if (!URL.canParse(url)) throw new CreateError('create-url', `${JSON.stringify(url)} is no address`);
  }
}

function checkedName(name: string): string {
  const fault = componentFault(name);
  if (fault !== undefined) {
    throw new CreateError(
      'create-name',
      `a torrent cannot be called ${JSON.stringify(name)}: ${fault.message}`,
    );
  }
  return name;
}
