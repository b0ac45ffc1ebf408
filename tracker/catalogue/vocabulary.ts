/**
 * All words of the catalogue in memory of the search thread, to find those that somebody may have meant: words a typing
 * error or two away, and words that contain what was typed.
 *
 * Each word has a mark of 32 bits, one for each letter that is in it (letters share bits). A word that lacks more of the
 * wanted letters than errors are allowed is passed over by one look at its mark, which leaves a few hundred of a million
 * to measure. An index of trigrams finds less and costs more: in a short word one error spoils every trigram.
 */
import type { DatabaseSync } from 'node:sqlite';
import { editDistance } from './edit-distance.ts';

export interface LikeWord {
  readonly word: string;
  /** Typing errors away; containing counts as one. */
  readonly distance: number;
  readonly releases: number;
}

/** More of them find nothing that anybody meant. */
const likeWordsMax = 8;
/** A part of a word is worth looking for from here on: two letters are in everything. */
const partCharsMin = 3;

export class Vocabulary {
  readonly #newer;
  readonly #words: string[] = [];
  readonly #releases: number[] = [];
  #marks = new Uint32Array(1 << 12);
  #lastId = 0;

  constructor(db: DatabaseSync) {
    this.#newer = db.prepare('SELECT id, word, releases FROM vocabulary WHERE id > ? ORDER BY id');
    this.#newer.setReturnArrays(true);
    this.refresh();
  }

  /** Takes in the words that were published since. */
  refresh(): void {
    for (const row of this.#newer.iterate(this.#lastId)) {
      const [id, word, releases] = row as unknown as [number, string, number];
      if (this.#words.length === this.#marks.length) {
        const larger = new Uint32Array(2 * this.#marks.length);
        larger.set(this.#marks);
        this.#marks = larger;
      }
      this.#marks[this.#words.length] = markOf(word);
      this.#words.push(word);
      this.#releases.push(releases);
      this.#lastId = id;
    }
  }

  /**
   * Other words than this one, the nearest first, those of more releases before others. `isBeginning`: there may be more
   * of the word to come.
   */
  like(word: string, isBeginning: boolean): LikeWord[] {
    const errorsMax = errorsAllowed(word);
    const mark = markOf(word);
    const found: LikeWord[] = [];
    for (let i = 0; i < this.#words.length; i++) {
      const other = this.#marks[i]!;
      const missing = bitCount(mark & ~other);
      if (missing > errorsMax) continue;
      const candidate = this.#words[i]!;
      if (candidate === word) continue;
      let distance = 1;
      const isPart = missing === 0 && word.length >= partCharsMin && candidate.includes(word);
      if (!isPart) {
        // Where the whole word was typed, it lacks as little of the other one's letters.
        if (!isBeginning && bitCount(other & ~mark) > errorsMax) continue;
        distance = editDistance(word, candidate, errorsMax, isBeginning);
        if (distance > errorsMax) continue;
      }
      found.push({ word: candidate, distance, releases: this.#releases[i]! });
    }
    found.sort((a, b) => a.distance - b.distance || b.releases - a.releases || (a.word < b.word ? -1 : 1));
    return found.slice(0, likeWordsMax);
  }
}

/** Who errs once in three letters meant another word. */
function errorsAllowed(word: string): number {
  if (word.length < partCharsMin || /^\p{N}+$/u.test(word)) return 0;
  return word.length < 6 ? 1 : 2;
}

function markOf(word: string): number {
  let mark = 0;
  for (let i = 0; i < word.length; i++) mark |= 1 << (word.charCodeAt(i) & 31);
  return mark;
}

function bitCount(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return (((n + (n >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
