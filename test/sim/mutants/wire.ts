/** Deliberate bugs in the wire protocol: lengths, message numbers, and illegal messages. */
import type { Mutant } from './mutant.ts';

export const wire: readonly Mutant[] = [
  {
    name: 'have-none is written as have-all',
    file: 'client/wire/message.ts',
    from: 'this.#header(1, messageId.haveNone);',
    to: 'this.#header(1, messageId.haveAll);',
  },
  {
    name: 'reject has another message number, both ways',
    file: 'client/wire/message.ts',
    from: '  reject: 16,\n',
    to: '  reject: 18,\n',
  },
  {
    name: 'a block one byte too long is accepted',
    file: 'client/wire/decoder.ts',
    from: 'if (length - 9 > blockPayloadBytesMax)',
    to: 'if (length - 10 > blockPayloadBytesMax)',
  },
  {
    name: 'messages that are too long are accepted',
    file: 'client/wire/decoder.ts',
    from: 'if (body > unknownBytesMax)',
    to: 'if (body > 2 * unknownBytesMax)',
  },
  {
    name: 'an empty block is accepted',
    file: 'client/wire/decoder.ts',
    from: 'if (length <= 9)',
    to: 'if (length < 9)',
  },
  {
    name: 'a spare bit of a bitfield is accepted',
    file: 'client/engine/connection/peer-pieces.ts',
    from: '(bits.at(-1)! & ((1 << spareCount) - 1)) !== 0',
    to: '(bits.at(-1)! & ((1 << spareCount) - 2)) !== 0',
  },
  {
    name: 'fast messages are accepted without the extension',
    file: 'client/engine/connection/peer-session.ts',
    from: "if (!this.fast) return 'fast-without-handshake';\n        return this.#onPieces(",
    to: 'return this.#onPieces(',
  },
  {
    name: 'a request beyond the end of a piece is served',
    file: 'torrents/geometry.ts',
    from: 'if (untrustedBegin + untrustedBytes > this.pieceSpan(pieceIndex)) return undefined;',
    to: 'if (untrustedBegin + untrustedBytes > this.pieceSpan(pieceIndex) + 1) return undefined;',
  },
  {
    name: 'a long turn is sent in a pooled buffer',
    file: 'client/wire/message.ts',
    from: 'const taken = copyOf(this.#bytes, this.#length);',
    to: `const taken =
      this.#length > bufferBytes / 2 ? this.#bytes.subarray(0, this.#length) : copyOf(this.#bytes, this.#length);`,
  },
  {
    name: 'the buffer of a long message is kept',
    file: 'client/wire/decoder.ts',
    from: 'if (this.#held.length > smallBodyBytes && bytes',
    to: 'if (this.#held.length > 16 * 1024 && bytes',
  },
  {
    name: 'a split message length is misread',
    file: 'client/wire/decoder.ts',
    from: "this.#state === 'length' && this.#heldCount === 0 && count",
    to: "this.#state === 'length' && count",
  },
  {
    name: 'a slab that is being sent is reused',
    file: 'client/wire/message.ts',
    from: '    slab = new ArrayBuffer(slabBytes);\n    slabUsed = 0;\n  }\n  slabUsed',
    to: '    slabUsed = 0;\n  }\n  slabUsed',
  },
  {
    name: 'a bitfield is passed on in borrowed bytes',
    file: 'client/wire/message-body.ts',
    from: 'bits: bytes.slice(at, at + count)',
    to: 'bits: bytes.subarray(at, at + count)',
  },
  {
    name: 'long unknown messages cost as little as short ones',
    file: 'client/engine/connection/peer-session.ts',
    from: 'return this.#spend(1 + (bytes >> 10));',
    to: 'return this.#spend(1);',
  },
];
