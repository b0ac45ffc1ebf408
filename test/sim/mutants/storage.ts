/** Deliberate bugs in the storage code, which runs in the simulator as it is: test/sim/storage finds them. */
import type { Mutant } from './mutant.ts';

export const storage: readonly Mutant[] = [
  {
    name: 'record without fsync (the production journal)',
    file: 'client/host/resume/force-files.ts',
    from: '    yield* waitFor(handle.sync());\n    unforced.end(at);',
    to: '    unforced.end(at);',
  },
  {
    name: 'do not force the names of new files to the disk',
    file: 'client/host/resume/force-files.ts',
    from: '    for (const folder of folders) yield* syncFolder(this.#files.fs, folder);\n',
    to: '',
  },
  {
    name: 'do not force the way to new files to the disk',
    file: 'client/host/resume/force-files.ts',
    from: '    yield* this.#forceAbove(folders);\n',
    to: '',
  },
  {
    name: 'give a file its name before its bytes are on the disk',
    file: 'client/host/storage/storage-job.ts',
    from: '      fs.sync(descriptor);\n',
    to: '',
  },
  {
    name: 'believe the record of a file that looks different',
    file: 'client/host/resume/resume-recall.ts',
    from: 'sameStamp(stamp, record.stamps[i]))',
    to: 'stamp !== undefined)',
  },
  {
    name: 'a wrong place in the side file',
    file: 'client/host/storage/side-file.ts',
    from: 'slot * this.#geometry.pieceLength + offset',
    to: 'slot * (this.#geometry.pieceLength - 1) + offset',
  },
  {
    name: 'leave a file open that was given up',
    file: 'client/host/disk/descriptor-pool.ts',
    from: '    if (entry.pins === 0) this.#close(entry);\n    else entry.doomed = true;',
    to: '    entry.doomed = true;',
  },
  {
    name: 'write what was not verified',
    file: 'client/host/storage/storage-job.ts',
    from: '  if (!isRight(piece, expected, sha1)) return {',
    to: '  if (!isRight(piece, expected, sha1) && job.wantDigests) return {',
  },
  {
    name: 'record what is stored while the files are forced to the disk',
    file: 'client/host/resume/resume-journal.ts',
    from: '    const have = this.#have.slice();',
    to: '    const have = this.#have;',
  },
  {
    name: 'a record that is not forced to the disk',
    file: 'client/host/resume/resume-store.ts',
    from: '        yield* waitFor(handle.sync());\n',
    to: '',
  },
  {
    name: 'the name of a record that is not forced to the disk',
    file: 'client/host/resume/resume-store.ts',
    from: '      yield* syncFolder(this.#fs, this.#folder);\n',
    to: '',
  },
  {
    name: 'rename over what is there',
    file: 'client/host/disk/part-file.ts',
    from: '    fs.link(part, final);',
    to: '    return fs.rename(part, final);',
  },
  {
    name: 'write into whatever has the path of ours',
    file: 'client/host/disk/part-file.ts',
    from: 'if (!sameFile(file.seen, stampOfOpen(fs, descriptor))) throw',
    to: 'if (!isPart && !sameFile(file.seen, stampOfOpen(fs, descriptor))) throw',
  },
  {
    name: 'believe what was written before a failed fsync',
    file: 'client/host/resume/unforced-pieces.ts',
    from: '    this.#pieces.delete(at);\n    return pieces;',
    to: '    return [];',
  },
  {
    name: 'an fsync of the journal that fails is not told',
    file: 'client/host/resume/force-files.ts',
    from: '    files.onSyncFailed(at, troubleOf(error));\n',
    to: '',
  },
  {
    name: 'a second write during an fsync counts as forced by it',
    file: 'client/host/resume/unforced-pieces.ts',
    from: 'if (writing <= mark) left?.delete',
    to: 'left?.delete',
  },
  {
    name: 'a failed fsync is not counted against pieces on their way',
    file: 'client/host/resume/unforced-pieces.ts',
    from: '    this.#failures.set(at, this.failures(at) + 1);\n',
    to: '',
  },
  {
    name: 'what was lost during the fsync stays in the record',
    file: 'client/host/resume/resume-journal.ts',
    from: '    for (const [i, bits] of this.#have.entries()) have[i]! &= bits;\n',
    to: '',
  },
  {
    name: 'a doubted file is recorded as it looks',
    file: 'client/host/resume/resume-journal.ts',
    from: "return seen && isDoubted ? { ...seen, mtimeNs: '0' } : seen;",
    to: 'return seen;',
  },
];
