/**
 * `cicada seed FOLDER PATH`: messages about all torrents of a folder. The session does the seeding
 * (seeded-folder.ts).
 */
import { count, grouped, size } from '../../../../torrents/wording.ts';
import type { Session } from '../../../session/session.ts';
import type { IncompleteContent } from '../../../session/shares/content-finder.ts';
import { SeededFolder, type SeededFolderPorts } from '../../../session/shares/seeded-folder.ts';
import type { Transfer } from '../../../session/transfers/transfer.ts';
import { CliError, codeOf } from '../../cli-error.ts';
import { errorWords } from '../../error-words.ts';
import { type Output, paint } from '../../screen/output.ts';
import { LeftOut } from '../../sharing/left-out.ts';
import { ownFolders, refuseSecrets } from '../../sharing/shareable.ts';
import { type LoadedTorrent, loadTorrent } from '../../sources/torrent-source.ts';
import { TransferVoice } from '../../transfer/transfer-voice.ts';
import { plain } from '../making/torrent-summary.ts';

export interface SeedFolderOptions {
  /** The folder with the torrent files. */
  readonly torrents: string;
  /** The folder with the music. */
  readonly path: string;
  readonly verify: boolean | 'anew';
  readonly 'include-secrets'?: boolean | undefined;
  readonly signal: AbortSignal;
  /** Adds the trackers that the user typed. */
  readonly complete: (loaded: LoadedTorrent) => LoadedTorrent;
  /** Tests set a shorter interval. */
  readonly lookEveryMs?: number;
}

export interface FolderSeeding {
  /** The transfers that are seeded now; the list changes over time. */
  readonly transfers: readonly Transfer[];
  /** The exit code. */
  readonly code: number;
  /** Adds new torrents of the folder and removes deleted ones, until the signal is aborted; never rejects. */
  follow(signal: AbortSignal): Promise<void>;
}

/** Throws CliError and SessionError when no torrent can be seeded. */
export async function seedFolder(
  session: Session,
  options: SeedFolderOptions,
  output: Output,
): Promise<FolderSeeding> {
  new TransferVoice(session, output, { areMany: true });
  const leftOut = new LeftOut(output);
  const voice = { output, leftOut, port: session.port, isStarted: false };
  const { privateFolders } = ownFolders();
  const folder = new SeededFolder(session, { ...options, privateFolders }, portsOf(options, voice));
  const startedMs = performance.now();
  const torrents = await folder.start();
  output.clearLive();
  tellReady(folder.transfers, torrents, startedMs, options, voice);
  return {
    transfers: folder.transfers,
    get code() {
      return leftOut.code;
    },
    follow: async (signal) => {
      voice.isStarted = true;
      const at = plain(options.torrents);
      output.remark(paint('dim', `What is put into ${at} is shared as well, and what leaves it is not.`));
      await folder.follow(signal);
    },
  };
}

/** How messages about the folder's torrents are printed. */
interface Voice {
  readonly output: Output;
  readonly leftOut: LeftOut;
  readonly port: number;
  /** All initial torrents have been tried: from now on each new one is reported. */
  isStarted: boolean;
}

function portsOf(options: SeedFolderOptions, voice: Voice): SeededFolderPorts {
  const { output, leftOut, port } = voice;
  const live = (words: string) => output.live({ lines: () => [words], plain: () => words });
  return {
    load: async (torrent, signal) => options.complete(await loadTorrent(torrent, signal)),
    onSecrets: (metainfo, secrets) => refuseSecrets(metainfo, secrets, options, output),
    onReading: (number, all) => live(`Reading ${grouped(number)} of ${count(all, 'torrent')}`),
    onStarting: (number, all) => live(`Starting ${grouped(number)} of ${count(all, 'torrent')}`),
    onTried: () => {
      output.clearLive();
      leftOut.tellCount();
    },
    onSeeding: (torrent, { infoHash, path }) => {
      output.document({ event: 'seeding', torrent, infoHash, path, port });
      const words = `Sharing ${plain(path)}`;
      if (voice.isStarted) output.remark(words);
      else output.detail(words);
    },
    onTwin: (torrent) => output.detail(`${plain(torrent)} is there under another name, too`),
    onMissing: (torrent, nearest) => leftOut.onMissing(torrent, missingWords(nearest)),
    onFailed: (torrent, error) => leftOut.onFailed(torrent, error),
    onGone: (torrent, { infoHash }) => {
      output.document({ event: 'gone', torrent, infoHash });
      output.remark(`${plain(torrent)} is not there any more: it is not shared`);
    },
    onTrouble: (error, path) => {
      const message = errorWords(error);
      output.document({ event: 'trouble', path, code: codeOf(error), message });
      output.remark(`${plain(message)}; it is looked at again`);
    },
    onMusicAway: (error) => output.remark(plain(errorWords(error))),
  };
}

function missingWords(nearest: IncompleteContent | undefined): string {
  if (nearest === undefined) return 'nothing of that name is there';
  const { place, missing, files } = nearest;
  return `${missing} of ${files} files are missing or of another size in ${place}`;
}

/** Throws CliError when no torrent is seeded. */
function tellReady(
  transfers: readonly Transfer[],
  torrents: number,
  startedMs: number,
  { path }: SeedFolderOptions,
  { output, leftOut, port }: Voice,
): void {
  const { missing, failed } = leftOut;
  const bytes = transfers.reduce((sum, { metainfo }) => sum + metainfo.bytes, 0);
  const seconds = Math.round(performance.now() - startedMs) / 1000;
  output.document({
    event: 'ready',
    ...{ torrents: transfers.length, bytes, missing, failed, port, seconds },
  });
  leftOut.tellCount();
  if (transfers.length === 0)
    throw new CliError('not-found', `none of ${count(torrents, 'torrent')} has its content in ${path}`);
  const what = `${count(transfers.length, 'torrent')} (${size(bytes)})`;
  output.remark(`Sharing ${what} on port ${port}; Ctrl-C stops.`);
}
