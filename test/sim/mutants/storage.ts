/** Deliberate bugs in the production storage code. The runs of test/sim/storage find them. */
import type { Mutant } from './mutant.ts';

export const storage: readonly Mutant[] = [
  {
    name: 'the production journal records without fsync',
    file: 'client/host/resume/force-files.ts',
    from: '    yield* waitFor(handle.sync());\n    unforced.end(at);',
    to: '    unforced.end(at);',
  },
  {
    name: 'folders of new files are not fsynced',
    file: 'client/host/resume/force-files.ts',
    from: '    for (const folder of folders) yield* syncFolder(this.#files.fs, folder);\n',
    to: '',
  },
  {
    name: 'parent folders of new files are not fsynced',
    file: 'client/host/resume/force-files.ts',
    from: '    yield* this.#forceAbove(folders);\n',
    to: '',
  },
  {
    name: 'a file is renamed before its fsync',
    file: 'client/host/storage/storage-job.ts',
    from: '      fs.sync(descriptor);\n',
    to: '',
  },
  {
    name: 'the record of a changed file is trusted',
    file: 'client/host/resume/resume-recall.ts',
    from: 'sameStamp(stamp, record.stamps[i]))',
    to: 'stamp !== undefined)',
  },
  {
    name: 'pieces in the part file overlap',
    file: 'client/host/storage/side-file.ts',
    from: 'slot * this.#geometry.pieceLength + offset',
    to: 'slot * (this.#geometry.pieceLength - 1) + offset',
  },
  {
    name: 'a released file stays open',
    file: 'client/host/disk/descriptor-pool.ts',
    from: '    if (entry.pins === 0) this.#close(entry);\n    else entry.doomed = true;',
    to: '    entry.doomed = true;',
  },
  {
    name: 'an unverified piece is written',
    file: 'client/host/storage/storage-job.ts',
    from: '  if (!isRight(piece, expected, sha1)) return {',
    to: '  if (!isRight(piece, expected, sha1) && job.wantDigests) return {',
  },
  {
    name: 'pieces stored during the fsync are recorded',
    file: 'client/host/resume/resume-journal.ts',
    from: '    const have = this.#have.slice();',
    to: '    const have = this.#have;',
  },
  {
    name: 'a record is not fsynced',
    file: 'client/host/resume/resume-store.ts',
    from: '        yield* waitFor(handle.sync());\n',
    to: '',
  },
  {
    name: 'the folder of a record is not fsynced',
    file: 'client/host/resume/resume-store.ts',
    from: '      yield* syncFolder(this.#fs, this.#folder);\n',
    to: '',
  },
  {
    name: 'an existing file is overwritten',
    file: 'client/host/disk/part-file.ts',
    from: '    fs.link(part, final);',
    to: '    return fs.rename(part, final);',
  },
  {
    name: 'a replaced part is written to',
    file: 'client/host/disk/part-file.ts',
    from: 'if (!sameFile(file.seen, stampOfOpen(fs, descriptor))) throw',
    to: 'if (!isPart && !sameFile(file.seen, stampOfOpen(fs, descriptor))) throw',
  },
  {
    name: 'pieces before a failed fsync are trusted',
    file: 'client/host/resume/unforced-pieces.ts',
    from: '    this.#pieces.delete(at);\n    return pieces;',
    to: '    return [];',
  },
  {
    name: 'a failed fsync of the journal is not reported',
    file: 'client/host/resume/force-files.ts',
    from: '    files.onSyncFailed(at, troubleOf(error));\n',
    to: '',
  },
  {
    name: 'a write during an fsync counts as synced',
    file: 'client/host/resume/unforced-pieces.ts',
    from: 'if (writing <= mark) left?.delete',
    to: 'left?.delete',
  },
  {
    name: 'a failed fsync ignores pieces being written',
    file: 'client/host/resume/unforced-pieces.ts',
    from: '    this.#failures.set(at, this.failures(at) + 1);\n',
    to: '',
  },
  {
    name: 'pieces lost during the fsync stay in the record',
    file: 'client/host/resume/resume-journal.ts',
    from: '    for (const [i, bits] of this.#have.entries()) have[i]! &= bits;\n',
    to: '',
  },
  {
    name: 'a doubted file is recorded with its true stamp',
    file: 'client/host/resume/resume-journal.ts',
    from: "return seen && isDoubted ? { ...seen, mtimeNs: '0' } : seen;",
    to: 'return seen;',
  },
];
