/**
 * Actions at chosen moments of a program: some milliseconds after its n-th call of a kind, which random times
 * would seldom hit. An action is an event of its own: it never comes between two calls that the program makes
 * synchronously.
 */
import type { CallKind } from '../world/file-system/drive-temper.ts';
import type { Program } from './program.ts';
import type { Deed } from './strangers.ts';

/** The kind of file that a call is about. `home`: a file with its final name, or a folder. */
const placeKinds = ['part', 'home', 'side', 'record'] as const;
export type PlaceKind = (typeof placeKinds)[number];

export type MomentDeed =
  /** Another program acts, on the very file of the call if `isThere`. */
  | { readonly what: 'deed'; readonly deed: Deed; readonly isThere: boolean }
  /** The user selects files: this many of a thousand. */
  | { readonly what: 'select'; readonly perMille: number }
  /** Calls of a kind fail for this long; `full`: the disk is full for this long. */
  | { readonly what: 'fail'; readonly kind: CallKind; readonly forMs: number }
  | { readonly what: 'full'; readonly forMs: number }
  /** The power is cut this many calls later. */
  | { readonly what: 'cut'; readonly steps: number }
  | { readonly what: 'kill' | 'stop' };

export interface Moment {
  readonly call: CallKind | 'close' | 'exists';
  readonly on: PlaceKind;
  /** 1 is the first. */
  readonly nth: number;
  readonly delayMs: number;
  readonly act: MomentDeed;
}

export class Moments {
  readonly #moments: readonly Moment[];
  readonly #act: (act: MomentDeed, at: string) => void;
  readonly #counts: number[];

  constructor(moments: readonly Moment[], act: (act: MomentDeed, at: string) => void) {
    this.#moments = moments;
    this.#act = act;
    this.#counts = moments.map(() => 0);
  }

  onCall(program: Program, call: string, at: string): void {
    for (const [i, moment] of this.#moments.entries()) {
      if (moment.call !== call || moment.on !== placeKindOf(at)) continue;
      this.#counts[i]! += 1;
      if (this.#counts[i] === moment.nth) program.after(moment.delayMs, () => this.#act(moment.act, at));
    }
  }
}

function placeKindOf(at: string): PlaceKind {
  if (at.endsWith('.part')) return 'part';
  if (at.endsWith('.cicada-parts')) return 'side';
  return at.includes('/resume') ? 'record' : 'home';
}
