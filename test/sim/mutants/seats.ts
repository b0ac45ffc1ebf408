/** Deliberate bugs in the connection tables: who has a seat, who makes room, and what is half-open. */
import { engine, type Mutant } from './mutant.ts';

export const seats: readonly Mutant[] = [
  {
    name: 'a full table refuses all newcomers',
    file: engine('peers/connection-table'),
    from: '  return shares.isFairer(newcomer, seat) || hasHadItsTime(newcomer.replaces, seat, grace, nowMs);',
    to: '  return shares.isFairer(newcomer, seat) && seat.sinceMs > nowMs;',
  },
  {
    name: 'a newcomer replaces a useful peer',
    file: engine('peers/connection-table'),
    from: '  if (isUseful(seat)) return false;\n  return shares',
    to: '  return shares',
  },
  {
    name: 'a keep-alive counts as a transfer',
    file: engine('peers/seat-standing'),
    from: 'Math.max(uploads.takenMs, pipeline.deliveredMs)',
    to: 'Math.max(session.heardMs, uploads.takenMs, pipeline.deliveredMs)',
  },
  {
    name: 'a full household keeps its half-open connections',
    file: engine('peers/half-open'),
    from: '    const leaving = this.#oldestBeyond(perHouseholdMax, household) ?? this.#oldestOfFullest();',
    to: '    const leaving = perHouseholdMax > 0 ? undefined : this.#oldestOfFullest();',
  },
  {
    name: 'one household may take every half-open place',
    file: engine('peers/half-open'),
    from: 'this.#oldestBeyond(perHouseholdMax, household) ?? this.#oldestOfFullest();',
    to: 'this.#oldestBeyond(this.#max, household) ?? this.#oldestOfFullest();',
  },
  {
    name: 'the place of a half-open connection leaks',
    file: engine('connections'),
    from: '    this.#context.budget.endKnock(connection);\n',
    to: '',
  },
  {
    name: 'the place of an unanswered dial leaks',
    file: engine('peers/shared-budget'),
    from: '    if (!this.#unanswered.leave(connection)) this.dials -= 1;',
    to: '    if (!this.#unanswered.leave(connection)) this.dials -= 0;',
  },
  {
    name: 'a newcomer is seated without making room',
    file: engine('swarm/swarm-peers'),
    from: '    for (const occupant of leaving ?? []) occupant.makeRoom(nowMs);\n',
    to: '',
  },
];
