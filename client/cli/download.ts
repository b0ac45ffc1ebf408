/** `cicada download`, or `get`: fetches torrents from everybody who has them. */
import process from 'node:process';
import type { Metainfo } from '../../torrents/metainfo.ts';
import type { Client } from '../host/client.ts';
import { codeOf } from './cli-error.ts';
import { withClient } from './client-session.ts';
import { defineCommand } from './command.ts';
import { commandLine } from './command-line.ts';
import { type HostPort, resolvePeer } from './endpoints.ts';
import { exitCode, exitCodeOf } from './exit-codes.ts';
import { aborted, Interrupted, interruption } from './interruption.ts';
import { downloadLimitOption, portOption, uploadLimitOption } from './network-options.ts';
import { type Output, paint, paintEveryMs } from './output.ts';
import { hashingLine, type TransferFigures, transferLine } from './progress-line.ts';
import { announceEveryMs, announceProgress, seedUntil } from './seeding.ts';
import { loadTorrent, torrentPositional } from './torrent-source.ts';
import { plain } from './torrent-summary.ts';
import { Transfer } from './transfer.ts';
import { watch } from './watch.ts';
import { count, duration, percent, rate, size } from './wording.ts';

export default defineCommand({
  usage: 'download <torrent..>',
  aliases: ['get'],
  describe: 'Fetch what a torrent describes, from everybody who has it',
  positionals: { torrent: { ...torrentPositional, array: true, demandOption: true } },
  options: {
    out: {
      type: 'string',
      alias: ['o', 'd', 'dir'],
      requiresArg: true,
      default: '.',
      describe: "Put the torrent's folder in here; made when missing",
    },
    peer: {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'HOST:PORT of somebody who has it; can be repeated',
    },
    seed: { type: 'boolean', describe: 'Go on sharing when it is done, until Ctrl-C' },
    ...downloadLimitOption,
    ...uploadLimitOption,
    ...portOption,
  },
  examples: [
    ['get Album.torrent', 'fetches into this folder and ends when it is done'],
    ['get http://192.168.1.5:6969/INFO-HASH.torrent -o ~/Music', 'fetches into ~/Music'],
    ['get Album.torrent --seed --upload-limit 1MiB/s', 'gives on what it has until Ctrl-C'],
  ],

  async run(args, output) {
    const signal = interruption();
    const torrents = await loadAll(args.torrent, signal);
    const peers = await Promise.all((args.peer ?? []).map((peer) => resolvePeer(peer ?? '')));
    return await withClient(args, output, async (client) => {
      const { transfers, code } = await startAll(
        client,
        torrents,
        { folder: args.out, peers, signal },
        output,
      );
      if (transfers.length === 0) return code;
      await fetchAll(transfers, signal, output);
      if (args.seed) await seedUntil(signal, transfers, output);
      else output.remark(paint('dim', 'Not shared on from here: --seed goes on sharing.'));
      return code;
    });
  },
});

/** All of them are read before the first one starts: a bad one is better known at once. The same one twice is once. */
async function loadAll(sources: readonly string[], signal: AbortSignal): Promise<Metainfo[]> {
  const byHash = new Map<string, Metainfo>();
  for (const source of sources) {
    const { metainfo } = await loadTorrent(source, signal);
    byHash.set(Buffer.from(metainfo.infoHash).toString('hex'), metainfo);
  }
  return [...byHash.values()];
}

interface Place {
  readonly folder: string;
  readonly peers: readonly HostPort[];
  readonly signal: AbortSignal;
}

/** One that cannot be started does not keep the others; the first failure decides how we end. */
async function startAll(
  client: Client,
  torrents: readonly Metainfo[],
  place: Place,
  output: Output,
): Promise<{ transfers: Transfer[]; code: number }> {
  const transfers: Transfer[] = [];
  let code: number = exitCode.done;
  for (const metainfo of torrents) {
    try {
      transfers.push(await start(client, metainfo, place, output));
    } catch (error) {
      if (torrents.length === 1 || place.signal.aborted) throw error;
      output.failure(codeOf(error), (error as Error).message);
      if (code === exitCode.done) code = exitCodeOf(error);
    }
  }
  return { transfers, code };
}

async function start(client: Client, metainfo: Metainfo, place: Place, output: Output): Promise<Transfer> {
  const transfer = new Transfer(metainfo, output);
  const active = await client.download(metainfo, {
    ...place,
    onCheck: (progress) => output.live(hashingLine('Checking what is there', progress)),
    onReport: transfer.onReport,
  });
  transfer.attach(active);
  output.clearLive();
  const { haveBytes: bytes, totalBytes: total } = transfer.status;
  const { name, path } = { name: metainfo.name, path: active.path };
  output.document({ event: 'start', infoHash: transfer.infoHash, name, path, bytes, total });
  if (bytes > 0 && bytes < total)
    output.remark(`Going on: ${percent(bytes, total)} of ${plain(name)} is here already.`);
  return transfer;
}

/** Resolves when every one is complete; a Ctrl-C rejects with what to type to go on. */
async function fetchAll(transfers: readonly Transfer[], signal: AbortSignal, output: Output): Promise<void> {
  const look = output.json
    ? () => announceProgress(transfers)
    : () => output.live(transferLine(together(transfers)));
  const all = Promise.all(
    transfers.map(async (transfer) => {
      await transfer.active.completed;
      tellDone(transfer, output);
    }),
  );
  const stopped = aborted(signal).then(() => {
    const { bytes, totalBytes } = together(transfers);
    const resume = commandLine(process.argv.slice(2));
    throw new Interrupted(`stopped at ${percent(bytes, totalBytes)}. To go on:\n  ${resume}`);
  });
  await watch(Promise.race([all, stopped]), output.json ? announceEveryMs : paintEveryMs, look);
  output.clearLive();
}

function tellDone(transfer: Transfer, output: Output): void {
  const { seconds, status, metainfo, active, infoHash } = transfer;
  const { downloaded, wasted, totalBytes: bytes } = status;
  const sources = transfer.sources().map(({ address: peer, ...source }) => ({ peer, ...source }));
  const peers = transfer.honestSources;
  output.document({
    ...{ event: 'done', infoHash, path: active.path, seconds: Math.round(seconds * 1000) / 1000 },
    ...{ bytes, downloaded, wasted, peers, sources },
  });
  const name = `${paint('green', '✓')} ${paint('bold', plain(metainfo.name))}`;
  const story =
    downloaded === 0
      ? ' was complete already; every piece has been checked'
      : `: ${size(downloaded)} in ${duration(seconds)}, ${rate(downloaded / seconds)} on average, from ${count(peers, 'peer')}`;
  output.result(`${name}${story}\n  ${plain(active.path)}`);
}

/** Several downloads as one. */
function together(transfers: readonly Transfer[]): TransferFigures {
  const all = transfers.map((transfer) => transfer.figures());
  const sum = (of: (figures: TransferFigures) => number) =>
    all.reduce((total, figures) => total + of(figures), 0);
  const open = all.filter(({ bytes, totalBytes }) => bytes < totalBytes);
  const [bytes, totalBytes, downBps] = [sum((f) => f.bytes), sum((f) => f.totalBytes), sum((f) => f.downBps)];
  return {
    ...{ bytes, totalBytes, downBps, upBps: sum((f) => f.upBps), peers: sum((f) => f.peers) },
    etaSeconds: downBps > 0 ? Math.ceil((totalBytes - bytes) / downBps) : undefined,
    waitingFor: open.every((figures) => figures.waitingFor !== undefined) ? open[0]?.waitingFor : undefined,
  };
}
