/**
 * Inspects a folder before a download goes into it. Correct existing files are adopted, different ones are
 * refused by name, and nothing is changed in either case. Only an earlier version of the same folder is
 * replaced (upgrade.ts).
 */
import type { HashControl } from '../../../torrents/hashing/engine.ts';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { verifyTorrent } from '../../../torrents/verify.ts';
import { Beneath } from '../disk/beneath.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { realFiles } from '../disk/real-files.ts';
import { asPromise, type Steps, waitFor } from '../disk/steps.ts';
import type { ResumeStore } from '../resume/resume-store.ts';
import type { StorageJobs } from '../storage/storage-job.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';
import { planUpgrade, type UpgradeFrom } from '../upgrade.ts';
import { FoundFiles } from './found-files.ts';
import { FoundPieces, type Verify } from './found-pieces.ts';
import { refuseHiddenFolder, refuseUnwritable } from './refused-folders.ts';

export interface PreparedDownload {
  readonly files: TorrentFiles;
  /** Existing correct pieces, as a bitfield, most significant bit first. */
  readonly have: Uint8Array;
  /**
   * Files with correct pieces that no record covers: their bytes may still be only in the kernel's memory.
   */
  readonly unforced?: ReadonlySet<StoredFile>;
}

export interface Preparation {
  /** For the hashing. */
  readonly control?: HashControl;
  /** Without it no record of an earlier run is trusted, and none is written. */
  readonly memory?: Memory | undefined;
  /** Without it every file is wanted. */
  readonly wanted?: Wanted;
  readonly upgradeFrom?: UpgradeFrom | undefined;
  readonly ground?: Ground;
}

/** What is needed to trust the record of an earlier run. */
interface Memory {
  readonly store: ResumeStore;
  readonly pool: StorageJobs;
}

/** The user's selection. */
interface Wanted {
  readonly isWanted: (file: TorrentFile) => boolean;
  /** Another torrent is fetching the file: what lies there is not ours, and the file is not wanted. */
  readonly isLeft?: (file: TorrentFile) => boolean;
  readonly pool: StorageJobs;
}

/** The file system of the folder, and how a whole torrent without a record is hashed. */
interface Ground {
  readonly fs: FileSystem;
  readonly verify: Verify;
}

const realGround: Ground = { fs: realFiles, verify: verifyTorrent };

export function prepareDownload(...about: Parameters<typeof preparing>): Promise<PreparedDownload> {
  return asPromise(preparing(...about));
}

export function* preparing(
  metainfo: Metainfo,
  folder: string,
  { control = {}, memory, wanted, upgradeFrom, ground: { fs, verify } = realGround }: Preparation = {},
): Steps<PreparedDownload> {
  yield* refuseUnwritable(fs, folder);
  const upgrade =
    upgradeFrom && (yield* waitFor(planUpgrade(metainfo, folder, upgradeFrom, memory?.store, control)));
  const { isWanted = () => true, isLeft = () => false } = wanted ?? {};
  const found = yield* FoundFiles.lookFor({ metainfo, folder, fs, isWanted, isLeft, upgrade });
  const files = yield* found.settle(new Beneath(folder, fs));
  const { infoHash } = metainfo;
  const own = memory && (yield* memory.store.loading(infoHash, files.rootPath, files.files.length));
  const record = own ?? upgrade?.record;
  if (record === undefined) yield* refuseHiddenFolder(metainfo, files);
  const pieces = new FoundPieces(metainfo, files, record, control);
  if (found.isAnyThere) yield* pieces.find(memory?.pool, verify);
  if (wanted !== undefined) {
    pieces.leaveUnwanted(isWanted);
    yield* pieces.findAside(wanted.pool);
  }
  if (upgrade === undefined) yield* pieces.leaveStrangeParts();
  pieces.count();
  if (memory !== undefined && !files.isWhole)
    yield* remember(memory.store.saving(infoHash, files.rootPath, pieces.firstRecord));
  return { files, have: pieces.have, unforced: pieces.unforced };
}

/** A record that cannot be written only costs the next start some hashing. */
function* remember(saving: Steps<void>): Steps<void> {
  try {
    yield* saving;
  } catch {}
}
