/**
 * All words of the catalogue, in memory of the search thread, to find the words that a user may have meant:
 * words one or two typing errors away, and words that contain what was typed.
 *
 * Each word has a 32-bit mark with one bit for each of its letters (letters share bits). A word that lacks
 * more of the typed letters than the allowed errors is skipped by its mark alone, which leaves a few hundred
 * of a million words to compare. A trigram index finds less and costs more: in a short word one error changes
 * every trigram.
 *
 * Invariant: a viewer finds a word only if a release that they see contains it, and only the number of such
 * releases ranks it. Otherwise words of hidden releases would show by the words that they displace.
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
  /** Typing errors between the two; 1 for a word that contains the typed one. */
  readonly distance: number;
  /** Releases with this word that the viewer sees. */
  readonly releases: number;
}

/** Words other than the typed one, the nearest first, then those of more releases. */
export interface LikeWords {
  /** One or two typing errors away. */
  readonly like: readonly LikeWord[];
  /** Words that contain the typed one. Empty if there are more than `partsMax`. */
  readonly parts: readonly LikeWord[];
  readonly hasMoreParts: boolean;
}

/** `isBeginning`: the user may still be typing the word. */
export type FindLike = (word: string, isBeginning: boolean, partsMax: number) => LikeWords;

/** Further words are hardly ever what the user meant. */
const likeWordsMax = 8;
/** From this length on a word's list of counts is extended in place, not copied. */
const pushedFrom = 32;

export class Vocabulary {
  readonly #newWords;
  readonly #newAudiences;
  readonly #newCounts;
  readonly #countOf;
  readonly #wordOf;
  /** These four are indexed by the word's number in the database. */
  readonly #words: (string | undefined)[] = [];
  #marks = new Uint32Array(1 << 12);
  /** Releases for everyone, and for members, that contain the word. */
  #everyone = new Uint32Array(1 << 12);
  #members = new Uint32Array(1 << 12);
  /** Other releases: audience, count, audience, count … Most words have none. */
  readonly #restricted = new Map<number, number[]>();
  /** Indexed by the audience's number in the database. */
  readonly #audiences: (SharedAccess | undefined)[] = [];
  readonly #audienceIds = new Map<string, number>();
  /** Marks of the Cyrillic words' sounds, including those of deleted words until the next start. */
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
    // Reading all rows is faster by the table than by the index on `change`.
    const allCounts = db.prepare(
      'SELECT word_id, audience_id, releases, change FROM word_counts NOT INDEXED WHERE change > ?',
    );
    allCounts.setReturnArrays(true);
    // The savepoint reads all three tables in the same state.
    db.exec('SAVEPOINT all_words');
    this.#read(allCounts);
    db.exec('RELEASE all_words');
  }

  /** Reads what was published, changed and withdrawn since the last call. */
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
    // The counts of one publisher are queried for that publisher only.
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
    // A copied short array has no spare capacity; an array that grows by push has more spare capacity than
    // content.
    else if (releases > 0) this.#restricted.set(word, counts.concat(audienceId, releases));
    else if (at < counts.length) {
      counts.splice(at, 2);
      if (counts.length === 0) this.#restricted.delete(word);
    }
  }

  /** For one query of this viewer, after refresh(). */
  seenBy(viewer: Viewer): FindLike {
    const releasesOf = this.#releaseCounter(viewer);
    return (word, isBeginning, partsMax) => this.#like(word, isBeginning, partsMax, releasesOf);
  }

  /**
   * Whether any release, visible or not, may have this word or mark of a sound. Only to skip a search that
   * would find nothing.
   */
  has(word: string): boolean {
    const isMark = word.includes(':');
    // The vocabulary has no shorter words.
    if (word.length < partCharsMin + (isMark ? soundMark('').length + 1 : 0)) return true;
    return isMark ? this.#sounds.has(word) : this.#wordOf.get(word) !== undefined;
  }

  /** Counts the releases with a word that this viewer sees. */
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
      // A word that begins so is found as it was typed.
      if (at === 0 && isBeginning) continue;
      if (at >= 0) {
        // Above the limit only the fact that there are more counts.
        const releases = parts.length > partsMax ? 0 : releasesOf(i);
        if (releases > 0) parts.push({ word: candidate, distance: 1, releases });
        continue;
      }
      // A complete word must also have few letters that the typed one lacks.
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

/** No typing error in words under three letters or in numbers, one in words under six letters, else two. */
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
