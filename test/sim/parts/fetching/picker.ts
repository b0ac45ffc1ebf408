/**
 * Which piece is started next. The model has for each piece its priority, its number of holders and whether
 * it is missing, and searches all pieces. Where the choice is random, any of the best is accepted.
 */
import { PiecePicker } from '../../../../client/engine/pieces/piece-picker.ts';
import { Prng } from '../../../../client/engine/prng.ts';
import { Geometry, type PieceIndex } from '../../../../torrents/geometry.ts';
import { agree, agreeOnAll, agreeThat, type SteppedPart } from '../step.ts';

/** The picker remembers this many returned candidates. */
const joinedMax = 1024;

interface Peer {
  readonly has: Set<PieceIndex>;
  readonly news: PieceIndex[];
  /** Version at which it had nothing for us. */
  nothingAt: number | undefined;
  readonly suggested: PieceIndex[];
  readonly newsCount: number;
  offers(pieceIndex: PieceIndex): boolean;
  newsAt(place: number): PieceIndex;
}

export const piecePicker: SteppedPart = {
  name: 'piece-picker',
  begin(random) {
    const count = 1 + random.below(9);
    const all = Array.from({ length: count }, (_, i) => i as PieceIndex);
    const missing = new Set(all.filter(() => random.below(5) > 0));
    const randomFirst = random.below(4);
    const priority = all.map(() => 4);
    const availability = all.map(() => 0);
    const picker = new PiecePicker(
      new Geometry(count * 10 - random.below(10), 10),
      (pieceIndex) => missing.has(pieceIndex),
      randomFirst,
      new Prng(random.next()),
    );
    let sequential = false;
    const peers = Array.from({ length: 3 }, newPeer);
    const candidates = () => all.filter((one) => missing.has(one) && priority[one]! > 0);
    const isPickedByChance = () => !sequential && count - missing.size < randomFirst;
    /** No piece that the peer offers is rarer or has a higher priority. */
    const judge = (found: PieceIndex | undefined, peer: Peer, mayBeChance: boolean) => {
      const offered = candidates().filter((one) => peer.has.has(one));
      const top = Math.max(...offered.map((one) => priority[one]!));
      const best = offered.filter((one) => priority[one] === top);
      if (found === undefined || best.length === 0) return agree('the next piece', found, best[0]);
      agreeThat(best.includes(found), `it begins ${found}, and ${best} are wanted more`);
      if (sequential) return agree('the first piece', found, best[0]);
      if (mayBeChance) return;
      const rarest = Math.min(...best.map((one) => availability[one]!));
      agree('how many have the piece that is begun', availability[found], rarest);
    };
    const pick = (peer: Peer) => {
      const found = picker.pick(peer);
      judge(found, peer, isPickedByChance());
      if (found === undefined) {
        peer.nothingAt = picker.version;
        peer.news.length = 0;
      }
    };
    const pickNew = (peer: Peer) => {
      const found = picker.pickNew(peer, peer.nothingAt!);
      judge(found, peer, isPickedByChance());
    };
    const tell = (peer: Peer, pieceIndex: PieceIndex) => {
      if (peer.has.has(pieceIndex)) return;
      peer.has.add(pieceIndex);
      picker.onHave(pieceIndex);
      availability[pieceIndex]! += 1;
      // As the scheduler tells it: only of candidates.
      if (candidates().includes(pieceIndex)) peer.news.push(pieceIndex);
    };
    const restore = (pieceIndex: PieceIndex) => {
      const before = picker.version;
      missing.add(pieceIndex);
      picker.restore(pieceIndex);
      agree('whether the version has risen', picker.version > before, priority[pieceIndex]! > 0);
    };
    const select = () => {
      const isAlike = random.below(3) === 0;
      for (const one of all) priority[one] = isAlike ? 4 : [0, 0, 1, 4, 4, 7][random.below(6)]!;
      const before = picker.version;
      picker.select((one) => priority[one]!);
      agreeThat(picker.version > before, 'its version stays as it was when others are wanted');
    };
    /** What it suggests is looked at in that order, and taken off. */
    const suggest = (peer: Peer) => {
      for (let n = random.below(4); n >= 0; n--) peer.suggested.push(random.below(count) as PieceIndex);
      const rest = [...peer.suggested];
      const found = picker.pickSuggested(peer);
      let meant: PieceIndex | undefined;
      const top = Math.max(...candidates().map((one) => priority[one]!));
      while (rest.length > 0 && meant === undefined) {
        const next = rest.shift()!;
        const isFit = missing.has(next) && peer.has.has(next) && priority[next] === top;
        if (isFit && !sequential && top > 0) meant = next;
      }
      agree('the piece it suggests', found, meant);
      agreeOnAll('what else it suggests', peer.suggested, rest);
    };
    if (random.below(2) === 0) select();
    return () => {
      const pieceIndex = random.below(count) as PieceIndex;
      const peer = peers[random.below(peers.length)]!;
      const isCandidate = missing.has(pieceIndex) && priority[pieceIndex]! > 0;
      switch (random.below(12)) {
        case 0:
        case 1:
          if (!isCandidate) break;
          picker.remove(pieceIndex);
          missing.delete(pieceIndex);
          break;
        case 2:
        case 3:
          if (!missing.has(pieceIndex)) restore(pieceIndex);
          break;
        case 4:
          if (availability[pieceIndex]! === 0 || random.below(4) === 0) {
            picker.onHave(pieceIndex);
            availability[pieceIndex]! += 1;
          } else {
            picker.onLost(pieceIndex);
            availability[pieceIndex]! -= 1;
          }
          break;
        case 5:
          for (let n = 1 + random.below(3); n > 0; n--) tell(peer, random.below(count) as PieceIndex);
          break;
        case 6: {
          const other = newPeer();
          peers[peers.indexOf(peer)] = other;
          // Of nothing, nothing is begun: from now on only what is new is looked at.
          if (random.below(4) === 0) break;
          pick(other);
          for (let n = random.below(5); n > 0; n--) tell(other, random.below(count) as PieceIndex);
          for (const one of all) if (!missing.has(one) && random.below(4) === 0) restore(one);
          pickNew(other);
          break;
        }
        case 7:
          suggest(peer);
          break;
        case 8:
          if (random.below(3) === 0) select();
          else picker.sequential = sequential = random.below(2) === 0;
          break;
        case 9:
          if (random.below(16) > 0 || !isCandidate) break;
          for (let n = joinedMax - 1 + random.below(3); n > 0; n--) {
            picker.remove(pieceIndex);
            missing.delete(pieceIndex);
            restore(pieceIndex);
          }
          break;
        default:
          if (peer.nothingAt === undefined) pick(peer);
          else pickNew(peer);
      }
      const left = candidates();
      agree('how many candidates there are', picker.candidateCount, left.length);
      for (const one of all) {
        agree('whether one is a candidate', picker.isCandidate(one), left.includes(one));
        agree('how many have one', picker.availability(one), availability[one]);
      }
    };
  },
};

/**
 * A random choice returns each of several equal pieces at some time. So does the choice of the first pieces
 * of a download.
 */
export const pickerChance: SteppedPart = {
  name: 'piece-picker, by chance',
  begin: (random) => () => {
    // It takes as long as many other steps.
    if (random.below(16) > 0) return;
    const count = 4 + random.below(4);
    const isNewcomer = random.below(2) === 0;
    const picker = new PiecePicker(
      new Geometry(count * 10, 10),
      () => true,
      isNewcomer ? 1 : 0,
      new Prng(random.next()),
    );
    // These pieces have different numbers of holders.
    for (let one = 0; isNewcomer && one < count; one++)
      for (let have = one; have > 0; have--) picker.onHave(one as PieceIndex);
    const found = new Set<PieceIndex | undefined>();
    // One that was begun and given up counts as not begun.
    for (let turn = 0; isNewcomer && turn < 3; turn++) {
      picker.remove(0 as PieceIndex);
      picker.restore(0 as PieceIndex);
    }
    for (let turn = 0; turn < 40 && found.size < 2; turn++) {
      if (!isNewcomer) picker.select(() => 4);
      found.add(picker.pick({ offers: () => true }));
    }
    agreeThat(found.size > 1, `of ${count} pieces it always begins the same one`);
  },
};

function newPeer(): Peer {
  const has = new Set<PieceIndex>();
  const news: PieceIndex[] = [];
  return {
    ...{ has, news, nothingAt: undefined, suggested: [] },
    get newsCount() {
      return news.length;
    },
    offers: (pieceIndex) => has.has(pieceIndex),
    newsAt: (place) => news[place]!,
  };
}
