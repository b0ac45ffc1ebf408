/** What is said of trackers that fail: the same words of the same one once. The live lines repeat them while they matter. */
import { duration } from '../../../torrents/wording.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import type { Output } from '../screen/output.ts';
import { hasUsableTracker, isHopeless } from './obstacles.ts';
import { trackerHost } from './tracker-host.ts';

/** A tracker may give every torrent a reason of its own. */
const saidMax = 100;

export class TrackerComplaints {
  readonly #said = new Map<string, Set<string>>();
  readonly #output: Output;
  /** For thousands of torrents: a tracker is its host, whichever torrent it was asked about. */
  readonly #isOfMany: boolean;

  /** Some of its trackers can be asked: the others are no news. */
  readonly #isMixed: boolean;

  constructor(output: Output, trackers: readonly string[], isOfMany = false) {
    this.#isOfMany = isOfMany;
    this.#output = output;
    this.#isMixed = hasUsableTracker({ trackers });
  }

  onAnswered(tracker: string): void {
    this.#said.delete(this.#keyOf(tracker));
  }

  /** `retryInSeconds`: undefined when it is never asked again. */
  onFailed(tracker: string, reason: string, retryInSeconds: number | undefined): void {
    const key = this.#keyOf(tracker);
    const said = this.#said.get(key);
    if (said?.has(reason) || (said?.size ?? 0) >= saidMax) return;
    // Of one torrent the last reason counts: it is said again after another one.
    if (said !== undefined && this.#isOfMany) said.add(reason);
    else this.#said.set(key, new Set([reason]));
    const words = `Tracker ${trackerHost(tracker)}: ${plain(reason)}; ${askedAgain(retryInSeconds)}`;
    if (this.#isMixed && isHopeless(tracker)) this.#output.detail(words);
    else this.#output.remark(words);
  }

  #keyOf(tracker: string): string {
    return this.#isOfMany ? trackerHost(tracker) : tracker;
  }
}

/** When a tracker that has failed is asked again. */
export function askedAgain(inSeconds: number | undefined): string {
  return inSeconds === undefined ? 'not asked again' : `asked again in ${duration(Math.max(1, inSeconds))}`;
}
