/** One life of the program that stores a download, and how its user ends it. */
import { start } from '../../../client/host/disk/steps.ts';
import type { FetchedTorrent } from './fetched-torrent.ts';
import type { Program } from './program.ts';
import { BrokenStorage } from './storage-checks.ts';
import type { LifeEnd } from './storage-plan.ts';

export class Life {
  readonly program: Program;
  download: FetchedTorrent | undefined;
  wasRefused = false;
  /** The program stopped regularly and closed every file. */
  wasStopped = false;
  onBegun: (download: FetchedTorrent) => void = () => {};
  onComplete: () => void = () => {};
  onStopping: (download: FetchedTorrent) => void = () => {};
  isStopping = false;
  /** Pieces that were read before the download began. */
  checkedAtStart = Number.POSITIVE_INFINITY;

  constructor(program: Program) {
    this.program = program;
  }

  /** Schedules the end, counted from the beginning of the download. */
  endAs(end: LifeEnd): void {
    const { program } = this;
    if (end.how === 'cut' && end.fromMs !== undefined)
      program.after(end.fromMs, () => program.cutIn(end.atStep));
    if (end.how === 'kill') program.after(end.atMs, () => program.kill());
    if (end.how === 'stop') program.after(end.atMs, () => this.stop(false));
  }

  stop(isLast: boolean): void {
    const { program, download } = this;
    if (this.isStopping || download === undefined) return;
    this.onStopping(download);
    this.isStopping = true;
    program.after(0, () => {
      start(download.stopping(isLast)).then(
        () => {
          // The power was cut during its last calls, whose failure it ignores.
          if (program.isOver) return;
          const { openPaths } = program.fs;
          if (openPaths.length > 0) throw new BrokenStorage('leak', `left open: ${openPaths.join(', ')}`);
          this.wasStopped = true;
          program.kill();
        },
        (error) => {
          throw error;
        },
      );
    });
  }
}
