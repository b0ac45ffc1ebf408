/**
 * A catalogue of a million tracks in 80,000 releases: the time to open it, to search and to publish, and its
 * size.
 *
 * Searches use the database's worker threads as the tracker does, one search at a time, so each figure is
 * what one user waits for. The files were just written, so they are in the page cache. Each kind of search is
 * warmed up by others of its kind. CICADA_BENCH_CATALOGUE=FILE keeps the database for the next run.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Viewer } from '../../tracker/access.ts';
import type { Catalogue, SearchInput } from '../../tracker/catalogue/contract.ts';
import { catalogueStores, sqliteCatalogue } from '../../tracker/catalogue/sqlite-catalogue.ts';
import { openDatabase } from '../../tracker/database/database.ts';
import { publication, releaseIdOf } from '../tracker/catalogue/catalogue-album.ts';
import { fillCatalogue, publisherCount } from './catalogue-fill.ts';
import { musicLibrary } from './catalogue-music.ts';
import { createPrng } from './catalogue-prng.ts';
import { questionKinds, releaseQuestionKinds } from './catalogue-questions.ts';

const releases = 80_000;
const questionsEach = 300;
const warmUpEach = 30;
const publications = 100;
const tracksPublished = 15;
const viewer: Viewer = { accountId: 1, role: 'member', groupIds: [] };

export async function benchCatalogue(report: (line: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cicada-bench-'));
  const kept = process.env.CICADA_BENCH_CATALOGUE;
  const path = kept ?? join(folder, 'cicada.db');
  try {
    if (!existsSync(path)) {
      const startedMs = performance.now();
      fillCatalogue(path, releases, () => {});
      report(`  filled in ${((performance.now() - startedMs) / 1000).toFixed(0)} s, ${releases} releases`);
    }
    const startedMs = performance.now();
    const database = await openDatabase({ path, rooms: { catalogue: catalogueStores } });
    report(`  open with its vocabulary in memory   ${Math.round(performance.now() - startedMs)} ms`);
    const catalogue = sqliteCatalogue(database, new Uint8Array(32));
    try {
      await seedHalf(catalogue);
      await benchSearch(catalogue, report);
      await benchPublish(catalogue, report);
    } finally {
      await database.close();
    }
    report(`  database                             ${((await stat(path)).size / 2 ** 20).toFixed(0)} MiB`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function seedHalf(catalogue: Catalogue): Promise<void> {
  const prng = createPrng(5);
  for (let from = 0; from < releases; from += 2_000) {
    const counts = Array.from({ length: 1_000 }, (_, n) => ({
      releaseId: releaseIdOf(`bench ${from + 2 * n}`),
      seeds: 1 + prng.uneven(200),
      leechers: prng.uneven(50),
    }));
    await catalogue.setSwarms(counts);
  }
}

async function benchSearch(catalogue: Catalogue, report: (line: string) => void): Promise<void> {
  const albumOf = musicLibrary();
  const all: number[] = [];
  for (const [name, questionOf] of Object.entries({ ...questionKinds, ...releaseQuestionKinds })) {
    const search = Object.hasOwn(questionKinds, name) ? catalogue.searchTracks : catalogue.searchReleases;
    const prng = createPrng(9);
    const timesMs: number[] = [];
    let rows = 0;
    for (let n = -warmUpEach; n < questionsEach; n++) {
      const question = questionOf(albumOf(prng.below(releases)), prng);
      const input: SearchInput = { viewer, limit: 50, ...question };
      const startedMs = performance.now();
      const page = await search(input);
      const tookMs = performance.now() - startedMs;
      if (n < 0) continue;
      timesMs.push(tookMs);
      rows += page.rows.length;
    }
    all.push(...timesMs);
    report(`  ${name.padEnd(36)} ${percentiles(timesMs)}   ${(rows / questionsEach).toFixed(0)} rows`);
  }
  report(`  ${'all searches'.padEnd(36)} ${percentiles(all)}`);
}

async function benchPublish(catalogue: Catalogue, report: (line: string) => void): Promise<void> {
  const albumOf = musicLibrary();
  const timesMs: number[] = [];
  const run = Date.now();
  for (let n = 0; n < publications; n++) {
    const publisher = { ...viewer, accountId: 1 + (n % publisherCount) };
    const [album, more] = [albumOf(releases + 2 * n), albumOf(releases + 2 * n + 1)];
    const tracks = [...album.tracks, ...more.tracks].slice(0, tracksPublished);
    const input = publication(releaseIdOf(`${run} ${n}`), publisher, {
      ...album,
      album: `${album.album} ${run}`,
      tracks,
    });
    const startedMs = performance.now();
    await catalogue.publish(input);
    timesMs.push(performance.now() - startedMs);
  }
  report(`  ${`publish ${tracksPublished} tracks, synced to the disk`.padEnd(36)} ${percentiles(timesMs)}`);
}

function percentiles(timesMs: readonly number[]): string {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(1);
  return `p50 ${at(0.5).padStart(6)} ms   p99 ${at(0.99).padStart(6)} ms   worst ${at(1).padStart(6)} ms`;
}
