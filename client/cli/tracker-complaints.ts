/** What is said of trackers that fail: the same words of the same one once. The live lines repeat them while they matter. */
import { checkTrackerUrl } from '../../tracker/protocol/tracker-url.ts';
import type { Output } from './output.ts';
import { plain } from './torrent-summary.ts';
import { trackerHost } from './waiting-reason.ts';

export class TrackerComplaints {
  readonly #said = new Map<string, string>();
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  onAnswered(tracker: string): void {
    this.#said.delete(tracker);
  }

  onFailed(tracker: string, reason: string): void {
    if (this.#said.get(tracker) === reason) return;
    this.#said.set(tracker, reason);
    const outlook = isHopeless(tracker) ? 'it cannot be asked' : 'it is asked again by itself';
    this.#output.remark(`Tracker ${trackerHost(tracker)}: ${plain(reason)}; ${outlook}`);
  }
}

/** Nothing that may happen makes this one answer us: it is of a kind that we cannot ask. */
export function isHopeless(tracker: string): boolean {
  return checkTrackerUrl(tracker) !== undefined;
}
