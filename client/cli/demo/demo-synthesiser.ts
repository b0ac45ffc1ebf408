/**
 * A plucked-string synthesiser: a delay line filled with noise that is averaged on every pass (Karplus and
 * Strong, 1983) sounds like a string. It uses only additions and multiplications, so that every machine and
 * every version of Node makes the same bytes.
 */
import { endianness } from 'node:os';

export const samplesPerSecond = 44_100;

/** An equal-tempered semitone, 2^(1/12). */
const halfTone = 1.0594630943592953;

/** MIDI note number → Hz; 69 is the A of 440 Hz. */
export function frequencyOf(note: number): number {
  let frequency = 440;
  for (let n = 69; n < note; n++) frequency *= halfTone;
  for (let n = 69; n > note; n--) frequency /= halfTone;
  return frequency;
}

/** xorshift32: a random generator with the same sequence on every run. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % bound;
  }
}

export interface Pluck {
  /** MIDI note number. */
  readonly note: number;
  readonly atSeconds: number;
  readonly seconds: number;
  /** 0 to 1. */
  readonly loudness: number;
  /** 0 is left, 1 right. */
  readonly pan: number;
  /** 0 is dull, 1 bright. */
  readonly brightness: number;
}

/** Two channels, to which plucked notes are added. */
export class Recording {
  readonly #left: Float32Array;
  readonly #right: Float32Array;
  readonly #dice: Dice;

  constructor(seconds: number, dice: Dice) {
    const length = Math.round(seconds * samplesPerSecond);
    this.#left = new Float32Array(length);
    this.#right = new Float32Array(length);
    this.#dice = dice;
  }

  add(pluck: Pluck): void {
    const { note, loudness, pan, brightness } = pluck;
    const left = this.#left;
    const right = this.#right;
    const first = Math.round(pluck.atSeconds * samplesPerSecond);
    const end = Math.min(left.length, first + Math.round(pluck.seconds * samplesPerSecond));
    const period = samplesPerSecond / frequencyOf(note);
    // The averaging delays by half a sample; an all-pass filter adds the remaining fraction, which tunes the
    // string.
    const length = Math.floor(period - 0.6);
    const fraction = period - 0.5 - length;
    const allPass = (1 - fraction) / (1 + fraction);
    // High strings make more passes a second and would fade at once, so their damping is weaker.
    const keep = 1 - 0.0022 * (period / 100);
    const string = this.#excited(length, brightness);
    const leftGain = loudness * (1 - pan);
    const rightGain = loudness * pan;
    // Fades out the last hundredth of a second, so that the end does not click.
    const fadeFrom = end - samplesPerSecond / 100;
    let position = 0;
    let previous = 0;
    let tunedBefore = 0;
    let averageBefore = 0;
    for (let at = first; at < end; at++) {
      const sample = string[position]!;
      const average = keep * 0.5 * (sample + previous);
      const tuned = allPass * (average - tunedBefore) + averageBefore;
      previous = sample;
      averageBefore = average;
      tunedBefore = tuned;
      string[position] = tuned;
      position = position + 1 === length ? 0 : position + 1;
      const heard = at < fadeFrom ? sample : (sample * (end - at)) / (end - fadeFrom);
      left[at]! += heard * leftGain;
      right[at]! += heard * rightGain;
    }
  }

  /** Room echo: each channel is repeated, fainter, in the other channel. */
  echo(seconds: number, strength: number): void {
    const delay = Math.round(seconds * samplesPerSecond);
    const left = this.#left;
    const right = this.#right;
    for (let at = delay; at < left.length; at++) {
      left[at]! += right[at - delay]! * strength;
      right[at]! += left[at - delay]! * strength;
    }
  }

  /** Interleaved, 16 bits, little-endian, scaled to the full range. */
  toPcm(): Buffer {
    const left = this.#left;
    const right = this.#right;
    let peak = 1e-6;
    for (let at = 0; at < left.length; at++) peak = Math.max(peak, Math.abs(left[at]!), Math.abs(right[at]!));
    const gain = 29_000 / peak;
    const pcm = new Int16Array(left.length * 2);
    for (let at = 0; at < left.length; at++) {
      pcm[2 * at] = left[at]! * gain;
      pcm[2 * at + 1] = right[at]! * gain;
    }
    const bytes = Buffer.from(pcm.buffer);
    return endianness() === 'LE' ? bytes : bytes.swap16();
  }

  /** A string at the moment of plucking: noise, smoothed more for a duller sound. */
  #excited(length: number, brightness: number): Float32Array {
    const string = new Float32Array(length);
    let smooth = 0;
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const noise = this.#dice.below(65_536) / 32_768 - 1;
      smooth += (noise - smooth) * (0.15 + 0.8 * brightness);
      string[i] = smooth;
      sum += smooth;
    }
    // Removes the constant part: it is inaudible and would waste range.
    const mean = sum / length;
    for (let i = 0; i < length; i++) string[i]! -= mean;
    return string;
  }
}
