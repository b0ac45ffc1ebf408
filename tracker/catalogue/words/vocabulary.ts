/**
 * All words of the catalogue in memory of the search thread, to find those that somebody may have meant: words a typing
 * error or two away, and words that contain what was typed.
 *
 * Each word has a mark of 32 bits, one for each letter that is in it (letters share bits). A word that lacks more of the
 * wanted letters than errors are allowed is passed over by one look at its mark, which leaves a few hundred of a million
 * to measure. An index of trigrams finds less and costs more: in a short word one error spoils every trigram.
 *
 * Invariant: a word is there for a viewer only when a release that this viewer sees contains it, and the number of such
 * releases is all that ranks it. Otherwise words of hidden releases could be found by those that they displace.
 */
import type { DatabaseSync } from 'node:sqlite';
import { isMember, maySee, type SharedAccess, type Viewer } from '../../access.ts';
import { membersOf, readAudience } from '../audience.ts';
import { editDistance } from './edit-distance.ts';
import { soundMark } from './name-words.ts';
import { isCyrillic, soundsOf } from './sound.ts';
import { partCharsMin } from './word-parts.ts';

export interface LikeWord {
  readonly word: string;
  /** Typing errors away; of what contains it, one. */
  readonly distance: number;
  /** That the viewer sees. */
  readonly releases: number;
}

/** Other words than one that was typed, the nearest first, those of more releases before others. */
export interface LikeWords {
  /** A typing error away, or two. */
  readonly like: readonly LikeWord[];
  /** That it is a part of, each. None when there are more than are asked for. */
  readonly parts: readonly LikeWord[];
  readonly hasMoreParts: boolean;
}

/** `isBeginning`: there may be more of the word to come. */
export type FindLike = (word: string, isBeginning: boolean, partsMax: number) => LikeWords;

/** More of them find nothing that anybody meant. */
const likeWordsMax = 8;
/** Counts of a word that are copied rather than added to. */
const pushedFrom = 32;

export class Vocabulary {
  readonly #newWords;
  readonly #newAudiences;
  readonly #newCounts;
  readonly #countOf;
  readonly #wordOf;
  /** All four by the word's number in the database. */
  readonly #words: (string | undefined)[] = [];
  #marks = new Uint32Array(1 << 12);
  /** Releases for everyone, and for members, that contain the word. */
  #everyone = new Uint32Array(1 << 12);
  #members = new Uint32Array(1 << 12);
  /** Other releases: audience, count, audience, count … Most words have none. */
  readonly #restricted = new Map<number, number[]>();
  /** By its number in the database. */
  readonly #audiences: (SharedAccess | undefined)[] = [];
  readonly #audienceIds = new Map<string, number>();
  /** Of the Cyrillic ones, marked; forgotten ones too, until the next start. */
  readonly #sounds = new Set<string>();
  #lastChange = 0;

  constructor(db: DatabaseSync) {
    this.#newWords = db.prepare('SELECT id, word FROM vocabulary WHERE id > ? ORDER BY id');
    this.#newAudiences = db.prepare('SELECT id, text FROM audiences WHERE id > ? ORDER BY id');
    this.#newCounts = db.prepare(
      'SELECT word_id, audience_id, releases, change FROM word_counts WHERE change > ?',
    );
    this.#countOf = db.prepare('SELECT releases FROM word_counts WHERE word_id = ? AND audience_id = ?');
    this.#wordOf = db.prepare('SELECT 1 FROM vocabulary WHERE word = ?');
    for (const statement of [this.#newWords, this.#newAudiences, this.#newCounts, this.#countOf]) {
      statement.setReturnArrays(true);
    }
    // All at once is quicker along the table than along the index of changes.
    const allCounts = db.prepare(
      'SELECT word_id, audience_id, releases, change FROM word_counts NOT INDEXED WHERE change > ?',
    );
    allCounts.setReturnArrays(true);
    // Three tables as they are at one moment.
    db.exec('SAVEPOINT all_words');
    this.#read(allCounts);
    db.exec('RELEASE all_words');
  }

  /** Takes in what was published, changed and withdrawn since. */
  refresh(): void {
    this.#read(this.#newCounts);
  }

  #read(counts: ReturnType<DatabaseSync['prepare']>): void {
    for (const row of this.#newWords.iterate(Math.max(0, this.#words.length - 1))) {
      const [id, word] = row as unknown as [number, string];
      this.#makeRoom(id);
      this.#marks[id] = markOf(word);
      this.#words[id] = word;
      if (isCyrillic(word)) for (const sound of soundsOf(word)) this.#sounds.add(soundMark(sound));
    }
    for (const row of this.#newAudiences.iterate(Math.max(0, this.#audiences.length - 1))) {
      const [id, text] = row as unknown as [number, string];
      this.#audiences[id] = readAudience(text);
      this.#audienceIds.set(text, id);
    }
    let last = this.#lastChange;
    for (const row of counts.iterate(this.#lastChange)) {
      const [word, audience, releases, change] = row as unknown as [number, number, number, number];
      this.#setCount(word, audience, releases);
      if (change > last) last = change;
    }
    this.#lastChange = last;
  }

  #makeRoom(id: number): void {
    if (id < this.#marks.length) return;
    const larger = (from: Uint32Array) => {
      const array = new Uint32Array(2 * Math.max(from.length, id));
      array.set(from);
      return array;
    };
    this.#marks = larger(this.#marks);
    this.#everyone = larger(this.#everyone);
    this.#members = larger(this.#members);
  }

  #setCount(word: number, audienceId: number, releases: number): void {
    const { visibility, publisherId } = this.#audiences[audienceId]!;
    if (visibility === 'everyone') this.#everyone[word] = releases;
    // Those of one publisher are looked up for that publisher alone.
    else if (visibility === 'members') {
      if (publisherId === undefined) this.#members[word] = releases;
    } else this.#setRestricted(word, audienceId, releases);
  }

  #setRestricted(word: number, audienceId: number, releases: number): void {
    const counts = this.#restricted.get(word) ?? [];
    let at = 0;
    while (at < counts.length && counts[at] !== audienceId) at += 2;
    if (releases > 0 && at < counts.length) counts[at + 1] = releases;
    else if (releases > 0 && counts.length >= pushedFrom) counts.push(audienceId, releases);
    // A short array that is made anew has no spare room; one that has grown has more of it than content.
    else if (releases > 0) this.#restricted.set(word, counts.concat(audienceId, releases));
    else if (at < counts.length) {
      counts.splice(at, 2);
      if (counts.length === 0) this.#restricted.delete(word);
    }
  }

  /** For one question of this viewer, after refresh(). */
  seenBy(viewer: Viewer): FindLike {
    const releasesOf = this.#releaseCounter(viewer);
    return (word, isBeginning, partsMax) => this.#like(word, isBeginning, partsMax, releasesOf);
  }

  /** Whether any release at all may have it, a word or the mark of a sound: only to save looking for it. */
  has(word: string): boolean {
    const isMark = word.includes(':');
    // Shorter words are not known here.
    if (word.length < partCharsMin + (isMark ? soundMark('').length + 1 : 0)) return true;
    return isMark ? this.#sounds.has(word) : this.#wordOf.get(word) !== undefined;
  }

  /** How many releases that this viewer sees contain a word. */
  #releaseCounter(viewer: Viewer): (word: number) => number {
    const isOfMembers = isMember(viewer.role);
    // A guest sees no release for members, except those they published as a member.
    const own =
      isOfMembers || viewer.accountId === undefined
        ? undefined
        : this.#audienceIds.get(membersOf(viewer.accountId));
    const known = new Map<number, boolean>();
    const isSeen = (audience: number) => {
      let answer = known.get(audience);
      if (answer === undefined) known.set(audience, (answer = maySee(viewer, this.#audiences[audience])));
      return answer;
    };
    return (word) => {
      let releases = this.#everyone[word]!;
      if (isOfMembers) releases += this.#members[word]!;
      const restricted = this.#restricted.get(word);
      if (restricted !== undefined) {
        for (let at = 0; at < restricted.length; at += 2)
          if (isSeen(restricted[at]!)) releases += restricted[at + 1]!;
      }
      if (own !== undefined) {
        const row = this.#countOf.get(word, own) as unknown as number[] | undefined;
        releases += row?.[0] ?? 0;
      }
      return releases;
    };
  }

  #like(
    word: string,
    isBeginning: boolean,
    partsMax: number,
    releasesOf: (word: number) => number,
  ): LikeWords {
    const errorsMax = errorsAllowed(word);
    const mark = markOf(word);
    const like: LikeWord[] = [];
    const parts: LikeWord[] = [];
    for (let i = 0; i < this.#words.length; i++) {
      const other = this.#marks[i]!;
      const missing = bitCount(mark & ~other);
      if (missing > errorsMax) continue;
      const candidate = this.#words[i];
      if (candidate === undefined || candidate === word) continue;
      const at = missing === 0 && word.length >= partCharsMin ? candidate.indexOf(word) : -1;
      // What begins so is found as it was typed.
      if (at === 0 && isBeginning) continue;
      if (at >= 0) {
        // Beyond the limit all that counts is that there are more.
        const releases = parts.length > partsMax ? 0 : releasesOf(i);
        if (releases > 0) parts.push({ word: candidate, distance: 1, releases });
        continue;
      }
      // Where the whole word was typed, it lacks as little of the other one's letters.
      if (!isBeginning && bitCount(other & ~mark) > errorsMax) continue;
      const distance = editDistance(word, candidate, errorsMax, isBeginning);
      if (distance > errorsMax) continue;
      const releases = releasesOf(i);
      if (releases > 0) like.push({ word: candidate, distance, releases });
    }
    like.sort(nearestFirst);
    const hasMoreParts = parts.length > partsMax;
    return {
      like: like.slice(0, likeWordsMax),
      parts: hasMoreParts ? [] : parts.sort(nearestFirst),
      hasMoreParts,
    };
  }
}

function nearestFirst(a: LikeWord, b: LikeWord): number {
  return a.distance - b.distance || b.releases - a.releases || (a.word < b.word ? -1 : 1);
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
