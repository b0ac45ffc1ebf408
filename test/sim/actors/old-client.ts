/**
 * Old client: a correct BEP 3 peer that lacks the fast extension, the extension protocol or both. It serves
 * every peer, and requests a few blocks at a time. It is not hostile: peers must not send it messages of
 * extensions that it lacks.                                                                        BEP 3 6 10
 */
import { blockBytesMax } from '../../../torrents/geometry.ts';
import type { Line, Spoken } from './line.ts';
import type { Script } from './puppet.ts';

export interface OldClientOptions {
  readonly speaks?: Spoken;
  /** Whether it starts with all pieces or with none. */
  readonly isSeed?: boolean;
}

/** Outstanding requests to one peer. */
const requestsMax = 5;
/** Longest request queue that it advertises (`reqq`). Old µTorrent versions had queues of a handful. */
const queueMax = 8;
const keepAliveMs = 60_000;

export function oldClient(options: OldClientOptions = {}): Script {
  return (puppet) => {
    const { random, torrent } = puppet.stage;
    const { geometry } = torrent;
    const { blocksPerPiece, pieceCount } = geometry;
    const kinds = [
      { fast: false, extended: false },
      { fast: false, extended: true },
      { fast: true, extended: false },
    ];
    const speaks = options.speaks ?? kinds[random.below(kinds.length)]!;
    const isSeed = options.isSeed ?? random.below(3) === 0;
    const reqq = 1 + random.below(queueMax);
    const has = new Set<number>(isSeed ? geometry.pieces() : []);
    /** Blocks received or requested, by key, and how many blocks of each piece are received. */
    const taken = new Set<number>();
    const received = new Uint16Array(pieceCount);
    const asked = new WeakMap<Line, Set<number>>();
    const askedOf = (line: Line) => {
      const own = asked.get(line) ?? new Set<number>();
      asked.set(line, own);
      return own;
    };
    const forget = (line: Line) => {
      for (const key of askedOf(line)) taken.delete(key);
      askedOf(line).clear();
    };
    const ask = (line: Line) => {
      const own = askedOf(line);
      if (line.peerChoking || has.size === pieceCount) return;
      line.say((writer) => {
        const first = random.below(pieceCount);
        for (let n = 0; n < pieceCount && own.size < requestsMax; n++) {
          const pieceIndex = geometry.pieceIndex((first + n) % pieceCount)!;
          if (has.has(pieceIndex) || !line.has(pieceIndex)) continue;
          for (let i = 0; i < geometry.blockCount(pieceIndex) && own.size < requestsMax; i++) {
            const key = pieceIndex * blocksPerPiece + i;
            if (taken.has(key)) continue;
            taken.add(key);
            own.add(key);
            writer.request(pieceIndex, i * blockBytesMax, geometry.blockBytes(pieceIndex, i));
          }
        }
      });
    };
    const live = (line: Line) => {
      if (!line.isOpen) return;
      line.say((writer) => writer.keepAlive());
      puppet.after(keepAliveMs, () => live(line));
    };
    const isFast = (line: Line) => speaks.fast && line.handshake?.fast === true;
    return {
      dials: true,
      onConnected: (line) => (line.incoming ? undefined : line.shakeHands(undefined, speaks)),
      onHandshake: (line) => (line.hasShaken ? undefined : line.shakeHands(undefined, speaks)),
      onOpen(line) {
        line.amChoking = false;
        line.say((writer) => {
          if (has.size > 0) writer.bitfield(bitsOf(has, pieceCount));
          else if (isFast(line)) writer.haveNone();
          writer.unchoke();
          if (has.size < pieceCount) writer.interested();
        });
        if (speaks.extended && line.handshake?.extended) line.introduce(undefined, reqq);
        puppet.after(keepAliveMs, () => live(line));
      },
      onMessage(line, message) {
        switch (message.type) {
          case 'choke':
            return forget(line);
          case 'unchoke':
          case 'have':
            return ask(line);
          case 'reject': {
            const key = message.index * blocksPerPiece + message.begin / blockBytesMax;
            if (askedOf(line).delete(key)) taken.delete(key);
            return;
          }
          case 'request': {
            const block = geometry.block(message.index, message.begin, message.length);
            if (block !== undefined && has.has(block.pieceIndex)) line.sendBlock(block, true);
            else if (isFast(line))
              line.say((writer) => writer.reject(message.index, message.begin, message.length));
          }
        }
      },
      onBlock(line, index, begin) {
        if (!askedOf(line).delete(index * blocksPerPiece + begin / blockBytesMax)) return;
        received[index]! += 1;
        if (received[index] === geometry.blockCount(geometry.pieceIndex(index)!)) {
          has.add(index);
          for (const other of puppet.lines) if (other.hasShaken) other.say((writer) => writer.have(index));
        }
        ask(line);
      },
      onClosed: forget,
    };
  };
}

function bitsOf(has: ReadonlySet<number>, pieceCount: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(pieceCount / 8));
  for (const pieceIndex of has) bits[pieceIndex >> 3]! |= 0x80 >> (pieceIndex & 7);
  return bits;
}
