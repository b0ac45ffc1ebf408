/**
 * The latest calls of the programs, with the actions of other programs between them, to investigate a
 * failure.
 */
export class EventLog {
  readonly events: string[] = [];
  readonly #most: number;
  #deedsNoted = 0;

  constructor(most: number) {
    this.#most = most;
  }

  note(event: string, nowMs: number): void {
    if (this.#most === 0) return;
    this.events.push(`${(nowMs / 1000).toFixed(3)} s  ${event}`);
    if (this.events.length > this.#most) this.events.shift();
  }

  /** `deeds`: all actions so far. */
  noteDeeds(deeds: readonly string[], nowMs: number): void {
    for (const deed of deeds.slice(this.#deedsNoted)) this.note(`others ${deed}`, nowMs);
    this.#deedsNoted = deeds.length;
  }
}
