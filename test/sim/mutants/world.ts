/**
 * Deliberate bugs in the models of the disk, its record and its files: the checkers must see those, too.
 */
import type { Mutant } from './mutant.ts';

export const world: readonly Mutant[] = [
  {
    name: 'believe a changed file at the next start (the model of the resume record)',
    file: 'test/sim/world/platter.ts',
    from: 'this.isRecorded(pieceIndex) && isSameStamp(this.files.stamp(file), this.recordStamps[file]!);',
    to: 'this.isRecorded(pieceIndex) && file >= 0;',
  },
  {
    name: 'record the stamps that others have made (the model of the journal)',
    file: 'test/sim/world/journal.ts',
    from: 'recordStamps = this.#parts.stamps();',
    to: 'recordStamps = this.#parts.platter.files.stamps;',
  },
  {
    name: 'notice nothing by itself (the model of the disk)',
    file: 'test/sim/world/disk.ts',
    from: '        watch.lookAtAll();\n',
    to: '',
  },
  {
    name: 'complete without a look at what was stored before (the model of the disk)',
    file: 'test/sim/world/content-watch.ts',
    from: '    if (isLast) return this.lookAtAll();\n',
    to: '    if (isLast) return;\n',
  },
  {
    name: 'record without fsync (the model of the journal)',
    file: 'test/sim/world/journal.ts',
    from: '    platter.sync(dirty);\n',
    to: '',
  },
  {
    name: 'send a short read as a whole block (the model of the disk)',
    file: 'test/sim/world/disk.ts',
    from: "'ESHORT' : undefined);\n    if (code !== undefined) {",
    to: `'ESHORT' : undefined);
    if (code === 'ESHORT') {
      const { platter } = this.#torrents.get(torrent)!;
      const half = { ...block, bytes: (block.bytes >> 1) + 1 };
      const bytes = bytesOf(platter.content, platter.flavours, half, 0);
      return sink({ type: 'block-read', torrent, read, bytes });
    }
    if (code !== undefined) {`,
  },
];
