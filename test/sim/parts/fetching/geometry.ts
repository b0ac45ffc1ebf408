/** How a torrent is divided. The model divides it piece by piece and block by block. */
import type { Prng } from '../../../../client/engine/prng.ts';
import { Geometry, type PieceIndex } from '../../../../torrents/geometry.ts';
import { oneOf } from '../../hostile-bytes/odd-bytes.ts';
import { agree, agreeOnAll, type SteppedPart } from '../step.ts';

const blockBytes = 16 * 1024;

interface Cut {
  readonly offset: number;
  readonly bytes: number;
  /** The end of what a peer may request. */
  readonly span: number;
  readonly blocks: readonly number[];
}

export const geometry: SteppedPart = {
  name: 'geometry',
  begin(random) {
    let [torrent, cuts] = drawTorrent(random);
    judge(torrent, cuts);
    return () => {
      if (random.below(8) === 0) {
        [torrent, cuts] = drawTorrent(random);
        judge(torrent, cuts);
      }
      for (let n = 0; n < 4; n++) judgeBlock(torrent, cuts, random);
    };
  },
};

function drawTorrent(random: Prng): [torrent: Geometry, cuts: readonly Cut[]] {
  const { pieceLength, files, hasGaps } = drawFiles(random);
  const pieces = hasGaps ? files.flatMap((bytes) => cut(bytes, pieceLength)) : cut(sum(files), pieceLength);
  // Each file begins a piece: a short last piece of the file before leaves a gap.
  const whole = hasGaps ? (pieces.length - 1) * pieceLength + pieces.at(-1)! : sum(files);
  const short = pieces.flatMap((bytes, i) => (bytes < pieceLength ? [[i, bytes] as const] : []));
  const torrent = new Geometry(whole, pieceLength, hasGaps ? new Map(short) : undefined);
  agree('the blocks of a whole piece', torrent.blocksPerPiece, cut(pieceLength, blockBytes).length);
  agree('whether it has short pieces', torrent.hasShortPieces, hasGaps);
  const cuts = pieces.map((bytes, i): Cut => {
    const span = hasGaps ? pieceLength : bytes;
    return { offset: i * pieceLength, bytes, span, blocks: cut(bytes, blockBytes) };
  });
  return [torrent, cuts];
}

function judge(torrent: Geometry, cuts: readonly Cut[]): void {
  agree('its pieces', torrent.pieceCount, cuts.length);
  agreeOnAll('all pieces', torrent.pieces(), cuts.keys());
  for (const [i, { offset, bytes, span, blocks }] of cuts.entries()) {
    const pieceIndex = i as PieceIndex;
    agree('where a piece begins', torrent.pieceOffset(pieceIndex), offset);
    agree('the bytes of a piece', torrent.pieceBytes(pieceIndex), bytes);
    agree('the bytes of a piece with the gap', torrent.pieceSpan(pieceIndex), span);
    agree('the blocks of a piece', torrent.blockCount(pieceIndex), blocks.length);
    const sizes = Array.from(blocks, (_, block) => torrent.blockBytes(pieceIndex, block));
    agreeOnAll('the bytes of its blocks', sizes, blocks);
  }
  for (const odd of [-1, cuts.length, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32])
    agree(`the piece ${odd}`, torrent.pieceIndex(odd), undefined);
}

/** Numbers that a peer sends, at the bounds of a piece. */
function judgeBlock(torrent: Geometry, cuts: readonly Cut[], random: Prng): void {
  const index = random.below(cuts.length + 1);
  const { bytes, span } = cuts[index] ?? { bytes: 1, span: 1 };
  const begin = oneOf(random, [0, 0, -1, 0.5, 1, blockBytes, bytes - 1, bytes, span]);
  const rest = span - begin;
  const size = oneOf(random, [
    0,
    -1,
    1,
    1.5,
    blockBytes,
    blockBytes + 1,
    rest - 1,
    rest,
    rest + 1,
    bytes - begin,
  ]);
  const whole = [begin, size].every(Number.isInteger) && begin >= 0 && size >= 1;
  const isFit = whole && size <= blockBytes && index < cuts.length && begin < bytes && begin + size <= span;
  const block = torrent.block(index, begin, size);
  if ((block !== undefined) !== isFit)
    agree(`whether [${index}, ${begin}, ${size}] is a block`, block !== undefined, isFit);
  if (block === undefined) return;
  agreeOnAll('a block', [block.pieceIndex, block.begin, block.bytes], [index, begin, size]);
}

function drawFiles(random: Prng): { pieceLength: number; files: number[]; hasGaps: boolean } {
  const pieceLength = oneOf(random, [
    1,
    2,
    7,
    100,
    blockBytes - 1,
    blockBytes,
    blockBytes + 1,
    3 * blockBytes,
  ]);
  const files = Array.from({ length: 1 + random.below(3) }, () => {
    const whole = pieceLength * random.below(3);
    return Math.max(
      1,
      whole + oneOf(random, [0, 1, -1, Math.floor(pieceLength / 2), random.below(pieceLength)]),
    );
  });
  const isEmpty = random.below(20) === 0;
  return { pieceLength, files: isEmpty ? [] : files, hasGaps: !isEmpty && random.below(3) === 0 };
}

/** Divides the bytes into runs of `size`; the last run has the rest. */
function cut(bytes: number, size: number): number[] {
  const sizes: number[] = [];
  for (let left = bytes; left > 0; left -= size) sizes.push(left < size ? left : size);
  return sizes;
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all + size, 0);
}
