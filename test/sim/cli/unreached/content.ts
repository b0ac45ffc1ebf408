/** Branches that watch stored content. Storage runs execute this code on a simulated disk. */
import type { Unreached } from './entry.ts';

const links = 'links: other programs in storage runs create no links; test/host/storage/links-below.test.ts';
const promises = 'for callers that await promises: a run executes the steps itself';
const noWatch =
  'a shared folder of the publisher: storage runs download into a folder; test/host/content/absent-content.test.ts';
const noAlbum = 'more files than a storage run has';

export const contentUnreached: readonly Unreached[] = [
  {
    file: 'client/host/content/absent-content.ts',
    branches: {
      "if ('file' in unit && !isOwned(unit.file)) continue":
        'the side file, or a part, beside complete files that are gone',
      'if (sameStamp(looksNow, file.seen)) file.seen = looksNow':
        'a disk that was plugged in elsewhere has another number: the simulated one keeps its own',
    },
  },
  {
    file: 'client/host/content/content-look.ts',
    branches: {
      'if (files.beneath === undefined) return units': noWatch,
      'files.beneath === undefined ? later.stat(at)': noWatch,
      'files.beneath === undefined ? files.fs.stat(at)': noWatch,
      'return beneath === undefined ? fs.stat(at)': noWatch,
      "if ('folder' in unit) return stat.isDirectory() ? undefined : 'misplaced'": links,
      "looks.mtimeNs === seen!.mtimeNs ? 'touched' : 'changed'":
        'rights that change: others in storage runs change bytes; test/host/content/absent-content.test.ts',
      "if (lookNow(unit, files) === 'misplaced') gone.push(":
        'a folder that is moved: others in storage runs move files; test/host/content/absent-content.test.ts',
      "const finding = gone.some((folder) => at.startsWith(folder)) ? 'misplaced'":
        'a folder that is moved: others in storage runs move files; test/host/content/absent-content.test.ts',
      "return { code: codeOf(error) ?? 'EIO'": 'a system error without a code, which no system gives',
      'root === undefined ? [files.rootPath]': noWatch,
      'if (stat.isSymbolicLink()) return { at, error: isALink(at) }': links,
    },
  },
  {
    file: 'client/host/content/content-watch.ts',
    branches: {
      'for (const torrent of [...this.#contents.keys()]) this.remove(torrent)':
        'a client with torrents that ends: storage runs remove theirs first; test/host/content/absent-content.test.ts',
      'confirm(torrent: TorrentId): Promise<boolean>': promises,
      'settled(): Promise<void> {': promises,
      '*#settling(): Steps<void> {':
        'for tests that wait until nothing is hashed; test/host/content/lost-files.test.ts',
      'lookAround(): Promise<void> {':
        'for tests that do not wait for the next look; test/host/content/lost-files.test.ts',
      'if (left <= 0) return': 'more files than are looked at in one round: an album has six',
    },
  },
  {
    file: 'client/host/content/content-losses.ts',
    branches: {
      'this.#world.forget(torrent, sideKey)':
        'the side file is taken away: others in storage runs know the names of files',
      'this.#world.timers.after(reReadMs, () => this.#doubtful.isOver || this.#doubtful.doubt(file))':
        'others go on writing into a whole part; test/host/storage/foreign-writes.test.ts',
      'if (last.length > 0) this.#tell(last, trouble)':
        'a file without one whole piece of its own is refused its name; test/host/storage/unlucky-disk.test.ts has others',
    },
  },
  {
    file: 'client/host/content/doubtful-files.ts',
    branches: {
      'if (!this.#isOver && this.#doubtful.size > 0) this.#check()':
        'a file is doubted in the last moment of a reading',
      'const doubts = file.doubts ?? 0':
        'a file that is read without a doubt; test/host/storage/foreign-writes.test.ts',
      '(file.doubts ?? 0) > doubts) this.#doubtful.add(file)':
        'others write while a file is read; test/host/storage/foreign-writes.test.ts',
    },
  },
  {
    file: 'client/host/content/watched-content.ts',
    branches: {
      "finding !== 'unreachable' && trouble === undefined":
        'a loss in the moment before completion; test/host/content/lost-files.test.ts',
      'isSoonKnown ? 10 : retryMs':
        'a loss in the moment before completion; test/host/content/lost-files.test.ts',
      "files.finish(file) === 'doubtful') this.doubt(file)":
        'others write into a part in the moment before completion; test/host/storage/foreign-writes.test.ts',
      'catch (error) { return troubleOf(error); }':
        'a name is refused in the moment before completion; test/host/storage/unlucky-disk.test.ts',
      'yield* pausing(this.#world.timers, 0)': noAlbum,
      'if (this.#doubtful.isChecking) return 1': 'files that are gone come back while others are hashed',
      'this.#absence = undefined; this.#world.sink(':
        'complete files come back unchanged; test/host/content/absent-content.test.ts',
      'const isSettled = (file.doubts ?? 0) === doubts':
        'a file that is read without a doubt; test/host/storage/foreign-writes.test.ts',
      'file.missingBytes === 0 && isSettled) this.#losses.finish(file, true)':
        'the last piece comes while a file is read; test/host/storage/foreign-writes.test.ts',
      'if (this.#absence === undefined) this.#goOffline(':
        'a complete file that others have changed; test/host/content/absent-content.test.ts',
    },
  },
];
