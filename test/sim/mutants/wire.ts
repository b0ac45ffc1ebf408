/**
 * Deliberate bugs in the wire: lengths, numbers, and what nobody may say.
 */
import type { Mutant } from './mutant.ts';

export const wire: readonly Mutant[] = [
  {
    name: 'write have-none as have-all',
    file: 'client/wire/message.ts',
    from: 'this.#header(1, messageId.haveNone);',
    to: 'this.#header(1, messageId.haveAll);',
  },
  {
    name: 'call rejects by another number (both ways)',
    file: 'client/wire/message.ts',
    from: '  reject: 16,\n',
    to: '  reject: 18,\n',
  },
  {
    name: 'take a block of one byte too many',
    file: 'client/wire/decoder.ts',
    from: 'if (length - 9 > blockPayloadBytesMax)',
    to: 'if (length - 10 > blockPayloadBytesMax)',
  },
  {
    name: 'take messages that are too long',
    file: 'client/wire/decoder.ts',
    from: 'if (body > unknownBytesMax)',
    to: 'if (body > 2 * unknownBytesMax)',
  },
  {
    name: 'take a block without a byte',
    file: 'client/wire/decoder.ts',
    from: 'if (length <= 9)',
    to: 'if (length < 9)',
  },
  {
    name: 'take spare bits of a bitfield',
    file: 'client/engine/connection/peer-pieces.ts',
    from: '(bits.at(-1)! & ((1 << spareCount) - 1)) !== 0',
    to: '(bits.at(-1)! & ((1 << spareCount) - 2)) !== 0',
  },
  {
    name: 'take fast messages of those that do not speak them',
    file: 'client/engine/connection/peer-session.ts',
    from: "if (!this.fast) return 'fast-without-handshake';\n        return this.#onPieces(",
    to: 'return this.#onPieces(',
  },
  {
    name: 'serve beyond the end of a piece',
    file: 'torrents/geometry.ts',
    from: 'if (untrustedBegin + untrustedBytes > this.pieceSpan(pieceIndex)) return undefined;',
    to: 'if (untrustedBegin + untrustedBytes > this.pieceSpan(pieceIndex) + 1) return undefined;',
  },
  {
    name: 'send a long turn in the buffer that goes back to the pool',
    file: 'client/wire/message.ts',
    from: 'const taken = copyOf(this.#bytes, this.#length);',
    to: `const taken =
      this.#length > bufferBytes / 2 ? this.#bytes.subarray(0, this.#length) : copyOf(this.#bytes, this.#length);`,
  },
  {
    name: 'keep the buffer of a long message',
    file: 'client/wire/decoder.ts',
    from: 'if (this.#held.length > smallBodyBytes && bytes',
    to: 'if (this.#held.length > 16 * 1024 && bytes',
  },
  {
    name: 'read a length where the rest of one lies',
    file: 'client/wire/decoder.ts',
    from: "this.#state === 'length' && this.#heldCount === 0 && count",
    to: "this.#state === 'length' && count",
  },
  {
    name: 'write into the slab that is on its way',
    file: 'client/wire/message.ts',
    from: '    slab = new ArrayBuffer(slabBytes);\n    slabUsed = 0;\n  }\n  slabUsed',
    to: '    slabUsed = 0;\n  }\n  slabUsed',
  },
  {
    name: 'show a bitfield in borrowed bytes',
    file: 'client/wire/message-body.ts',
    from: 'bits: bytes.slice(at, at + count)',
    to: 'bits: bytes.subarray(at, at + count)',
  },
  {
    name: 'let a peer send unknown messages for little',
    file: 'client/engine/connection/peer-session.ts',
    from: 'return this.#spend(1 + (bytes >> 10));',
    to: 'return this.#spend(1);',
  },
];
