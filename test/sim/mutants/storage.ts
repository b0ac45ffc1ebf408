/** Deliberate bugs in the storage code, which runs in the simulator as it is: test/sim/storage finds them. */
import type { Mutant } from './mutant.ts';

export const storage: readonly Mutant[] = [
  {
    name: 'record without fsync (the production journal)',
    file: 'client/host/resume-journal.ts',
    from: '      yield* waitFor(handle.sync());\n      return true;',
    to: '      return true;',
  },
  {
    name: 'do not force the names of new files to the disk',
    file: 'client/host/resume-journal.ts',
    from: '    for (const folder of folders) yield* syncFolder(this.#files.fs, folder);\n',
    to: '',
  },
  {
    name: 'do not force the way to new files to the disk',
    file: 'client/host/resume-journal.ts',
    from: '    yield* this.#syncAbove(folders);\n',
    to: '',
  },
  {
    name: 'give a file its name before its bytes are on the disk',
    file: 'client/host/storage-job.ts',
    from: '        fs.sync(descriptor);\n',
    to: '',
  },
  {
    name: 'believe the record of a file that looks different',
    file: 'client/host/resume-recall.ts',
    from: 'sameStamp(stamp, record.stamps[i]))',
    to: 'stamp !== undefined)',
  },
  {
    name: 'a wrong place in the side file',
    file: 'client/host/side-file.ts',
    from: 'slot * this.#geometry.pieceLength + offset',
    to: 'slot * (this.#geometry.pieceLength - 1) + offset',
  },
  {
    name: 'leave a file open that was given up',
    file: 'client/host/descriptor-pool.ts',
    from: '    if (entry.pins === 0) this.#fs.close(entry.descriptor);\n    else entry.doomed = true;',
    to: '    entry.doomed = true;',
  },
  {
    name: 'write what was not verified',
    file: 'client/host/storage-job.ts',
    from: '  if (!isRight(piece, expected, sha1)) return {',
    to: '  if (!isRight(piece, expected, sha1) && job.wantDigests) return {',
  },
];
