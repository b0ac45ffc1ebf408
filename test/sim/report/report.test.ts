/** The report shows the run as it was, and filming changes nothing. */
import { expect, it } from 'vitest';
import { drawPlan } from '../plan/draw.ts';
import type { SwarmPlan } from '../plan/schema.ts';
import { runPlan } from '../runner/run-plan.ts';
import { filmRun, runPage } from './run-page.ts';

const plan: SwarmPlan = {
  story: 'Who is <b> & "c"?',
  seed: 2,
  torrent: { pieces: 12, pieceBytes: 65_536 },
  trackers: [{ name: 'main' }],
  peers: [
    { name: 'seed', has: 'all' },
    { name: 'leech', count: 3 },
    { name: 'foe', role: 'poisoner' },
  ],
  faults: [
    { type: 'crash', peers: ['leech-0'], atMs: 500, forMs: 1_000 },
    { type: 'disk', kind: 'slow', peers: ['leech-1'], atMs: 100, forMs: 900 },
    { type: 'reset', peers: ['leech-2'], atMs: 700 },
  ],
  healMs: 2_000,
};
const filmed = filmRun('seed 2', 'npm run sim -- "x"', plan);

it.each([2, 8, 31])('a filmed run has the same result as one that is not filmed (seed %i)', (seed) => {
  const drawn = drawPlan(seed);
  expect(filmRun('', '', drawn).result).toEqual(runPlan(drawn));
});

it('a film starts with the initial shares, ends with complete peers and shows a crashed peer as down', () => {
  const { frames, names } = filmed.film;
  expect(names).toEqual(['seed', 'leech-0', 'leech-1', 'leech-2']);
  expect(frames[0]!.peers.map(({ share }) => share)).toEqual([1, 0, 0, 0]);
  expect(frames.at(-1)!.peers.map(({ share }) => share)).toEqual([1, 1, 1, 1]);
  expect(frames.at(-1)!.rarest).toBe(4);
  const crash = frames.filter(({ peers }) => peers[1]!.state === 'down');
  expect(crash[0]!.seconds).toBeGreaterThanOrEqual(0.5);
  expect(crash.at(-1)!.seconds).toBeLessThanOrEqual(1.6);
  for (const [i, { seconds }] of frames.slice(1).entries())
    expect(seconds).toBeGreaterThan(frames[i]!.seconds);
});

it('a page loads nothing from elsewhere and escapes the texts of the plan', () => {
  const page = runPage([filmed]);
  expect(page).not.toMatch(/NaN|Infinity|undefined|<script|https?:|url\(|<b>/);
  expect(page).toContain('Who is &#60;b&#62; &#38; &#34;c&#34;?');
});

it('a page names every peer, hostile peer, kind of fault and failure', () => {
  const page = runPage([filmed]);
  for (const word of [
    'seed',
    'leech-2',
    'foe (poisoner)',
    'crash',
    'disk: slow',
    'reset',
    'everything heals',
  ])
    expect(page).toContain(word);
  expect(page).toContain('Every rule held.');
  const late = runPage([
    filmRun('late', 'x', { ...plan, untilMs: 2_100, torrent: { pieces: 400, pieceBytes: 65_536 } }),
  ]);
  expect(late).toMatch(/class="failed">late at 2\.100 s: leech-/);
});

it('two runs on one page share one scale', () => {
  const longer = filmRun('longer', 'y', { ...plan, torrent: { pieces: 48, pieceBytes: 65_536 } });
  const page = runPage([filmed, longer]);
  expect(page).toContain('seed 2 beside longer');
  const ticks = page
    .split('<section>')
    .slice(1)
    .map((section) => section.match(/<text[^>]*>[\d.]+ s<\/text>/g)?.length);
  expect(ticks[0]).toBeGreaterThan(0);
  expect(ticks[0]).toBe(ticks[1]);
});

it('a page shows some of thousands of peers and says how many', () => {
  const crowd = filmRun('crowd', 'z', {
    seed: 1,
    torrent: { pieces: 1, pieceBytes: 1_000 },
    limits: { connectionsPerTorrentMax: 6 },
    trackers: [{ name: 'main' }],
    peers: [
      { name: 'seed', has: 'all' },
      { name: 'leech', count: 70 },
    ],
  });
  expect(runPage([crowd])).toContain('What each peer has (1 of 2 is shown)');
});
