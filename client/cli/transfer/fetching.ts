/**
 * Fetches torrents side by side, each from what is known of it to the last piece. One that cannot be had does not keep
 * the others; the first failure decides how we end.
 */
import { basename, dirname, join, resolve } from 'node:path';
import process from 'node:process';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { count, duration, percent, rate, size } from '../../../torrents/wording.ts';
import type { TorrentControl } from '../../host/active-torrent.ts';
import type { Client } from '../../host/client.ts';
import { ClientError } from '../../host/client-error.ts';
import type { DiskSpace } from '../../host/disk/free-space.ts';
import type { FileChoice } from '../../host/file-selection.ts';
import { CliError, codeOf } from '../cli-error.ts';
import { tellWarnings } from '../commands/making/torrent-notes.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { hiddenNameWords, tellHiddenName } from '../commands/transfers/hidden-name.ts';
import { exitCode, exitCodeOf } from '../exit-codes.ts';
import type { HostPort } from '../options/endpoints.ts';
import { type ChoiceArgs, fileChoice } from '../options/file-choice.ts';
import { commandLine } from '../screen/command-line.ts';
import { aborted, Interrupted } from '../screen/interruption.ts';
import { type Output, paint, paintEveryMs } from '../screen/output.ts';
import { watch } from '../screen/watch.ts';
import { type FoundTorrent, MetadataSearch } from '../sources/metadata-search.ts';
import { infoHashOf, type WantedTorrent } from '../sources/wanted-torrent.ts';
import { withAnnounceKey } from '../swarm-view/announce-key.ts';
import { tooLittleSpaceWords } from '../swarm-view/disk-words.ts';
import { DownloadView } from '../swarm-view/download-view.ts';
import { OtherDownloads } from '../swarm-view/other-downloads.ts';
import { runOnDone } from './on-done.ts';
import { announceEveryMs } from './seeding.ts';
import { Transfer } from './transfer.ts';

/** Other programs write too: a disk that is to be filled to this part is worth a remark. */
const narrowShare = 0.95;

export interface FetchOptions {
  readonly folder: string;
  readonly peers: readonly HostPort[];
  readonly signal: AbortSignal;
  readonly files: ChoiceArgs;
  /** The first pieces first. */
  readonly sequential: boolean;
  /** Not without room for all of it. */
  readonly spaceCheck: boolean;
  /** The user's own command, for every torrent that is complete. */
  readonly onDone: string | undefined;
}

/** Resolves when none is under way any more; a Ctrl-C rejects with what to type to go on. */
export async function fetchAll(
  client: Client,
  wanted: readonly WantedTorrent[],
  options: FetchOptions,
  output: Output,
): Promise<{ readonly transfers: readonly Transfer[]; readonly code: number }> {
  const { signal } = options;
  const view = new DownloadView(output);
  let code: number = exitCode.done;
  // What is there is looked at for one torrent after the other: side by side the disk would only seek.
  let turn: Promise<void> = Promise.resolve();
  const inTurn = async <T>(begin: (giveWay: () => void) => Promise<T>): Promise<T> => {
    const before = turn;
    const { promise, resolve: giveWay } = Promise.withResolvers<void>();
    turn = promise;
    await before;
    return await begin(giveWay).finally(giveWay);
  };
  const others = new OtherDownloads(view, output);
  const fetchOne = async (torrent: WantedTorrent) => {
    try {
      const found =
        'link' in torrent ? await find(client, torrent, options, view, output) : fromFile(torrent, options);
      const transfer = await inTurn((giveWay) => {
        // One that waits for another torrent's file keeps nobody: it may be the next one's.
        return begin(client, torrent, found, options, view, others.watch(found.metainfo, giveWay), output);
      });
      const remember = 'metainfo' in torrent ? torrent.remember : undefined;
      await remember?.(transfer.active.path, false);
      await transfer.active.completed;
      await remember?.(transfer.active.path, true);
      await finish(transfer, songPath(torrent, transfer), options, output);
    } catch (error) {
      if (wanted.length === 1 || signal.aborted) throw error;
      output.failure(codeOf(error), (error as Error).message);
      if (code === exitCode.done) code = exitCodeOf(error);
    }
  };
  const stopped = aborted(signal).then(() => {
    throw interrupted(view);
  });
  const all = Promise.all(wanted.map(fetchOne));
  const everyMs = output.json ? announceEveryMs : paintEveryMs;
  const fetching = () => watch(Promise.race([all, stopped]), everyMs, () => view.look());
  await withAnnounceKey(output, () => view.transfers, fetching);
  output.clearLive();
  return { transfers: view.transfers, code };
}

function fromFile({ metainfo }: { readonly metainfo: Metainfo }, { peers }: FetchOptions): FoundTorrent {
  return { metainfo, peers };
}

/** The torrent behind a magnet link. */
async function find(
  client: Client,
  wanted: Extract<WantedTorrent, { link: unknown }>,
  { peers }: FetchOptions,
  view: DownloadView,
  output: Output,
): Promise<FoundTorrent> {
  const search = new MetadataSearch(wanted.link, infoHashOf(wanted), output);
  view.searches.add(search);
  try {
    return await search.run(client, wanted.link, { peers, trust: wanted.trust });
  } finally {
    view.searches.delete(search);
  }
}

async function begin(
  client: Client,
  wanted: WantedTorrent,
  { metainfo, peers }: FoundTorrent,
  { folder, signal, files, sequential, spaceCheck }: FetchOptions,
  view: DownloadView,
  others: Pick<TorrentControl, 'onWait' | 'onUnguarded'>,
  output: Output,
): Promise<Transfer> {
  const transfer = new Transfer(metainfo, output);
  tellWarnings(metainfo, output);
  await tellHiddenName(metainfo, folder, output);
  let isChecked = false;
  let space: DiskSpace | undefined;
  try {
    const onCheck = (progress: NonNullable<DownloadView['checking']>) => {
      isChecked = true;
      view.checking = progress;
    };
    const { onReport } = transfer;
    const known = 'metainfo' in wanted ? wanted : undefined;
    const select = bothOf(
      fileChoice(metainfo, files, 'link' in wanted ? wanted.link : undefined),
      known?.songs,
    );
    const upgradeFrom = known?.upgradeFrom;
    const place = { folder, peers, ...(select && { select }), ...(upgradeFrom && { upgradeFrom }) };
    const spacing = { spaceCheck, onSpace: (found: DiskSpace) => (space = found) };
    const watching = { signal, onCheck, onReport, trust: wanted.trust };
    transfer.attach(await client.download(metainfo, { ...place, ...spacing, ...others, ...watching }));
    if (sequential) transfer.active.setSequential(true);
  } catch (error) {
    throw tooLittleSpace(error, metainfo, folder) ?? error;
  } finally {
    view.checking = undefined;
  }
  view.transfers.push(transfer);
  tellSpace(space, output);
  const { haveWantedBytes: bytes, wantedBytes: total } = transfer.status;
  const { name } = metainfo;
  output.document({
    event: 'start',
    infoHash: transfer.infoHash,
    name,
    diskName: transfer.active.metainfo.layout.rootName,
    path: transfer.active.path,
    bytes,
    total,
    missingBytes: space?.missingBytes ?? null,
    freeBytes: space?.freeBytes ?? null,
    warnings: metainfo.warnings,
  });
  if (bytes > 0 && !isChecked) output.detail(`${plain(name)}: what is here is remembered from last time.`);
  if (bytes > 0 && bytes < total)
    output.remark(`Going on: ${percent(bytes, total)} of ${plain(name)} is here already.`);
  view.look();
  return transfer;
}

function tooLittleSpace(error: unknown, { name }: Metainfo, folder: string): CliError | undefined {
  if (!(error instanceof ClientError) || error.space === undefined) return undefined;
  const words = tooLittleSpaceWords(plain(name), plain(resolve(folder)), error.space);
  return new CliError('disk-full', words, error);
}

/** Both figures: always when it is asked for much, and when little room will be left. */
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

/** Where it lies, when one song of an album was asked for. */
function songPath(wanted: WantedTorrent, { active }: Transfer): string | undefined {
  const songs = 'metainfo' in wanted ? wanted.songs : undefined;
  const [index] = songs ?? [];
  const file = songs?.size === 1 ? active.metainfo.files.find((each) => each.index === index) : undefined;
  return file && join(dirname(active.path), ...file.diskPath);
}

async function finish(
  transfer: Transfer,
  song: string | undefined,
  { onDone, signal }: FetchOptions,
  output: Output,
): Promise<void> {
  const { seconds, status, metainfo, active, infoHash, fetchedBytes } = transfer;
  const { downloaded, wasted, wantedBytes: bytes } = status;
  const sources = transfer.sources().map(({ address: peer, ...source }) => ({ peer, ...source }));
  const peers = transfer.honestSources;
  output.document({
    ...{
      event: 'done',
      infoHash,
      diskName: active.metainfo.layout.rootName,
      path: active.path,
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
  output.result(`${name}${story}\n  ${plain(song ?? active.path)}${hiddenNameWords(metainfo)}`);
  if (onDone !== undefined)
    await runOnDone(onDone, { path: active.path, name: metainfo.name, infoHash }, signal, output);
}

function interrupted(view: DownloadView): Interrupted {
  const { bytes, totalBytes } = view.figures();
  const how = view.transfers.length === 0 ? 'before it began' : `at ${percent(bytes, totalBytes)}`;
  return new Interrupted(`stopped ${how}. To go on:\n  ${commandLine(process.argv.slice(2))}`);
}
