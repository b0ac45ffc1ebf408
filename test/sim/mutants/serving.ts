/**
 * Deliberate bugs in what is given to others: slots, requests of theirs, and what they leave unread.
 */
import { engine, type Mutant } from './mutant.ts';

export const serving: readonly Mutant[] = [
  {
    name: 'serve a piece that is not here',
    file: engine('serving/block-server'),
    from: 'session.amChoking || !this.#has(pieceIndex) ||',
    to: 'session.amChoking ||',
  },
  {
    name: 'never unchoke',
    file: engine('serving/choker'),
    from: '    session.setChoking(false);\n',
    to: '',
  },
  {
    name: 'serve whom we choke',
    file: engine('serving/block-server'),
    from: 'if (session.amChoking || !this.#has',
    to: 'if (!this.#has',
  },
  {
    name: 'serve more peers than there are slots',
    file: engine('serving/choker'),
    from: 'if (this.#served.size >= this.#slots) return;',
    to: 'if (this.#served.size > this.#slots) return;',
  },
  {
    name: 'lose count of what is unread',
    file: engine('serving/upload-queue'),
    from: 'this.#unflushedBytes += bytes;',
    to: 'this.#unflushedBytes += bytes & ~15;',
  },
  {
    name: 'forget to refuse what cannot be read',
    file: engine('serving/block-server'),
    from: '      this.#unreadable.add(block.pieceIndex);\n      session.sendReject(block);\n',
    to: '      this.#unreadable.add(block.pieceIndex);\n',
  },
];
