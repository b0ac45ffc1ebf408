/** The pieces that one peer has announced. The model has sets and lists. */
import { PeerPieces } from '../../../../client/engine/connection/peer-pieces.ts';
import type { PieceIndex } from '../../../../torrents/geometry.ts';
import { agree, agreeOnAll, type SteppedPart } from '../step.ts';

const newsMax = 256;
const suggestedMax = 64;

export const peerPieces: SteppedPart = {
  name: 'peer-pieces',
  begin(random) {
    // Above 65,536 pieces, piece numbers need more than 16 bits.
    const isLarge = random.below(10) === 0;
    const count = isLarge ? 65_536 + random.below(3) : 1 + random.below(20);
    const pieces = new PeerPieces();
    pieces.expect(count);
    const has = new Set<PieceIndex>();
    const refused = new Set<PieceIndex>();
    let suggested: PieceIndex[] = [];
    let news: PieceIndex[] = [];
    let isAll = false;
    let [nothingAt, nothingOpenAt, refusedMs, version] = [-1, -1, 0, 0];
    const one = () =>
      (isLarge && random.below(2) === 0
        ? count - 1 - random.below(4)
        : random.below(Math.min(count, 20))) as PieceIndex;
    const lookAgain = () => {
      [nothingAt, nothingOpenAt, news] = [-1, -1, []];
    };
    const begin = () => {
      has.clear();
      const way = random.below(4);
      const isHavingAll = way === 0;
      for (let i = 0; i < count; i++)
        if (isHavingAll || (way < 3 && random.below(2) === 0)) has.add(i as PieceIndex);
      pieces.setAll(isHavingAll && random.below(2) === 0 ? 'all' : bitsOf(has, count));
      isAll = has.size === count;
    };
    // Until it says so it has nothing.
    if (!isLarge && random.below(3) > 0) begin();
    return () => {
      const pieceIndex = one();
      switch (random.below(9)) {
        case 0:
        case 1: {
          agree('whether a piece is new', pieces.add(pieceIndex), !has.has(pieceIndex));
          has.add(pieceIndex);
          break;
        }
        case 2:
          pieces.forgetBits();
          if (has.size === count) isAll = true;
          break;
        case 3:
          refusedMs += random.below(100);
          pieces.refuse(pieceIndex, refusedMs);
          refused.add(pieceIndex);
          break;
        case 4:
          pieces.forgetRefusals();
          if (refused.size > 0) lookAgain();
          refused.clear();
          break;
        case 5: {
          version += random.below(2);
          pieces.foundNothing(version);
          if (random.below(2) === 0) pieces.nothingOpenAt = nothingOpenAt = random.below(5);
          [nothingAt, news] = [version, []];
          break;
        }
        case 6:
          // So many at once that there is no more room for them.
          for (let n = [1, 2, 31, 33, 100, newsMax][random.below(6)]!; n > 0; n--) {
            const next = one();
            pieces.hearNews(next);
            if (nothingAt < 0) continue;
            if (news.length === newsMax) lookAgain();
            else news.push(next);
          }
          break;
        case 7:
          for (let n = [1, 1, 2, suggestedMax - 1][random.below(4)]!; n > 0; n--) {
            const next = one();
            pieces.suggest(next);
            suggested = [...suggested, next].slice(-suggestedMax);
          }
          break;
        default:
          if (random.below(3) > 0 || isLarge) break;
          begin();
      }
      agree('how many it has', pieces.count, has.size);
      agree('whether it is known to have all', pieces.isAll, isAll);
      for (let at = 0; at < Math.min(count, 20); at++) {
        const other = (isLarge && at >= 16 ? count - 20 + at : at) as PieceIndex;
        agree('whether it has one', pieces.has(other), has.has(other));
        const mayBeAsked = has.has(other) && !refused.has(other);
        agree('whether it offers one', pieces.offers(other), mayBeAsked);
      }
      agree('when it refused one', pieces.refusedMs, refusedMs);
      agreeOnAll('what it suggests', pieces.suggested, suggested);
      agree('when it had nothing', pieces.nothingAtVersion, nothingAt);
      agree('when it had nothing that is open', pieces.nothingOpenAt, nothingOpenAt);
      agree('how much is new', pieces.newsCount, news.length);
      for (let at = 0; at < news.length; at += at < 32 || at > 250 ? 1 : 30)
        agree('what is new', pieces.newsAt(at), news[at]);
      const isNew = version !== nothingAt || news.length > 0;
      agree('whether it may have something new', pieces.mayHaveNew(version), isNew);
      if (random.below(isLarge ? 16 : 3) > 0) return;
      const visited: PieceIndex[] = [];
      pieces.each((other) => visited.push(other));
      agreeOnAll(
        'what it has',
        visited,
        [...has].sort((a, b) => a - b),
      );
      if (isLarge) return;
      const others = new Set(Array.from({ length: 4 }, () => random.below(count) as PieceIndex));
      const meant = [...others].filter((other) => has.has(other)).length;
      agree('how many of some it has', pieces.countAmong(bitsOf(others, count)), meant);
    };
  },
};

/** The first piece is the highest bit of the first byte. */
function bitsOf(has: ReadonlySet<PieceIndex>, count: number): Uint8Array {
  const bits = new Uint8Array(Math.floor((count + 7) / 8));
  for (const pieceIndex of has) bits[Math.floor(pieceIndex / 8)]! += 2 ** (7 - (pieceIndex % 8));
  return bits;
}
