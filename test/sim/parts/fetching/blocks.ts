/**
 * The blocks of a piece being fetched, for one piece after another. The model has for each block its state,
 * the copies under way, its current sender, and whose bytes are stored.
 */
import type { PeerRecord } from '../../../../client/engine/peers/peer-record.ts';
import {
  FetchingPiece,
  type PieceSource,
  type Sink,
} from '../../../../client/engine/pieces/fetching-piece.ts';
import type { Prng } from '../../../../client/engine/prng.ts';
import { Geometry, type PieceIndex } from '../../../../torrents/geometry.ts';
import { agree, agreeThat, type SteppedPart } from '../step.ts';
import { drawRecord, PaperMemory } from './papers.ts';

const blockBytes = 16 * 1024;

interface Block {
  readonly bytes: number;
  state: 'free' | 'asked' | 'received';
  copies: number;
  source: PeerRecord | undefined;
  asker: PieceSource | undefined;
  /** Whose bytes have to lie there when it is received; undefined: zeros of a pad. */
  content: Uint8Array | undefined;
}

interface Sending {
  readonly sink: Sink;
  readonly bytes: Uint8Array;
  readonly block: Block;
  /** The piece that it was opened for is still the one it was. */
  readonly isDirect: boolean;
}

class Model {
  readonly piece: FetchingPiece;
  readonly blocks: Block[];
  readonly sendings: Sending[] = [];
  hasBuffer = true;

  constructor(piece: FetchingPiece, bytes: number, dataBytes: number) {
    this.piece = piece;
    this.blocks = Array.from({ length: Math.floor((bytes + blockBytes - 1) / blockBytes) }, (_, i) => ({
      bytes: Math.min(blockBytes, bytes - i * blockBytes),
      // A block that lies in the pad is here.
      state: i * blockBytes >= dataBytes ? 'received' : 'free',
      ...{ copies: 0, source: undefined, asker: undefined, content: undefined },
    }));
  }

  count(state: Block['state']): number {
    return this.blocks.filter((block) => block.state === state).length;
  }
}

export const fetchingPiece: SteppedPart = {
  name: 'fetching-piece',
  begin(random) {
    const memory = new PaperMemory();
    const blockCount = 1 + random.below(4);
    const pieceBytes = blockCount * blockBytes - random.below(2) * random.below(blockBytes);
    const geometry = new Geometry(3 * pieceBytes - random.below(pieceBytes), pieceBytes);
    const records = [drawRecord(), drawRecord(), drawRecord()];
    const begin = (): Model => {
      const pieceIndex = random.below(3) as PieceIndex;
      const bytes = geometry.pieceBytes(pieceIndex);
      const dataBytes = random.below(3) === 0 ? 1 + random.below(bytes) : bytes;
      const piece = FetchingPiece.begin(pieceIndex, geometry, memory, dataBytes);
      agree('the index of the piece', piece.pieceIndex, pieceIndex);
      const marks = [piece.exclusiveTo, piece.owner, piece.ownedMs, piece.isStoring];
      agreeThat(!marks.some(Boolean), 'a new piece is marked by the one before');
      return new Model(piece, bytes, dataBytes);
    };
    let model = begin();
    /** Finished pieces of which a peer still sends a block. */
    let left: Model[] = [];
    const end = () => {
      const { piece } = model;
      if (piece.buffer !== undefined) memory.release(piece.buffer);
      piece.buffer = undefined;
      Object.assign(piece, { owner: memory, exclusiveTo: memory, ownedMs: 5, isStoring: true });
      model.hasBuffer = false;
      piece.release();
      left = [...left, model].filter(({ sendings }) => sendings.length > 0);
      model = begin();
      agree(
        'whether a piece that a peer still sends a block of is used anew',
        left.some((one) => one.piece === model.piece),
        false,
      );
    };
    return () => {
      const late = left.length > 0 && random.below(2) === 0 ? left[random.below(left.length)]! : model;
      const way = random.below(14);
      if (way < 8 || late !== model) send(late, records, memory, random);
      else askOrGiveBack(model, random);
      left = left.filter(({ sendings }) => sendings.length > 0);
      if (way === 13 && (model.count('received') === blockCount || random.below(4) === 0)) end();
      judge(model, memory);
      const asides = [model, ...left].flatMap(({ sendings }) => sendings.filter(({ isDirect }) => !isDirect));
      agree('memory that is in use', memory.outstanding, 1 + asides.length);
    };
  },
};

function askOrGiveBack(model: Model, random: Prng): void {
  const { piece, blocks } = model;
  const at = random.below(blocks.length);
  const block = blocks[at]!;
  switch (random.below(4)) {
    case 0:
    case 1: {
      const first = blocks.findIndex(({ state }) => state === 'free');
      agree('the first free block', piece.askFree(), first < 0 ? undefined : first);
      if (first >= 0) Object.assign(blocks[first]!, { state: 'asked', copies: 1 });
      break;
    }
    case 2:
      if (block.state !== 'asked') break;
      piece.askAgain(at);
      block.copies += 1;
      piece.askers[at] = block.asker = { record: drawRecord() };
      break;
    default:
      if (block.copies === 0) break;
      piece.giveBack(at);
      block.copies -= 1;
      if (block.copies === 0 && block.state === 'asked') block.state = 'free';
  }
}

/** A peer begins to send a block, sends more of it, or leaves in the middle of it. */
function send(model: Model, records: readonly PeerRecord[], memory: PaperMemory, random: Prng): void {
  const { piece, blocks, sendings } = model;
  const sending = sendings[random.below(Math.max(1, sendings.length))];
  if (sending === undefined || (sendings.length < 4 && random.below(3) === 0)) {
    const at = random.below(blocks.length);
    const block = blocks[at]!;
    const sink = piece.openSink(at);
    const isOfUse = model.hasBuffer && block.state !== 'received';
    agree('whether a block is of use', sink !== undefined, isOfUse);
    if (sink === undefined) return;
    const isDirect = !sendings.some((one) => one.block === block && one.isDirect);
    agree('whether it is put together aside', sink.aside === undefined, isDirect);
    agree('the size of a block', sink.blockBytes, block.bytes);
    sendings.push({ sink, bytes: new Uint8Array(0), block, isDirect });
    return;
  }
  const { sink, bytes, block } = sending;
  const rest = block.bytes - sink.got;
  if (random.below(8) === 0) {
    piece.closeSink(sink);
    sendings.splice(sendings.indexOf(sending), 1);
    return;
  }
  const size = random.below(3) === 0 ? random.below(rest) : rest;
  piece.write(sink, bytes, sink.got, sink.got + size);
  if (size < rest) return;
  const isWanted = model.hasBuffer && block.state !== 'received';
  const source = records[random.below(records.length)]!;
  sendings.splice(sendings.indexOf(sending), 1);
  agree('whether a whole block is of use', piece.receive(sink, source), isWanted);
  if (!isWanted) return;
  Object.assign(block, { state: 'received', source, content: bytes });
  // Its first and last byte, and one in between.
  const begin = blocks.indexOf(block) * blockBytes;
  for (const place of [0, random.below(block.bytes), block.bytes - 1]) {
    const [by, which] = memory.at(piece.buffer!, begin + place);
    agreeThat(by === bytes && which === place, 'another byte lies in a block');
  }
}

function judge(model: Model, memory: PaperMemory): void {
  const { piece, blocks } = model;
  agree('its blocks', piece.blockCount, blocks.length);
  agree('its free blocks', piece.freeCount, model.count('free'));
  agree('its blocks that are here', piece.receivedCount, model.count('received'));
  agree('whether it is complete', piece.isComplete, model.count('received') === blocks.length);
  let bytes = 0;
  for (const [at, block] of blocks.entries()) {
    agree('the bytes of a block', piece.blockBytes(at), block.bytes);
    agree('whether a block is here', piece.isReceived(at), block.state === 'received');
    agree('the copies of a block', piece.copies(at), block.copies);
    agreeThat(piece.sources[at] === block.source, 'another peer is said to have sent a block');
    agreeThat(piece.askers[at] === block.asker, 'another peer is said to have been asked');
    if (block.source !== undefined) bytes += block.bytes;
    if (block.state !== 'received') continue;
    const [by, which] = memory.at(piece.buffer!, at * blockBytes + block.bytes - 1);
    const isRight = block.source === undefined ? by !== undefined : by === block.content;
    agreeThat(isRight && which === block.bytes - 1, 'what lies there is not what was sent');
  }
  agree('the bytes that peers have sent', piece.receivedBytes, bytes);
}
