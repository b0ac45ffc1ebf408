/**
 * A viewer receives exactly what a catalogue would return that contains only what this viewer may see: rows,
 * their order, approximate flags, the length of every page, and whether there is a next one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maySee, type Viewer } from '../../../tracker/access.ts';
import { migrations, reads, writes } from '../../../tracker/catalogue/catalogue-stores.ts';
import type { SearchInput, WantedAccess } from '../../../tracker/catalogue/contract.ts';
import type { SearchLimits } from '../../../tracker/catalogue/search/search.ts';
import { openConnection } from '../../../tracker/database/connection.ts';
import { migrate } from '../../../tracker/database/migrations.ts';
import { type Album, publication, releaseIdOf } from './catalogue-album.ts';
import {
  account,
  anonymous,
  as,
  type CatalogueStores,
  play,
  slotCount,
  step,
  viewer,
  word,
} from './catalogue-history.ts';

interface Bench extends CatalogueStores {
  close(): void;
}

let folder: string;
let benches: Bench[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cicada-leaks-'));
  benches = [];
});
afterEach(() => {
  for (const bench of benches) bench.close();
  rmSync(folder, { recursive: true });
});

/** A separate catalogue; writer and reader have a connection each, as in the tracker. */
function openBench(limits?: SearchLimits): Bench {
  const path = join(folder, `${benches.length}.db`);
  const writer = openConnection(path, 'writer');
  writer.exec('PRAGMA synchronous = OFF');
  migrate(writer, new Map([['catalogue', migrations]]));
  const write = writes(writer);
  const reader = openConnection(path, 'reader');
  const read = reads(reader, limits);
  const bench = {
    ...{ write, read },
    close() {
      reader.close();
      writer.close();
    },
  };
  benches.push(bench);
  return bench;
}

describe('a viewer receives what a catalogue with only the visible releases would return', () => {
  const typed = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('lov1', 'lovö', 'love') },
    word,
    fc.constantFrom('', 'love', 'lovf', 'ove', 'lov', 'glov', 'cver', 'hopipola', 'нощь', '歌', 'love gluve'),
  );
  /** Rare, because most searches have no filter. */
  const maybe = <Value>(value: fc.Arbitrary<Value>) =>
    fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
  const question = fc.record({
    ...{ text: typed, limit: fc.integer({ min: 1, max: 4 }) },
    filters: fc.record({
      ...{ format: maybe(fc.constantFrom('flac', 'mp3')), lossless: maybe(fc.boolean()) },
      ...{ yearFrom: maybe(fc.integer({ min: 1998, max: 2001 })), hasSeeds: maybe(fc.boolean()) },
      ...{ bitRateMin: maybe(fc.constant(200_000)), durationMinMs: maybe(fc.constant(5_000)) },
      publisherId: maybe(account),
    }),
  });

  interface Walk {
    readonly rows: unknown[];
    readonly next: string | undefined;
  }

  /** All pages, without what cannot be compared: cursors are opaque. */
  function walk(ask: (after: string | undefined) => { rows: readonly object[]; next: string | undefined }) {
    const pages: Omit<Walk, 'next'>[] = [];
    let after: string | undefined;
    do {
      const { rows, next } = ask(after);
      pages.push({ rows: rows.map((row) => ({ ...row, updatedAtMs: 0 })) });
      after = next;
    } while (after !== undefined && pages.length < 200);
    return pages;
  }

  function answers({ read }: Bench, viewer: Viewer, { text, limit, filters }: Asked) {
    const search: SearchInput = { viewer, text, limit, ...filters };
    const slots = Array.from({ length: slotCount }, (_, n) => releaseIdOf(`slot ${n}`));
    return {
      tracks: walk((after) => read.searchTracks({ ...search, after })),
      releases: walk((after) => read.searchReleases({ ...search, after })),
      newest: walk((after) => read.releases({ viewer, limit, after })),
      newestOf: walk((after) => read.releases({ viewer, publisherId: 1, limit, after })),
      one: slots.map((releaseId) => {
        const release = read.release({ viewer, releaseId });
        return [
          { ...release, updatedAtMs: 0 },
          read.versions({ viewer, releaseId }),
          read.torrent({ viewer, releaseId }),
          ...(release?.tracks ?? []).map(({ piecesRoot }) =>
            read.homesOf({ viewer, piecesRoot: piecesRoot! }),
          ),
        ];
      }),
    };
  }
  type Asked = typeof question extends fc.Arbitrary<infer One> ? One : never;

  it.each([
    [
      'a viewer receives what a catalogue with only the visible releases would return, with the usual pools of hits',
      undefined,
    ],
    [
      'a viewer receives what a catalogue with only the visible releases would return, with many small pools',
      { poolMax: 2, lookedAtMax: 3 },
    ],
  ])('%s', (_, limits) => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }),
        fc.array(viewer, { minLength: 1, maxLength: 2 }),
        fc.array(question, { minLength: 8, maxLength: 12 }),
        (steps, viewers, questions) => {
          const whole = openBench(limits);
          const kept = play(whole, steps);
          for (const viewer of viewers) {
            const seen = new Map([...kept].filter(([, { access }]) => maySee(viewer, access)));
            const visible = openBench(limits);
            play(visible, steps, seen);
            for (const asked of questions) {
              expect(answers(whole, viewer, asked)).toEqual(answers(visible, viewer, asked));
            }
          }
          for (const bench of benches.splice(0)) bench.close();
          rmSync(folder, { recursive: true });
          folder = mkdtempSync(join(tmpdir(), 'cicada-leaks-'));
        },
      ),
      // Limits the time for shrinking a failure.
      { numRuns: 20, interruptAfterTimeLimit: 25_000 },
    );
  });
});

describe('a hidden title', () => {
  const secret = 'zorblax';
  const letters = 'abcdefghijklmnopqrstuvwxyz';

  /**
   * A past attack: eight decoys fill the places for similar words. A decoy that is missing was displaced by a
   * closer or more frequent word. Returns the decoys that are found.
   */
  function displaced({ write, read }: Bench, attempt: string, guess: string): string[] {
    const decoys = [...'01234567'].map((digit) => `${guess.slice(0, -1)}${digit}`);
    const attacker = as(66);
    const releaseId = releaseIdOf(attempt);
    const album = { ...{ album: attempt, private: true }, tracks: decoys };
    write.publish(publication(releaseId, attacker, { ...album, access: { visibility: 'nobody' } }));
    const { rows } = read.searchTracks({ viewer: attacker, text: guess });
    write.withdraw({ viewer: attacker, releaseId });
    return rows.map(({ title }) => title).sort();
  }

  it('a hidden title cannot be spelled out through the decoys it displaces, with at least 157 searches', () => {
    const [hidden, empty] = [openBench(), openBench()];
    const album: Album = { album: secret, tracks: [secret], private: true, access: { visibility: 'nobody' } };
    hidden.write.publish(publication(releaseIdOf('secret'), as(1), album));
    const withdrawn = { ...album, album: 'zorblay', tracks: ['zorblay'] };
    hidden.write.publish(publication(releaseIdOf('gone'), as(1), withdrawn));
    hidden.write.withdraw({ viewer: as(1), releaseId: releaseIdOf('gone') });
    let questions = 0;
    // Even a guess with all letters right but one reveals nothing about the last.
    for (let place = 0; place < secret.length; place++) {
      for (const letter of letters) {
        const guess = `${secret.slice(0, place)}${letter}${secret.slice(place + 1)}`;
        const attempt = `attempt ${questions++}`;
        expect(displaced(hidden, attempt, guess)).toEqual(displaced(empty, attempt, guess));
      }
    }
    expect(questions).toBeGreaterThan(157);
  });

  it('a hidden release does not change the rank of similar words', () => {
    const { write, read } = openBench();
    const decoys = [...'abcdefgh'].map((letter) => `tidal${letter}`);
    write.publish(publication(releaseIdOf('decoys'), as(1), { album: 'Decoys', tracks: decoys }));
    // In ten hidden releases: if they counted, this word would be the first of nine.
    for (let n = 0; n < 10; n++) {
      const album = { ...{ album: `${n}`, private: true }, tracks: ['tidalz'] } as const;
      write.publish(
        publication(releaseIdOf(`hidden ${n}`), as(2), { ...album, access: { visibility: 'nobody' } }),
      );
    }
    write.publish(publication(releaseIdOf('seen'), as(3), { album: 'Seen', tracks: ['tidalz'] }));
    const found = read.searchTracks({ viewer: anonymous, text: 'tidalx' }).rows.map(({ title }) => title);
    expect(found.sort()).toEqual(decoys);
  });

  it('a hidden release changes neither the order nor the pages of hits', () => {
    const [hidden, visible] = [openBench(), openBench()];
    const tracks = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => `Interlude ${from + n}`);
    const publish = ({ write }: Bench, name: string, count: number, access?: WantedAccess) => {
      write.publish(
        publication(releaseIdOf(name), as(1), {
          ...{ album: name, tracks: tracks(0, count), private: true },
          ...(access && { access }),
        }),
      );
      while (write.indexMore());
    };
    for (const bench of [hidden, visible]) {
      publish(bench, 'old with seeds', 300);
      if (bench === hidden) publish(bench, 'not for you', 700, { visibility: 'nobody' });
      publish(bench, 'new', 1_800);
      bench.read.setSwarms([{ releaseId: releaseIdOf('old with seeds'), seeds: 5, leechers: 0 }]);
    }
    const pages = ({ read }: Bench) => {
      const all: string[][] = [];
      for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
        const { rows, next } = read.searchTracks({ viewer: anonymous, text: 'interlude', after });
        all.push(rows.map(({ releaseId, fileIndex }) => `${releaseId} ${fileIndex}`));
        after = next;
      }
      return all;
    };
    expect(pages(hidden)).toEqual(pages(visible));
  });
});

it('a word of an older version, or of a release hidden now, finds nothing', () => {
  const { write, read } = openBench();
  const found = (text: string) => read.searchTracks({ viewer: anonymous, text }).rows.length;
  const releaseId = releaseIdOf('one');
  const first: Album = { album: 'One', tracks: ['Thunderbird'], private: true };
  write.publish(publication(releaseId, as(1), first));
  expect(found('thunderbyrd')).toBe(1);
  write.addVersion({ ...publication(releaseId, as(1), { ...first, tracks: ['Lightning'] }), version: 2 });
  expect([found('thunderbyrd'), found('lihgtning')]).toEqual([0, 1]);
  write.changeAccess({ viewer: as(1), releaseId, access: { visibility: 'members' }, nowMs: 1 });
  expect(found('lihgtning')).toBe(0);
  const guest: Viewer = { accountId: 1, role: 'guest', groupIds: [] };
  expect(read.searchTracks({ viewer: guest, text: 'lihgtning' }).rows.length).toBe(1);
});
