/**
 * The files of one torrent that have to be hashed before they are trusted again, because another program may
 * have changed them. They are hashed one at a time, in the order in which they were doubted.
 */
import { launch, Outcome, type Steps, waitFor } from '../disk/steps.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';

interface Checks {
  /** Hashes one file. `doubts`: how often it was doubted when its turn came. */
  readonly check: (file: StoredFile, doubts: number) => Steps<void>;
  readonly onAllChecked: () => void;
}

export class DoubtfulFiles {
  readonly #torrentFiles: TorrentFiles;
  readonly #checks: Checks;
  readonly #doubtful = new Set<StoredFile>();
  #checking: Outcome<void> | undefined;
  #isOver = false;

  constructor(torrentFiles: TorrentFiles, checks: Checks) {
    this.#torrentFiles = torrentFiles;
    this.#checks = checks;
  }

  get isChecking(): boolean {
    return this.#checking !== undefined;
  }

  /** The torrent is no longer watched. */
  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
  }

  doubt(file: StoredFile): void {
    this.#torrentFiles.doubt(file);
    this.#doubtful.add(file);
    this.#check();
  }

  /** The file is lost: there is nothing to hash. */
  drop(file: StoredFile): void {
    this.#doubtful.delete(file);
  }

  *settled(): Steps<void> {
    while (this.#checking !== undefined) yield* waitFor(this.#checking);
  }

  #check(): void {
    if (this.#checking !== undefined) return;
    const checking = new Outcome<void>();
    this.#checking = checking;
    launch(this.#checkUntilDone(checking));
  }

  *#checkUntilDone(checking: Outcome<void>): Steps<void> {
    try {
      yield* this.#checkAll();
    } finally {
      this.#checking = undefined;
      if (!this.#isOver && this.#doubtful.size > 0) this.#check();
      else if (!this.#isOver) this.#checks.onAllChecked();
      checking.resolve();
    }
  }

  *#checkAll(): Steps<void> {
    for (const file of this.#doubtful) {
      const doubts = file.doubts ?? 0;
      if (!this.#isOver) yield* this.#checks.check(file, doubts);
      this.#doubtful.delete(file);
      // The file was doubted again during the check: it is checked once more, after the others.
      if (!this.#isOver && file.state === 'part' && (file.doubts ?? 0) > doubts) this.#doubtful.add(file);
    }
  }
}
