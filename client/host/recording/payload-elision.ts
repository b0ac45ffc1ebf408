/**
 * The stream of a peer without the payload of its blocks: what is left is all that is decided by. The decoder of the
 * engine itself says which bytes are which, so that both always agree.
 *
 * Invariant: what cannot be told apart is kept.
 */
import { WireDecoder, type WireHandler } from '../../wire/decoder.ts';
import { base64, type RecordedBytes } from './recorded-fact.ts';

/** A torrent of 2^22 pieces, the most that torrents/ takes, has a bitfield of so many bytes. */
const bitfieldBytesMax = 512 * 1024;

/** One for each connection. */
export class PayloadElision {
  readonly #decoder = new WireDecoder();
  readonly #finder = new PayloadFinder();
  /** The engine has closed by now, or is about to. */
  #isLost = false;

  constructor() {
    this.#decoder.expectBitfieldBytes(0, bitfieldBytesMax);
  }

  /** The next bytes[0, count) of the stream. */
  elide(bytes: Uint8Array, count: number): RecordedBytes {
    const { runs } = this.#finder;
    runs.length = 0;
    if (!this.#isLost) this.#isLost = this.#decoder.feed(bytes, count, this.#finder) !== undefined;
    const recorded: (string | number)[] = [];
    let at = 0;
    for (const [from, to] of runs) {
      if (from > at) recorded.push(base64(bytes, at, from));
      recorded.push(to - from);
      at = to;
    }
    if (at < count) recorded.push(base64(bytes, at, count));
    return recorded;
  }
}

/** Where payload lies in the bytes that are being fed. */
class PayloadFinder implements WireHandler<never> {
  readonly runs: (readonly [number, number])[] = [];

  onBlockBytes(_: Uint8Array, from: number, to: number): undefined {
    this.runs.push([from, to]);
  }

  onHandshake(): undefined {}
  onMessage(): undefined {}
  onBlockStart(): undefined {}
  onBlockEnd(): undefined {}
}
