/** What is said of trackers that fail: the same words of the same one once. The live lines repeat them while they matter. */
import { hasUsableTracker, isHopeless } from './obstacles.ts';
import type { Output } from './output.ts';
import { plain } from './torrent-summary.ts';
import { trackerHost } from './tracker-host.ts';
import { duration } from './wording.ts';

export class TrackerComplaints {
  readonly #said = new Map<string, string>();
  readonly #output: Output;

  /** Some of its trackers can be asked: the others are no news. */
  readonly #isMixed: boolean;

  constructor(output: Output, trackers: readonly string[]) {
    this.#output = output;
    this.#isMixed = hasUsableTracker({ trackers });
  }

  onAnswered(tracker: string): void {
    this.#said.delete(tracker);
  }

  /** `retryInSeconds`: undefined when it is never asked again. */
  onFailed(tracker: string, reason: string, retryInSeconds: number | undefined): void {
    if (this.#said.get(tracker) === reason) return;
    this.#said.set(tracker, reason);
    const words = `Tracker ${trackerHost(tracker)}: ${plain(reason)}; ${askedAgain(retryInSeconds)}`;
    if (this.#isMixed && isHopeless(tracker)) this.#output.detail(words);
    else this.#output.remark(words);
  }
}

/** When a tracker that has failed is asked again. */
export function askedAgain(inSeconds: number | undefined): string {
  return inSeconds === undefined ? 'not asked again' : `asked again in ${duration(Math.max(1, inSeconds))}`;
}
