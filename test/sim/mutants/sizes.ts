/**
 * Deliberate bugs in sizes that need more than 32 bits: found by torrents of gigabytes (draw-giant.ts).
 */
import { engine, type Mutant } from './mutant.ts';

export const sizes: readonly Mutant[] = [
  {
    name: 'count what is left in 32 bits with a sign',
    file: engine('pieces/piece-ledger'),
    from: 'return this.totalBytes - this.haveBytes;',
    to: 'return (this.totalBytes - this.haveBytes) | 0;',
  },
  {
    name: 'count what is left in 32 bits without a sign',
    file: engine('pieces/piece-ledger'),
    from: 'return this.totalBytes - this.haveBytes;',
    to: 'return (this.totalBytes - this.haveBytes) >>> 0;',
  },
  {
    name: 'count what is here in 32 bits',
    file: engine('pieces/piece-ledger'),
    from: 'this.haveBytes += this.dataBytes(pieceIndex);',
    to: 'this.haveBytes = (this.haveBytes + this.dataBytes(pieceIndex)) >>> 0;',
  },
  {
    name: 'multiply where a piece begins in 32 bits',
    file: 'torrents/geometry.ts',
    from: 'return pieceIndex * this.pieceLength;',
    to: 'return Math.imul(pieceIndex, this.pieceLength);',
  },
  {
    name: 'multiply how long the last piece is in 32 bits',
    file: 'torrents/geometry.ts',
    from: 'return Math.min(this.pieceLength, this.totalBytes - pieceIndex * this.pieceLength);',
    to: 'return Math.min(this.pieceLength, this.totalBytes - Math.imul(pieceIndex, this.pieceLength));',
  },
];
