/** One life of the program that stores a download, and how its user ends it. */
import { start } from '../../../client/host/steps.ts';
import type { FetchedTorrent } from './fetched-torrent.ts';
import type { Program } from './program.ts';
import { BrokenStorage } from './storage-checks.ts';

export class Life {
  readonly program: Program;
  download: FetchedTorrent | undefined;
  wasRefused = false;
  /** It ended by itself, and everything was closed. */
  wasStopped = false;
  onBegun: (download: FetchedTorrent) => void = () => {};
  onComplete: () => void = () => {};
  isStopping = false;

  constructor(program: Program) {
    this.program = program;
  }

  stop(isLast: boolean): void {
    const { program, download } = this;
    if (this.isStopping || download === undefined) return;
    this.isStopping = true;
    program.after(0, () => {
      start(download.stopping(isLast)).then(
        () => {
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
