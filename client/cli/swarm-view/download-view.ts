/** The live view of downloads: metadata searches, one line for all downloads, and details below it. */
import type { HashProgress } from '../../../torrents/hashing/engine.ts';
import type { Transfer } from '../../session/transfers/transfer.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import type { LiveText, Output } from '../screen/output.ts';
import { hashingLine, type TransferFigures, transferLine } from '../screen/progress-line.ts';
import { announceProgress, figuresOf, obstaclesOfTransfer } from '../transfer/transfer-figures.ts';
import { sourceTable, sourceWords } from './source-table.ts';
import { outlook, standstillAfterMs, standstillLines } from './standstill.ts';

export class DownloadView {
  readonly transfers: Transfer[] = [];
  /** Metadata searches of magnet links. */
  readonly searches = new Set<{ view(): LiveText }>();
  /** Messages of torrents that wait for a file of another torrent, by info-hash. */
  readonly waits = new Map<string, string>();
  /** Progress of checking existing files; undefined while none are checked. */
  checking: HashProgress | undefined;
  readonly #output: Output;
  #movedMs = performance.now();
  #movedBytes = 0;
  #isExplained = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Call it a few times a second. */
  look(): void {
    this.#explainStandstill();
    if (this.#output.json) for (const transfer of this.transfers) announceProgress(transfer, this.#output);
    else this.#output.live(this.#text());
  }

  /** The sum of all downloads. */
  figures(): TransferFigures {
    const all = this.transfers.map(figuresOf);
    const sum = (of: (figures: TransferFigures) => number) => all.reduce((total, f) => total + of(f), 0);
    const open = all.filter(({ bytes, totalBytes }) => bytes < totalBytes);
    // One disk error is shown even while other downloads run: they mostly share the disk.
    const refusedAt = this.transfers.findIndex(({ run }) => run.following.diskTrouble !== undefined);
    const refused = all[refusedAt];
    const [bytes, totalBytes, downBps] = [
      sum((f) => f.bytes),
      sum((f) => f.totalBytes),
      sum((f) => f.downBps),
    ];
    return {
      ...{ bytes, totalBytes, downBps, upBps: sum((f) => f.upBps), peers: sum((f) => f.peers) },
      etaSeconds:
        refused === undefined && downBps > 0 ? Math.ceil((totalBytes - bytes) / downBps) : undefined,
      waitingFor:
        refused !== undefined || open.every((f) => f.waitingFor !== undefined)
          ? (refused ?? open[0])?.waitingFor
          : undefined,
    };
  }

  #text(): LiveText {
    const parts = [...this.searches].map((search) => search.view());
    if (this.checking !== undefined) parts.push(hashingLine('Checking what is there', this.checking));
    // A log has printed each when the wait began.
    for (const words of this.waits.values()) parts.push({ lines: () => [words], plain: () => '' });
    const open = this.#open;
    if (open.length > 0 || (parts.length === 0 && this.transfers.length > 0))
      parts.push(transferLine(this.figures()));
    return {
      lines: (columns, rows) => {
        const lines = parts.flatMap((part) => part.lines(columns, rows));
        return [...lines, ...this.#details(columns, rows - lines.length)];
      },
      plain: () => {
        const words = this.#output.verbose ? sourceWords(open.map(({ run }) => run.status)) : [];
        return [...parts.map((part) => part.plain()), ...words].filter(Boolean).join('\n');
      },
    };
  }

  get #open(): Transfer[] {
    return this.transfers.filter(({ run }) => !run.status.complete);
  }

  /** Below the line: why no data arrives, and with `-v` the peers that send. */
  #details(columns: number, rows: number): string[] {
    const open = this.#open;
    const isRefused = open.some(({ run }) => run.following.diskTrouble !== undefined);
    const isStill = !isRefused && open.length > 0 && open.every(({ run }) => !run.isMoving);
    const still = open.find(({ run }) => run.waitsFor === undefined);
    const why = isStill && still ? standstillOf(still) : [];
    if (!this.#output.verbose) return why;
    const table = sourceTable(
      open.map(({ run }) => run.status),
      columns - 6,
      rows - why.length,
    );
    return [...why, ...table.map((line) => `      ${line}`)];
  }

  /** Prints to a log, once per stall, what a terminal shows all the time. */
  #explainStandstill(): void {
    const open = this.#open;
    const bytes = open.reduce((sum, { run }) => sum + run.status.downloaded, 0);
    if (bytes !== this.#movedBytes || open.length === 0) {
      this.#movedBytes = bytes;
      this.#movedMs = performance.now();
      this.#isExplained = false;
    }
    if (this.#isExplained || this.#output.isLive || performance.now() - this.#movedMs < standstillAfterMs)
      return;
    this.#isExplained = true;
    for (const transfer of open) {
      const { metainfo, run } = transfer;
      if (run.following.diskTrouble !== undefined || run.waitsFor !== undefined) continue;
      const state =
        outlook(run.status) === 'fatal'
          ? 'stalled, and will not go on without a change'
          : 'stands still for now';
      this.#output.remark([`${plain(metainfo.name)} ${state}:`, ...standstillOf(transfer)].join('\n'));
    }
  }
}

function standstillOf(transfer: Transfer): string[] {
  const { status, following } = transfer.run;
  return standstillLines(status, following.departures, obstaclesOfTransfer(transfer));
}
