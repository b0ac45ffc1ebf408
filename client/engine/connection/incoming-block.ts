/** The block that a peer is sending. Its bytes arrive in several reads of the socket. */
import type { Block } from '../../../torrents/geometry.ts';
import type { Sink } from '../pieces/fetching-piece.ts';

export class IncomingBlock {
  #block: Block | undefined;
  #sink: Sink | undefined;

  /** Without a sink the bytes are dropped: we no longer need the block. */
  begin(block: Block, sink: Sink | undefined): void {
    this.#block = block;
    this.#sink = sink;
  }

  /** bytes[from, to) are borrowed. */
  write(bytes: Uint8Array, from: number, to: number): void {
    this.#sink?.piece.write(this.#sink, bytes, from, to);
  }

  /** All bytes of the block have arrived. */
  finish(): { readonly block: Block; readonly sink: Sink | undefined } | undefined {
    const block = this.#block;
    const sink = this.#sink;
    this.#block = undefined;
    this.#sink = undefined;
    return block === undefined ? undefined : { block, sink };
  }

  /** The connection ended in the middle of the block. */
  abort(): void {
    if (this.#sink !== undefined) this.#sink.piece.closeSink(this.#sink);
    this.#sink = undefined;
  }
}
