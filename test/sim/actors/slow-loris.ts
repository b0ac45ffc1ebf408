/**
 * Slow-loris: holds a connection and sends as slowly as it can without being silent. Attacks timeouts that
 * any byte resets, and peers that wait for a piece which one peer has begun to send.
 */
import { encodeHandshake } from '../../../client/wire/handshake.ts';
import { encodePieceHeader } from '../../../client/wire/message.ts';
import { pick } from './choice.ts';
import type { Line } from './line.ts';
import type { Puppet, Script } from './puppet.ts';

/** What it does too slowly: the handshake, a block, or everything (it sends nothing at all). */
export const slowParts = ['handshake', 'block', 'everything'] as const;

export interface SlowLorisOptions {
  readonly part?: (typeof slowParts)[number];
  readonly byteMs?: number;
}

/** One byte a second: a handshake takes more than a minute, a block four and a half hours. */
const defaultByteMs = 1_000;

export function slowLoris(options: SlowLorisOptions = {}): Script {
  return (puppet) => {
    const { random, torrent, peerId } = puppet.stage;
    const part = options.part ?? pick(slowParts, random);
    const byteMs = options.byteMs ?? defaultByteMs;
    const handshake = encodeHandshake({ infoHash: torrent.infoHash, peerId, fast: true, extended: true });
    if (part === 'handshake') {
      return {
        dials: true,
        onConnected: (line) => trickle(puppet, line, handshake, byteMs),
        // On incoming connections it sends nothing. The peer that dialed must time out on its own.
        onHandshake: () => {},
      };
    }
    // It sends nothing until the peer closes the connection.
    if (part === 'everything') return { dials: true, onConnected: () => {}, onHandshake: () => {} };
    const busy = new Set<Line>();
    return {
      dials: true,
      onOpen: (line) => line.offerEverything(),
      onMessage(line, message) {
        if (message.type !== 'request' || busy.has(line)) return;
        const block = torrent.geometry.block(message.index, message.begin, message.length);
        if (block === undefined) return;
        busy.add(line);
        line.sendBytes(encodePieceHeader(block.pieceIndex, block.begin, block.bytes));
        trickle(puppet, line, torrent.payload(block, true).slice(), byteMs);
      },
      onClosed: (line) => busy.delete(line),
    };
  };
}

/** Sends one byte every `byteMs` until all are sent. */
function trickle(puppet: Puppet, line: Line, bytes: Uint8Array, byteMs: number): void {
  let at = 0;
  const next = () => {
    if (!line.isOpen || at === bytes.length) return;
    line.sendBytes(bytes.slice(at, ++at));
    puppet.after(byteMs, next);
  };
  next();
}
