/** Bugs in the tables of connections: who has a seat, who makes room, and what is half-open. */
import { engine, type Mutant } from './mutant.ts';

export const seats: readonly Mutant[] = [
  {
    name: 'refuse newcomers as long as the table is full',
    file: engine('peers/connection-table'),
    from: '  return shares.isFairer(newcomer, seat) || hasHadItsTime(newcomer.replaces, seat, grace, nowMs);',
    to: '  return shares.isFairer(newcomer, seat) && seat.sinceMs > nowMs;',
  },
  {
    name: 'let a useful peer go for a newcomer',
    file: engine('peers/connection-table'),
    from: '  if (isUseful(seat)) return false;\n  return shares',
    to: '  return shares',
  },
  {
    name: 'take a keep-alive for a trade',
    file: engine('peers/seat-standing'),
    from: 'Math.max(uploads.takenMs, pipeline.deliveredMs)',
    to: 'Math.max(session.heardMs, uploads.takenMs, pipeline.deliveredMs)',
  },
  {
    name: 'keep every half-open connection',
    file: engine('peers/half-open'),
    from: '    const leaving = this.#oldestBeyond(perHouseholdMax, household) ?? this.#oldestOfFullest();',
    to: '    const leaving = perHouseholdMax > 0 ? undefined : this.#oldestOfFullest();',
  },
  {
    name: 'give one address every half-open place',
    file: engine('peers/half-open'),
    from: 'this.#oldestBeyond(perHouseholdMax, household) ?? this.#oldestOfFullest();',
    to: 'this.#oldestBeyond(this.#max, household) ?? this.#oldestOfFullest();',
  },
  {
    name: 'leak the place of a half-open connection',
    file: engine('connections'),
    from: '    this.#context.budget.endKnock(connection);\n',
    to: '',
  },
  {
    name: 'leak the place of a dial that was not answered',
    file: engine('peers/shared-budget'),
    from: '    if (!this.#unanswered.leave(connection)) this.dials -= 1;',
    to: '    if (!this.#unanswered.leave(connection)) this.dials -= 0;',
  },
  {
    name: 'seat a newcomer beside those who should have made room',
    file: engine('swarm/swarm-peers'),
    from: '    for (const occupant of leaving ?? []) occupant.makeRoom(nowMs);\n',
    to: '',
  },
];
