/** Deliberate bugs in sessions. The runs of test/sim/session find them. */
import type { Mutant } from './mutant.ts';

const isOfSession = true;

export const sessions: readonly Mutant[] = [
  {
    name: 'session: a change during a step is forgotten',
    file: 'client/session/transfers/step-loop.ts',
    from: 'step !== undefined; step = this.#ports.next()) {',
    to: 'step !== undefined; step = undefined) {',
    isOfSession,
  },
  {
    name: 'session: a change during a write is not written',
    file: 'client/session/list/list-keeper.ts',
    from: '      } else await asPromise(this.#list.saving(savedTransfer(transfer), this.#generationOf(id)));\n',
    to: '      } else await asPromise(this.#list.saving(savedTransfer(transfer), this.#generationOf(id)));\n      this.#changed.delete(id);\n',
    isOfSession,
  },
  {
    name: 'session: one torrent too many runs',
    file: 'client/session/queue.ts',
    from: 'if (left > 0) turns.add(one);',
    to: 'if (left >= 0) turns.add(one);',
    isOfSession,
  },
  {
    name: 'session: files are moved while a torrent runs',
    file: 'client/session/transfers/next-step.ts',
    from: "if (now.isRunning) return mustRest ? 'stop' : undefined;",
    to: "if (now.isRunning && !now.isToMove) return mustRest ? 'stop' : undefined;",
    isOfSession,
  },
  {
    name: 'session: the list forgets where files are to be moved',
    file: 'client/session/transfers/transfer.ts',
    from: '    let next = place;\n',
    to: '    this.current = { ...this.current, moveInto: undefined };\n    let next = place;\n',
    isOfSession,
  },
  {
    name: "session: the list's folder is not fsynced",
    file: 'client/session/list/saved-list.ts',
    from: '      yield* this.#force(this.#folder);\n      // Once, the folders above',
    to: '      // Once, the folders above',
    isOfSession,
  },
  {
    name: 'session: an unreadable list counts as empty',
    file: 'client/session/list/saved-list.ts',
    from: "    if (codeOf(error) === 'ENOENT') return undefined;\n    throw error;\n",
    to: '    return undefined;\n',
    isOfSession,
  },
  {
    name: 'session: the list forgets which files of a link are wanted',
    file: 'client/session/list/saved-transfer.ts',
    from: "if (typeof choice !== 'function') return choice;",
    to: "if (typeof choice !== 'function') return 'lost';",
    isOfSession,
  },
  {
    name: 'session: it closes during a step',
    file: 'client/session/session.ts',
    from: '    await Promise.all(this.#transfers.map((transfer) => transfer.settled()));\n',
    to: '',
    isOfSession,
  },
  {
    name: 'session: completed is reported at every start',
    file: 'client/session/transfers/transfer.ts',
    from: "if (isNews) this.#world.emit(this, { type: 'completed' });",
    to: "this.#world.emit(this, { type: 'completed' });",
    isOfSession,
  },
];
