/**
 * Deliberate bugs in the simulator's models of the disk, its record and its files: the checkers must find
 * these as well.
 */
import type { Mutant } from './mutant.ts';

export const world: readonly Mutant[] = [
  {
    name: 'a restart trusts a changed file (model of the record)',
    file: 'test/sim/world/platter.ts',
    from: 'this.isRecorded(pieceIndex) && isSameStamp(this.files.stamp(file), this.recordStamps[file]!);',
    to: 'this.isRecorded(pieceIndex) && file >= 0;',
  },
  {
    name: 'stamps made by others are recorded (model of the journal)',
    file: 'test/sim/world/journal.ts',
    from: 'recordStamps = this.#parts.stamps();',
    to: 'recordStamps = this.#parts.platter.files.stamps;',
  },
  {
    name: 'changed files go unnoticed (model of the disk)',
    file: 'test/sim/world/disk.ts',
    from: '        watch.lookAtAll();\n',
    to: '',
  },
  {
    name: 'completion skips the last check (model of the disk)',
    file: 'test/sim/world/content-watch.ts',
    from: '    if (isLast) return this.lookAtAll();\n',
    to: '    if (isLast) return;\n',
  },
  {
    name: 'pieces are recorded without fsync (model of the journal)',
    file: 'test/sim/world/journal.ts',
    from: '    platter.sync(dirty);\n',
    to: '',
  },
  {
    name: 'a short read is sent as a block (model of the disk)',
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
