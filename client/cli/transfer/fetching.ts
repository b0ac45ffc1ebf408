/**
 * Downloads torrents side by side, each until its last piece. A failed one does not stop the others; the
 * first failure decides the exit code.
 */
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import type { MagnetLink } from '../../../torrents/magnet.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { count, duration, percent, rate, size } from '../../../torrents/wording.ts';
import type { DiskSpace } from '../../host/disk/free-space.ts';
import type { FileChoice } from '../../host/file-selection.ts';
import type { Session } from '../../session/session.ts';
import { whenFetched } from '../../session/transfers/fetched-transfer.ts';
import type { Transfer } from '../../session/transfers/transfer.ts';
import type { AddRequest } from '../../session/transfers/transfer-settings.ts';
import { codeOf } from '../cli-error.ts';
import { tellWarnings } from '../commands/making/torrent-notes.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { hiddenNameWords, tellHiddenName } from '../commands/transfers/hidden-name.ts';
import { errorWords } from '../error-words.ts';
import { exitCode, exitCodeOf } from '../exit-codes.ts';
import type { HostPort } from '../options/endpoints.ts';
import { type ChoiceArgs, fileChoice } from '../options/file-choice.ts';
import { commandLine } from '../screen/command-line.ts';
import { aborted, Interrupted } from '../screen/interruption.ts';
import { type Output, paint, paintEveryMs } from '../screen/output.ts';
import { watch } from '../screen/watch.ts';
import { searchView } from '../sources/metadata-search.ts';
import type { WantedTorrent } from '../sources/wanted-torrent.ts';
import { withAnnounceKey } from '../swarm-view/announce-key.ts';
import { DownloadView } from '../swarm-view/download-view.ts';
import { followDownloads } from './download-events.ts';
import { runOnDone } from './on-done.ts';
import { announceEveryMs } from './seeding.ts';

/** Other programs write too: a download that fills its disk to 95 percent is worth a warning. */
const narrowShare = 0.95;

export interface FetchOptions {
  readonly folder: string;
  readonly peers: readonly HostPort[];
  readonly signal: AbortSignal;
  readonly files: ChoiceArgs;
  /** Requests pieces in order, the first ones first. */
  readonly sequential: boolean;
  /** Refuses to start without space for the whole torrent. */
  readonly spaceCheck: boolean;
  /** The user's command that runs after each completed torrent. */
  readonly onDone: string | undefined;
}

/** Resolves when all have ended; a Ctrl-C rejects with the command that continues. */
export async function fetchAll(
  session: Session,
  wanted: readonly WantedTorrent[],
  options: FetchOptions,
  output: Output,
): Promise<{ readonly transfers: readonly Transfer[]; readonly code: number }> {
  const { signal } = options;
  let code: number = exitCode.done;
  const fetchOne = async (torrent: WantedTorrent, view: DownloadView) => {
    try {
      const transfer = session.add(requestOf(torrent, options, output));
      const remember = 'metainfo' in torrent ? torrent.remember : undefined;
      const fetched = whenFetched(session, transfer, remember);
      await tellFetch({ transfer, wanted: torrent, fetched }, view, options, output);
    } catch (error) {
      if (wanted.length === 1 || signal.aborted) throw error;
      output.failure(codeOf(error), errorWords(error));
      if (code === exitCode.done) code = exitCodeOf(error);
    }
  };
  return await watchFetches(session, signal, output, async (view) => {
    await Promise.all(wanted.map((torrent) => fetchOne(torrent, view)));
    return { transfers: view.transfers, code };
  });
}

/** Shows the downloads until `fetch` settles; a Ctrl-C rejects with the command that continues. */
export async function watchFetches<T>(
  session: Session,
  signal: AbortSignal,
  output: Output,
  fetch: (view: DownloadView) => Promise<T>,
): Promise<T> {
  const view = new DownloadView(output);
  const unfollow = followDownloads(session, view, output);
  const stopped = aborted(signal).then(() => {
    throw interrupted(view);
  });
  const fetched = fetch(view);
  const everyMs = output.json ? announceEveryMs : paintEveryMs;
  const fetching = () => watch(Promise.race([fetched, stopped]), everyMs, () => view.look());
  const answer = await withAnnounceKey(output, () => view.transfers, fetching).finally(unfollow);
  output.clearLive();
  return answer;
}

/** One running download. */
export interface Fetch {
  readonly transfer: Transfer;
  readonly wanted: WantedTorrent;
  /** Resolves when the torrent is complete. */
  readonly fetched: Promise<void>;
}

/** Reports one download from start to end, for people and scripts. Rejects with the reason when it fails. */
export async function tellFetch(
  { transfer, wanted, fetched }: Fetch,
  view: DownloadView,
  options: Pick<FetchOptions, 'onDone' | 'signal'>,
  output: Output,
): Promise<void> {
  const begun = begin(transfer, wanted, view, output);
  // It fails together with `fetched`, which is awaited first.
  begun.catch(() => {});
  await fetched;
  await begun;
  await finish(transfer, songPath(wanted, transfer), options, output);
}

async function begin(
  transfer: Transfer,
  wanted: WantedTorrent,
  view: DownloadView,
  output: Output,
): Promise<void> {
  if ('link' in wanted) await find(transfer, wanted.link, view, output);
  try {
    await transfer.started;
  } finally {
    view.checking = undefined;
  }
  view.transfers.push(transfer);
  tellStart(transfer, output);
  view.look();
}

/** Waits for the metadata of a magnet link. */
async function find(transfer: Transfer, link: MagnetLink, view: DownloadView, output: Output): Promise<void> {
  const document = (event: string, name: string | null) =>
    output.document({ event, infoHash: transfer.id, name });
  document('searching', link.name ?? null);
  const search = { view: () => searchView(link, transfer) };
  view.searches.add(search);
  try {
    await transfer.found;
    document('found', transfer.metainfo.name);
  } finally {
    view.searches.delete(search);
  }
}

function requestOf(
  wanted: WantedTorrent,
  { folder, peers, files, sequential: isSequential, spaceCheck }: FetchOptions,
  output: Output,
): AddRequest {
  const known = 'metainfo' in wanted ? wanted : undefined;
  const { upgradeFrom } = known ?? {};
  const how = { peers, trust: wanted.trust, isSequential, spaceCheck, upgradeFrom };
  const link = 'link' in wanted ? wanted.link : undefined;
  return {
    ...{ kind: 'download', place: folder, ...how },
    ...(known === undefined ? { wanted: { link: link! } } : { wanted: { metainfo: known.metainfo } }),
    onTurn: async (metainfo) => {
      await tellBefore(metainfo, folder, output);
      return { choice: bothOf(fileChoice(metainfo, files, link), known?.songs) };
    },
  };
}

/** Warnings about a torrent before its files are created. */
export async function tellBefore(metainfo: Metainfo, folder: string, output: Output): Promise<void> {
  tellWarnings(metainfo, output);
  await tellHiddenName(metainfo, folder, output);
}

function tellStart(transfer: Transfer, output: Output): void {
  const { metainfo, infoHash, path, run } = transfer;
  const { space, isChecked, active } = run.last;
  tellSpace(space, output);
  const { haveWantedBytes: bytes, wantedBytes: total } = run.status;
  output.document({
    event: 'start',
    infoHash,
    name: metainfo.name,
    diskName: active.metainfo.layout.rootName,
    path,
    bytes,
    total,
    missingBytes: space?.missingBytes ?? null,
    freeBytes: space?.freeBytes ?? null,
    warnings: metainfo.warnings,
  });
  if (bytes > 0 && !isChecked)
    output.detail(`${plain(metainfo.name)}: what is here is remembered from last time.`);
  if (bytes > 0 && bytes < total)
    output.remark(`Going on: ${percent(bytes, total)} of ${plain(metainfo.name)} is here already.`);
}

/** Needed and free space: always for a large download, and when little would stay free. */
function tellSpace(space: DiskSpace | undefined, output: Output): void {
  if (space === undefined || space.missingBytes === 0 || space.freeBytes === undefined) return;
  const { missingBytes, promisedBytes, freeBytes } = space;
  const words = `${size(missingBytes)} to fetch, ${size(freeBytes)} free`;
  if (missingBytes + promisedBytes > freeBytes)
    output.remark(`${words}: it will not fit unless room is made.`);
  else if (missingBytes + promisedBytes > freeBytes * narrowShare)
    output.remark(`${words}: little room will be left.`);
  else output.detail(words);
}

function bothOf(
  choice: FileChoice | undefined,
  songs: ReadonlySet<number> | undefined,
): FileChoice | undefined {
  if (songs === undefined) return choice;
  return (file) => (songs.has(file.index) ? (choice?.(file) ?? true) : false);
}

/** The path of the file, when a single song of an album was asked for. */
function songPath(wanted: WantedTorrent, { path, run }: Transfer): string | undefined {
  const { active } = run.last;
  const songs = 'metainfo' in wanted ? wanted.songs : undefined;
  const [index] = songs ?? [];
  const file = songs?.size === 1 ? active.metainfo.files.find((each) => each.index === index) : undefined;
  return file && join(dirname(path), ...file.diskPath);
}

async function finish(
  transfer: Transfer,
  song: string | undefined,
  { onDone, signal }: Pick<FetchOptions, 'onDone' | 'signal'>,
  output: Output,
): Promise<void> {
  const { metainfo, infoHash, path, run } = transfer;
  const { seconds, status, fetchedBytes } = run;
  const { active } = run.last;
  const { downloaded, wasted, wantedBytes: bytes } = status;
  const sources = run.sources().map(({ address: peer, ...source }) => ({ peer, ...source }));
  const peers = run.honestSources;
  output.document({
    ...{
      event: 'done',
      infoHash,
      diskName: active.metainfo.layout.rootName,
      path,
      seconds: Math.round(seconds * 1000) / 1000,
    },
    ...{ bytes, downloaded, wasted, peers, sources },
  });
  const what = song === undefined ? metainfo.name : basename(song);
  const name = `${paint('green', '✓')} ${paint('bold', plain(what))}`;
  const story =
    bytes === 0
      ? ': its files are empty'
      : downloaded === 0
        ? ' was complete already'
        : `: ${size(fetchedBytes)} in ${duration(seconds)}, ${rate(fetchedBytes / seconds)} on average, from ${count(peers, 'peer')}`;
  output.result(`${name}${story}\n  ${plain(song ?? path)}${hiddenNameWords(metainfo)}`);
  if (onDone !== undefined) await runOnDone(onDone, { path, name: metainfo.name, infoHash }, signal, output);
}

function interrupted(view: DownloadView): Interrupted {
  const { bytes, totalBytes } = view.figures();
  const how = view.transfers.length === 0 ? 'before it began' : `at ${percent(bytes, totalBytes)}`;
  return new Interrupted(`stopped ${how}. To go on:\n  ${commandLine(process.argv.slice(2))}`);
}
