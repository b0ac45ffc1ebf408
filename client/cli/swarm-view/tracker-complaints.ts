/**
 * Reports failing trackers, the same words of the same tracker once. The live lines repeat them while they
 * apply.
 */
import { duration } from '../../../torrents/wording.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import type { Output } from '../screen/output.ts';
import { hasUsableTracker, isHopeless } from './obstacles.ts';
import { trackerHost } from './tracker-host.ts';

/** Bounds the memory: a tracker may give every torrent its own reason. */
const saidMax = 100;

export class TrackerComplaints {
  readonly #said = new Map<string, Set<string>>();
  readonly #output: Output;
  /** For thousands of torrents: trackers are counted by host, for all torrents together. */
  readonly #isOfMany: boolean;

  /** Some of its trackers are usable: unusable ones are not reported. */
  readonly #isMixed: boolean;

  constructor(output: Output, trackers: readonly string[], isOfMany = false) {
    this.#isOfMany = isOfMany;
    this.#output = output;
    this.#isMixed = hasUsableTracker({ trackers });
  }

  onAnswered(tracker: string): void {
    this.#said.delete(this.#keyOf(tracker));
  }

  /** `retryInSeconds`: undefined when the tracker is never asked again. */
  onFailed(tracker: string, reason: string, retryInSeconds: number | undefined): void {
    const key = this.#keyOf(tracker);
    const said = this.#said.get(key);
    if (said?.has(reason) || (said?.size ?? 0) >= saidMax) return;
    // With one torrent only the last reason counts: an earlier reason is reported again after another one.
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

/** Says when a failed tracker is asked again. */
export function askedAgain(inSeconds: number | undefined): string {
  return inSeconds === undefined ? 'not asked again' : `asked again in ${duration(Math.max(1, inSeconds))}`;
}
