/** Counts bytes: an exact total, and a smoothed rate in bytes per second. Integers only. */

/**
 * The newest sample has a weight of 1/4: with a sample every half second the rate follows in about two
 * seconds.
 */
const smoothing = 4;

export class TransferMeter {
  total = 0;
  /** Bytes per second. */
  rate = 0;
  #window = 0;

  add(bytes: number): void {
    this.total += bytes;
    this.#window += bytes;
  }

  /** Called at every tick with the time since the last one. */
  tick(elapsedMs: number): void {
    const sample = Math.floor((this.#window * 1000) / elapsedMs);
    this.#window = 0;
    const step = sample - this.rate;
    // Integer steps smaller than the weight would be lost, so a small difference is taken over at once.
    this.rate = Math.abs(step) < smoothing ? sample : this.rate + Math.trunc(step / smoothing);
  }
}
