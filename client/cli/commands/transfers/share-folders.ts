/** `cicada share` without a catalogue: makes one fixed torrent of each folder, and seeds them all. */
import { type CreateOptions, createTorrent, writeTorrentFile } from '../../../../torrents/create/create.ts';
import type { HashProgress } from '../../../../torrents/hashing/engine.ts';
import type { Metainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { count, size } from '../../../../torrents/wording.ts';
import type { RunningTracker } from '../../../../tracker/server.ts';
import type { Session } from '../../../session/session.ts';
import { startTransfer } from '../../../session/transfers/start-transfer.ts';
import type { Transfer } from '../../../session/transfers/transfer.ts';
import { exitCode } from '../../exit-codes.ts';
import { remarkEmpty, remarkSkipped } from '../../options/create-options.ts';
import { commandElsewhere } from '../../screen/command-line.ts';
import { type Output, paint } from '../../screen/output.ts';
import { hashingLine } from '../../screen/progress-line.ts';
import { seedUntil } from '../../transfer/seeding.ts';
import { TransferVoice } from '../../transfer/transfer-voice.ts';
import { plain, torrentDocument } from '../making/torrent-summary.ts';

interface FolderSharing {
  readonly folders: readonly {
    readonly path: string;
    readonly name: string;
    /** The torrent file to write; undefined when none is written. */
    readonly target: string | undefined;
  }[];
  readonly create: CreateOptions;
  readonly threads: number | undefined;
  readonly force: boolean;
  /** The trackers that the user typed. */
  readonly trackers: readonly string[];
  readonly tracker: RunningTracker | undefined;
}

/** Resolves when the command is to stop. */
export async function shareFolders(
  session: Session,
  { folders, create, threads, force, trackers, tracker }: FolderSharing,
  signal: AbortSignal,
  output: Output,
): Promise<number> {
  new TransferVoice(session, output);
  const transfers: Transfer[] = [];
  const trust = { trackers };
  const onProgress = (progress: HashProgress) => output.live(hashingLine('Hashing', progress));
  for (const { path, name, target } of folders) {
    const control = { signal, threads, onProgress };
    const { bytes, metainfo, skipped } = await createTorrent(path, { ...create, name }, control);
    output.clearLive();
    remarkSkipped(skipped, output);
    remarkEmpty(metainfo.bytes, output);
    if (target !== undefined) await writeTorrentFile(target, bytes, { force });
    const request = { wanted: { metainfo }, kind: 'share', place: path, verify: false, trust } as const;
    transfers.push(await startTransfer(session, request, signal));
    const url = tracker?.addTorrent(bytes).torrentUrl;
    const document = torrentDocument(metainfo, target ?? null, skipped);
    output.document({ event: 'sharing', ...document, url: url ?? null, port: session.port });
    tellShared(metainfo, target, url, output);
  }
  output.remark(paint('dim', 'Sharing until Ctrl-C.'));
  await seedUntil(signal, transfers, output);
  return exitCode.done;
}

/** Prints what is shared, and the command for another computer on a line of its own, to be copied. */
function tellShared(
  metainfo: Metainfo,
  target: string | undefined,
  url: string | undefined,
  output: Output,
): void {
  const files = metainfo.files.filter((file) => !file.isPad).length;
  const name = paint('bold', plain(metainfo.name));
  output.result(`${name}: ${size(metainfo.bytes)} in ${count(files, 'file')}`);
  if (target !== undefined) output.result(`Torrent file: ${plain(target)}`);
  output.result(url === undefined ? 'To fetch it, with that file:' : 'To fetch it on another computer:');
  output.result(paint('bold', plain(commandElsewhere(['get', url ?? target!]))));
}
