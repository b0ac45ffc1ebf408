/**
 * What happens at a chosen moment of a program: some ms after its n-th call of a kind, which random times would seldom
 * hit. It is an event of its own: between two calls that the program makes at once nothing comes.
 */
import type { CallKind } from '../world/file-system/drive-temper.ts';
import type { Program } from './program.ts';
import type { Deed } from './strangers.ts';

/** What a call is about. `home`: a file with its final name, or a folder. */
const placeKinds = ['part', 'home', 'side', 'record'] as const;
export type PlaceKind = (typeof placeKinds)[number];

export type MomentDeed =
  /** Others act, on the very file if `isThere`. */
  | { readonly what: 'deed'; readonly deed: Deed; readonly isThere: boolean }
  /** The user wants other files: of a thousand so many. */
  | { readonly what: 'select'; readonly perMille: number }
  /** Calls of a kind fail for so long; `full`: no room for so long. */
  | { readonly what: 'fail'; readonly kind: CallKind; readonly forMs: number }
  | { readonly what: 'full'; readonly forMs: number }
  /** The power goes so many calls later. */
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
