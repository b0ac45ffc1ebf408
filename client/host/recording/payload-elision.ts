/**
 * A peer's stream without the payload of its blocks; the rest is all that decisions depend on. The engine's
 * own decoder tells which bytes are payload, so that both always agree.
 *
 * Invariant: bytes that cannot be classified are kept.
 */
import { WireDecoder, type WireHandler } from '../../wire/decoder.ts';
import { base64, type RecordedBytes } from './recorded-fact.ts';

/** The bitfield of a torrent with 2^22 pieces, the most that torrents/ accepts. */
const bitfieldBytesMax = 512 * 1024;

/** One per connection. */
export class PayloadElision {
  readonly #decoder = new WireDecoder();
  readonly #finder = new PayloadFinder();
  /** The stream is invalid: the engine closes the connection. */
  #isLost = false;

  constructor() {
    this.#decoder.expectBitfieldBytes(0, bitfieldBytesMax);
  }

  /** Takes the next bytes[0, count) of the stream. */
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

/** Finds the payload in the bytes that the decoder is fed. */
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
