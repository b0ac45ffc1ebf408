/** Deliberate bugs in uploading: slots, requests of peers, and unflushed bytes. */
import { engine, type Mutant } from './mutant.ts';

export const serving: readonly Mutant[] = [
  {
    name: 'a missing piece is served',
    file: engine('serving/block-server'),
    from: 'session.amChoking || !this.#has(pieceIndex) ||',
    to: 'session.amChoking ||',
  },
  {
    name: 'no peer is unchoked',
    file: engine('serving/choker'),
    from: '    session.setChoking(false);\n',
    to: '',
  },
  {
    name: 'choked peers are served',
    file: engine('serving/block-server'),
    from: 'if (session.amChoking || !this.#has',
    to: 'if (!this.#has',
  },
  {
    name: 'one peer over the slots is unchoked',
    file: engine('serving/choker'),
    from: 'if (this.#served.size >= this.#slots) return;',
    to: 'if (this.#served.size > this.#slots) return;',
  },
  {
    name: 'unflushed bytes are counted too low',
    file: engine('serving/upload-queue'),
    from: 'this.#unflushedBytes += bytes;',
    to: 'this.#unflushedBytes += bytes & ~15;',
  },
  {
    name: 'an unreadable block gets no reject',
    file: engine('serving/block-server'),
    from: '      this.#unreadable.add(block.pieceIndex);\n      session.sendReject(block);\n',
    to: '      this.#unreadable.add(block.pieceIndex);\n',
  },
];
