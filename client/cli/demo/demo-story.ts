/**
 * The story of the demo, act by act, told by running the public commands as child processes. Every figure
 * that it prints comes from one of them, or is measured here.
 */
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { count, duration, grouped, list, percent, rate, size, sizeOf } from '../../../torrents/wording.ts';
import { badOption, CliError } from '../cli-error.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { exitCode } from '../exit-codes.ts';
import { calledAs, quoted } from '../screen/command-line.ts';
import { type LiveText, type Output, paint } from '../screen/output.ts';
import { barLine } from '../screen/progress-line.ts';
import { padToWidth } from '../screen/text-width.ts';
import { albumFolder, writeDemoAlbum } from './demo-album.ts';
import { learnSources, type Part, Seeder, seederLine, seederWords } from './demo-cast.ts';
import type { Children, Document } from './demo-children.ts';
import { copyAltered, digestOf, requireSpace } from './demo-files.ts';

/** The folder of downloads, inside the stage. */
export const copiesFolder = 'downloads';

interface World {
  /** A temporary folder of the demo, in which the commands run. */
  readonly stage: string;
  readonly children: Children;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** How long the download should take when one of three honest seeders leaves at half time. */
  readonly watchSeconds: number;
}

/** The torrent of the demo. */
interface Shared {
  /** The shared folder, and its parent folder. */
  readonly folder: string;
  readonly torrent: string;
  readonly name: string;
  readonly bytes: number;
  /** Paths of its files, inside the folder. */
  readonly paths: readonly string[];
}

/** A smaller folder has too few pieces for all seeders to send some. */
const bytesMin = 4 * 1024 * 1024;
/** The album, the altered copy and the download each need space. */
const copiesMade = 3;
/** At most 16 files are printed; all are compared. */
const filesShownMax = 16;

/** Returns how the story ended, and where the copy is. Throws when the demo cannot run. */
export async function tellStory(
  folder: string | undefined,
  world: World,
): Promise<{ code: number; copy: string }> {
  const { output } = world;
  output.result(paint('bold', 'Cicada: sharing music folders, from many people at once'));
  output.result(paint('dim', 'Everything below is done by the real commands, here and now.'));
  const source = await chooseFolder(folder, world);
  const shared = await makeTorrent(source, world);
  const seeders = await startSeeders(shared, world);
  const done = await download(shared, seeders, world);
  const isIdentical = await prove(shared, String(done.path), world);
  return { code: conclude({ shared, seeders, done, isIdentical }, output), copy: String(done.path) };
}

function act(number: number, title: string, { output }: World): void {
  output.result(`\n${paint('bold', `${number}  ${title}`)}`);
}

/** Starts one of the public commands, and shows its command line. */
function run(args: readonly string[], { children, output }: World) {
  output.result(paint('dim', `   $ ${calledAs} ${args.map(quoted).join(' ')}`));
  return children.start(args);
}

async function chooseFolder(folder: string | undefined, world: World): Promise<string> {
  if (folder !== undefined) {
    act(1, 'Your folder', world);
    const path = resolve(folder);
    const stats = await stat(path).catch(() => undefined);
    if (stats === undefined) throw new CliError('not-found', `there is no folder ${path}`);
    if (!stats.isDirectory()) throw badOption(`${path} is no folder: the demo shares folders`);
    world.output.result(`   ${plain(path)}, which is only read`);
    return path;
  }
  act(1, 'An album', world);
  const startedMs = performance.now();
  const tracks = await writeDemoAlbum(world.stage, world.signal);
  const bytes = tracks.reduce((sum, track) => sum + track.bytes, 0);
  const time = duration((performance.now() - startedMs) / 1000);
  world.output.result(
    `   ${albumFolder}: ${tracks.length} tracks, ${size(bytes)}, written and played in ${time}`,
  );
  return join(world.stage, albumFolder);
}

async function makeTorrent(folder: string, world: World): Promise<Shared> {
  act(2, 'A tracker, and a torrent of it', world);
  const tracker = run(['tracker', '--listen', '127.0.0.1:0'], world);
  const { announce } = await tracker.event('listening');
  const given = dirname(folder) === world.stage ? basename(folder) : folder;
  const create = run(['create', given, '-a', String(announce)], world);
  const { torrent, bytes, pieces, pieceLength, infoHash, name } = await create.document();
  if (Number(bytes) < bytesMin) {
    throw badOption(
      `${folder} holds ${size(Number(bytes))}: with less than ${size(bytesMin)} there is nothing to see`,
    );
  }
  const hash = String(infoHash).slice(0, 16);
  const what = `${grouped(Number(pieces))} pieces of ${size(Number(pieceLength))}, each with its own hash`;
  world.output.result(`   ${what}. Info-hash ${hash}…`);
  const { files } = await world.children.start(['info', String(torrent)]).document();
  const paths = (files as readonly Document[]).map(({ path }) => String(path));
  return { folder, torrent: String(torrent), name: String(name), bytes: Number(bytes), paths };
}

async function startSeeders(shared: Shared, world: World): Promise<Seeder[]> {
  act(3, 'Four people share it', world);
  const { folder, torrent, bytes, name } = shared;
  await requireSpace(world.stage, bytes * copiesMade);
  const altered = join(world.stage, 'altered', name);
  await copyAltered(folder, altered, shared.paths, world.signal);
  // Three seeders upload until half time and two after that: 1/6 and 1/4 of the bytes each.
  const limit = `${Math.max(0.1, ((bytes / world.watchSeconds) * (1 / 6 + 1 / 4)) / 2 ** 20).toFixed(1)}MiB/s`;
  const start = (who: string, part: Part, path: string, ...flags: string[]) =>
    new Seeder(
      who,
      part,
      world.children.start(['seed', torrent, path, '--port', '0', '--upload-limit', limit, ...flags]),
    );
  const seeders = [
    start('Ada', 'honest', folder),
    start('Ben', 'honest', folder),
    start('Cleo', 'vanishing', folder),
    start('Mal', 'liar', altered, '--no-verify'),
  ];
  world.output.result(
    paint('dim', `   $ ${calledAs} seed ${quoted(torrent)} FOLDER --upload-limit ${limit}`),
  );
  for (const seeder of seeders) {
    const { port } = await seeder.child.event('seeding');
    seeder.address = `127.0.0.1:${port}`;
    // From now on the tracker includes it in its peer lists.
    await seeder.child.event('tracker-answered');
  }
  const honest = seeders.filter(({ part }) => part !== 'liar').map(({ name: who }) => who);
  world.output.result(`   ${list(honest)} have it; Mal's copy has a wrong byte in every 16 KiB.`);
  return seeders;
}

/** Returns the last line of the downloader. */
async function download(shared: Shared, seeders: readonly Seeder[], world: World): Promise<Document> {
  act(4, 'One fetches it from all of them at once', world);
  const { output } = world;
  const downloader = run(['download', shared.torrent, '--out', copiesFolder, '--port', '0'], world);
  let latest: Document = {};
  downloader.onDocument((document) => {
    if (document.event === 'progress' || document.event === 'done')
      learnSources(seeders, (latest = document));
    if (document.event === 'peer-dropped') onDropped(document, seeders, percentOf(latest), output);
    if (document.event === 'progress') {
      const cleo = seeders.find(({ part, gone }) => part === 'vanishing' && !gone);
      if (cleo !== undefined && Number(document.bytes) >= Number(document.total) / 2)
        vanish(cleo, percentOf(document), output);
      if (output.isLive || Number(document.bytes) > 0) output.live(downloadView(document, seeders));
    }
  });
  const done = await downloader.event('done');
  output.clearLive();
  for (const line of seederLines(seeders, shared.bytes)) output.result(line);
  const { downloaded, seconds, wasted } = done;
  output.result(
    `   ${size(Number(downloaded))} in ${duration(Number(seconds))}, ${rate(Number(downloaded) / Number(seconds))}` +
      (Number(wasted) > 0 ? `; ${size(Number(wasted))} of it was bad and thrown away` : ''),
  );
  await downloader.ended;
  return done;
}

function onDropped(document: Document, seeders: readonly Seeder[], at: string, output: Output): void {
  const seeder = seeders.find(({ address }) => address === document.peer);
  if (seeder === undefined || document.reason !== 'sent-corrupt-data') return;
  seeder.lied = true;
  seeder.downBps = 0;
  const caught = paint('red', `${seeder.name} is caught`);
  output.result(`   at ${at.padStart(3)}  ${caught}: the data does not match its hash. Dropped.`);
}

function vanish(seeder: Seeder, at: string, output: Output): void {
  seeder.gone = true;
  seeder.child.kill();
  output.result(
    `   at ${at.padStart(3)}  ${seeder.name} vanishes: that program is killed in the middle of its work.`,
  );
}

function percentOf({ bytes = 0, total = 1 }: Document): string {
  return percent(Number(bytes), Number(total));
}

function seederLines(seeders: readonly Seeder[], totalBytes: number): string[] {
  // A full bar is half of all bytes, or the largest share when one seeder sends more than half.
  const full = Math.max(totalBytes / 2, ...seeders.map(({ bytes }) => bytes));
  return seeders.map((seeder) => seederLine(seeder, totalBytes, full));
}

function downloadView(progress: Document, seeders: readonly Seeder[]): LiveText {
  const bytes = Number(progress.bytes);
  const total = Number(progress.total);
  const { etaSeconds } = progress;
  const left = typeof etaSeconds === 'number' ? `${duration(etaSeconds)} left` : '';
  const parts = [
    { text: sizeOf(bytes, total), dispensable: 2 },
    { text: `↓ ${rate(Number(progress.downBps))}`, dispensable: 0 },
    { text: left, dispensable: 1 },
  ];
  return {
    lines: (columns) => [...seederLines(seeders, total), `  ${barLine(bytes, total, parts, columns - 3)}`],
    plain: () => `   ${percentOf(progress)}: ${seeders.map(seederWords).join(', ')}`,
  };
}

/** Compares every file with its original, and runs `verify` to check the same by hashes alone. */
async function prove(shared: Shared, copy: string, world: World): Promise<boolean> {
  act(5, 'The proof', world);
  const { output, signal } = world;
  output.result(paint('dim', `   ${'SHA-256 of'.padEnd(36)} the original      the copy`));
  let differing = 0;
  for (const [index, path] of shared.paths.entries()) {
    const original = await digestOf(join(shared.folder, path), signal);
    const copied = await digestOf(join(copy, path), signal);
    const isSame = original === copied;
    if (!isSame) differing += 1;
    if (isSame && index >= filesShownMax) continue;
    const mark = isSame ? paint('green', '✓') : paint('red', '✗ differs');
    output.result(
      `   ${padToWidth(plain(path), 36)} ${original.slice(0, 16)}  ${copied.slice(0, 16)}  ${mark}`,
    );
  }
  const more = shared.paths.length - filesShownMax;
  if (more > 0) output.result(`   and ${count(more, 'file')} more, compared in the same way`);
  const verify = run(['verify', shared.torrent, copiesFolder], world);
  const { ok, pieces } = await verify.document();
  if (ok === true)
    output.result(`   ${paint('green', '✓')} all ${grouped(Number(pieces))} pieces match their hashes`);
  return differing === 0 && ok === true;
}

interface Facts {
  readonly shared: Shared;
  readonly seeders: readonly Seeder[];
  readonly done: Document;
  readonly isIdentical: boolean;
}

/** Succeeds only when every part of the story has happened. */
function conclude({ shared, seeders, done, isIdentical }: Facts, output: Output): number {
  const amiss = [
    ...(isIdentical ? [] : ['the copy differs from the original']),
    ...seeders.flatMap(({ name, part, bytes, lied, gone }) => {
      if (part === 'liar') return lied ? [] : [`${name} was not caught`];
      if (lied) return [`${name} was taken for a liar`];
      if (part === 'vanishing' && !gone) return [`${name} was never killed: the download was over too soon`];
      return bytes > 0 ? [] : [`${name} was never asked for anything`];
    }),
  ];
  const { seconds, downloaded, wasted } = done;
  const ok = amiss.length === 0;
  output.document({
    ...{ event: 'done', ok, amiss, bytes: shared.bytes, seconds, downloaded, wasted },
    seeders: seeders.map(({ name, part, bytes, lied, gone }) => ({ name, part, bytes, lied, gone })),
  });
  if (ok) {
    output.result(
      `\n${paint(['bold', 'green'], 'Identical, byte for byte.')} One lied, one vanished, and it made no difference.`,
    );
    output.result(
      `Now yours: ${paint('bold', `${calledAs} share FOLDER`)} prints what to type on another computer.`,
    );
    return exitCode.done;
  }
  output.result(`\n${paint(['bold', 'red'], 'It did not go as told:')} ${list(amiss)}.`);
  return isIdentical ? exitCode.unknown : exitCode.dataMismatch;
}
