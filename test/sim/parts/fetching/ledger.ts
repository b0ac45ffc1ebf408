/**
 * Which pieces are stored, under way and wanted. The model has one word for the state of each piece, and adds
 * up the bytes of all pieces.
 */
import type { PieceBuffer } from '../../../../client/engine/contract.ts';
import type { FetchingPiece } from '../../../../client/engine/pieces/fetching-piece.ts';
import { PieceLedger } from '../../../../client/engine/pieces/piece-ledger.ts';
import { PieceSelection } from '../../../../client/engine/pieces/piece-selection.ts';
import type { Prng } from '../../../../client/engine/prng.ts';
import { Geometry, type PieceIndex } from '../../../../torrents/geometry.ts';
import { agree, agreeOnAll, type SteppedPart } from '../step.ts';
import { drawRecord, PaperMemory } from './papers.ts';

type State = 'missing' | 'fetching' | 'storing' | 'have';
const blockBytes = 16 * 1024;

/** What the torrent is. */
interface Torrent {
  readonly geometry: Geometry;
  readonly all: readonly PieceIndex[];
  /** Bytes without pads. */
  readonly data: readonly number[];
  readonly pads: ReadonlyMap<PieceIndex, number> | undefined;
}

export const ledgerAndSelection: SteppedPart = {
  name: 'piece-ledger and piece-selection',
  begin(random) {
    const { geometry, all, data, pads } = drawTorrent(random);
    const states: State[] = all.map(() => (random.below(4) === 0 ? 'have' : 'missing'));
    if (random.below(8) === 0) states.fill('have');
    const beganWhole = states.every((state) => state === 'have');
    const memory = new PaperMemory();
    const elsewhere = random.below(100);
    const budget = { pieceBytes: elsewhere };
    const have = random.below(4) > 0 || states.includes('have') ? startBits(states, random) : undefined;
    const spec = { ...(have && { have }), ...(pads && { dataBytes: pads }) };
    const ledger = new PieceLedger(geometry, memory, budget, spec);
    let priorities = drawPriorities(random, all.length);
    const selection = new PieceSelection(ledger, priorities);
    /** Buffers handed to the disk, which releases them. */
    const given: PieceBuffer[] = [];
    const where = (...wanted: State[]) => all.filter((one) => wanted.includes(states[one]!));
    const bytesOf = (pieces: readonly PieceIndex[]) => pieces.reduce((sum, one) => sum + data[one]!, 0);
    const finish = (piece: FetchingPiece) => {
      fillUp(piece, random);
      states[piece.pieceIndex] = 'storing';
      given.push(ledger.finish(piece));
    };
    return () => {
      const pieceIndex = random.below(all.length) as PieceIndex;
      const state = states[pieceIndex]!;
      const wish = random.below(12);
      if (wish === 0) {
        priorities = drawPriorities(random, all.length);
        selection.choose(priorities);
      } else if (wish === 1 && random.below(4) === 0) {
        ledger.abandonAll();
        for (const one of where('fetching', 'storing')) states[one] = 'missing';
      } else if (state === 'missing') {
        const piece = ledger.begin(pieceIndex);
        agree('the piece that is begun', piece.pieceIndex, pieceIndex);
        states[pieceIndex] = 'fetching';
      } else if (state === 'fetching') {
        const piece = ledger.fetching(pieceIndex)!;
        if (random.below(3) > 0) finish(piece);
        else {
          ledger.abandon(piece);
          states[pieceIndex] = 'missing';
        }
      } else if (state === 'storing') {
        const isStored = random.below(3) > 0;
        const piece = isStored ? ledger.stored(pieceIndex) : ledger.failed(pieceIndex);
        agree('the piece that was stored', piece.pieceIndex, pieceIndex);
        states[pieceIndex] = isStored ? 'have' : 'missing';
        if (isStored) selection.onStored(pieceIndex);
        if (random.below(2) === 0) piece.release();
      } else if (random.below(3) === 0) {
        ledger.lost(pieceIndex);
        states[pieceIndex] = 'missing';
        selection.onLost(pieceIndex);
      }
      while (given.length > 0) memory.release(given.pop()!);

      const has = where('have');
      agree('what it is in all', ledger.totalBytes, bytesOf(all));
      agree('how many it has', ledger.haveCount, has.length);
      agree('whether it has all', ledger.hasAll, has.length === all.length);
      agree('whether it began whole', ledger.beganWhole, beganWhole);
      agree('the bytes it has', ledger.haveBytes, bytesOf(has));
      agree('the bytes that are left', ledger.leftBytes, bytesOf(all) - bytesOf(has));
      agreeOnAll('its bits', ledger.haveBits(), bitsOf(has, all.length));
      // The rest stays as it is until it is looked at.
      if (random.below(3) > 0) return;
      for (const one of all) {
        const is = states[one];
        agree('whether it has one', ledger.has(one), is === 'have');
        agree('whether one is missing', ledger.isMissing(one), is === 'missing');
        agree('whether one is fetched', ledger.fetching(one)?.pieceIndex === one, is === 'fetching');
        agree('whether one is being stored', ledger.storing(one)?.pieceIndex === one, is === 'storing');
        agree('the bytes of one', ledger.dataBytes(one), data[one]);
      }
      const [fetching, storing] = [where('fetching'), where('storing')];
      agreeOnAll('those it fetches', ledger.fetchingPieces.map(indexOf), fetching);
      agreeOnAll('those being stored', ledger.storingPieces.map(indexOf), storing);
      agree('how many it fetches', ledger.fetchingCount, fetching.length);
      const underWay = [...fetching, ...storing].reduce((sum, one) => sum + geometry.pieceBytes(one), 0);
      agree('the memory of pieces', budget.pieceBytes, elsewhere + underWay);
      agree('pieces in memory', memory.outstanding, fetching.length);

      const wants = all.filter((one) => priorities === undefined || priorities[one] !== 0);
      const lacks = wants.filter((one) => states[one] !== 'have');
      agree('the bytes that are wanted', selection.wantedBytes, bytesOf(wants));
      const haveWanted = wants.filter((one) => states[one] === 'have');
      agree('the wanted bytes it has', selection.haveWantedBytes, bytesOf(haveWanted));
      agree('how many are lacking', selection.missingCount, lacks.length);
      agree('whether all is here', selection.isComplete, lacks.length === 0);
      agreeOnAll('the bits of what is lacking', selection.lackedBits(), bitsOf(lacks, all.length));
      agree('whether it wants one', selection.wants(pieceIndex), wants.includes(pieceIndex));
      agree('whether it lacks one', selection.lacks(pieceIndex), lacks.includes(pieceIndex));
      const chosen = priorities?.[pieceIndex] ?? 4;
      agree('the priority of one', selection.priority(pieceIndex), chosen > 7 ? 7 : chosen);
    };
  },
};

/** Every block comes from a peer, except those inside pads, which count as received. */
function fillUp(piece: FetchingPiece, random: Prng): void {
  const source = drawRecord();
  for (let block = 0; block < piece.blockCount; block++) {
    if (piece.isReceived(block)) continue;
    if (random.below(2) === 0) piece.askFree();
    const sink = piece.openSink(block)!;
    sink.got = sink.blockBytes;
    piece.receive(sink, source);
  }
}

function drawTorrent(random: Prng): Torrent {
  const pieceLength = [10, 10, 2 * blockBytes][random.below(3)]!;
  const count = 1 + random.below(10);
  const all = Array.from({ length: count }, (_, i) => i as PieceIndex);
  const way = random.below(3);
  const last = 1 + random.below(pieceLength);
  const whole = (count - 1) * pieceLength + last;
  const bytes = all.map((one) => (one === count - 1 ? last : pieceLength));
  if (way === 0) return { geometry: new Geometry(whole, pieceLength), all, data: bytes, pads: undefined };
  // Shorter than the others: for a pad at the end, or because a file ends there.
  const data = bytes.map((size) => (random.below(2) === 0 ? size : 1 + random.below(size)));
  const shorter = new Map(all.filter((one) => data[one]! < pieceLength).map((one) => [one, data[one]!]));
  if (way === 1) return { geometry: new Geometry(whole, pieceLength), all, data, pads: shorter };
  return { geometry: new Geometry(whole, pieceLength, shorter), all, data, pads: undefined };
}

/** Undefined: everything alike. Hosts may say any byte. */
function drawPriorities(random: Prng, count: number): Uint8Array | undefined {
  if (random.below(3) === 0) return undefined;
  return Uint8Array.from({ length: count }, () => [0, 0, 1, 4, 7, 255][random.below(6)]!);
}

/** Spare bits and bytes are anything. */
function startBits(states: readonly State[], random: Prng): Uint8Array {
  const has = states.flatMap((state, i) => (state === 'have' ? [i] : []));
  const bits = bitsOf(has, states.length + 8 * random.below(2));
  for (let i = states.length; i < 8 * bits.length; i++)
    if (random.below(2) === 0) bits[Math.floor(i / 8)]! |= 2 ** (7 - (i % 8));
  return bits;
}

function bitsOf(pieces: readonly number[], count: number): Uint8Array {
  const bits = new Uint8Array(Math.floor((count + 7) / 8));
  for (const one of pieces) bits[Math.floor(one / 8)]! += 2 ** (7 - (one % 8));
  return bits;
}

function indexOf({ pieceIndex }: FetchingPiece): PieceIndex {
  return pieceIndex;
}
