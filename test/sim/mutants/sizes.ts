/** Deliberate bugs in sizes above 32 bits. Torrents of gigabytes find them (draw-giant.ts). */
import { engine, type Mutant } from './mutant.ts';

export const sizes: readonly Mutant[] = [
  {
    name: 'left bytes overflow a signed 32-bit integer',
    file: engine('pieces/piece-ledger'),
    from: 'return this.totalBytes - this.haveBytes;',
    to: 'return (this.totalBytes - this.haveBytes) | 0;',
  },
  {
    name: 'left bytes overflow an unsigned 32-bit integer',
    file: engine('pieces/piece-ledger'),
    from: 'return this.totalBytes - this.haveBytes;',
    to: 'return (this.totalBytes - this.haveBytes) >>> 0;',
  },
  {
    name: 'stored bytes overflow a 32-bit integer',
    file: engine('pieces/piece-ledger'),
    from: 'this.haveBytes += this.dataBytes(pieceIndex);',
    to: 'this.haveBytes = (this.haveBytes + this.dataBytes(pieceIndex)) >>> 0;',
  },
  {
    name: "a piece's offset overflows 32 bits",
    file: 'torrents/geometry.ts',
    from: 'return pieceIndex * this.pieceLength;',
    to: 'return Math.imul(pieceIndex, this.pieceLength);',
  },
  {
    name: "the last piece's length overflows 32 bits",
    file: 'torrents/geometry.ts',
    from: 'return Math.min(this.pieceLength, this.totalBytes - pieceIndex * this.pieceLength);',
    to: 'return Math.min(this.pieceLength, this.totalBytes - Math.imul(pieceIndex, this.pieceLength));',
  },
];
