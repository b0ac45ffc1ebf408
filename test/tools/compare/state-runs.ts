/**
 * Records what one version has written and another opens: half-finished downloads with their records, a
 * user's home, a tracker's data. The writing programs end before the opening ones begin. Both use the same
 * place, so that the files have the same inodes.
 */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import type { Document } from '../../e2e/child.ts';
import { type Community, hasRows, openCommunity } from './community-runs.ts';
import type { Stage } from './stage.ts';
import { fetching, noteFiles, noteStatus } from './swarm-runs.ts';

/** In bytes of the first of two files. No peer has the second. */
const halfBytes = 3_000_000;

/** `opener`: the checkout whose programs open the state. Default: the one that has written it. */
export async function recordState(stage: Stage, opener?: string): Promise<void> {
  const { tracker, api, release } = await openCommunity(stage);
  await writeHome(stage, release);
  await writeTrackerData(stage, { tracker, api, release });
  await writeDownloads(stage);
  if (opener !== undefined) stage.enter(opener);
  const again = stage.start(['tracker', '--listen', new URL(api).host, '--data', 'tracker data']);
  stage.note('the tracker listens again', stage.names.ofDocument(await again.event('listening')));
  await openHome(stage, release);
  await openDownloads(stage);
  await stage.stop('the tracker that was opened', again);
}

async function writeHome(stage: Stage, release: string): Promise<void> {
  await stage.do(['group', 'friends', '--add', 'ben']);
  await stage.do(['publish', 'music/Secret', '--visibility', 'group:friends']);
  await stage.do(['rooms', '--open', 'jazz', '--topic', 'last night']);
  await stage.do(['say', 'jazz', 'before the step']);
  await stage.do(['comment', release, 'the best of hers'], { by: 'ben' });
  await stage.do(['follow', release], { by: 'ben' });
  await stage.do(['wish', 'wings', '--codec', 'flac'], { by: 'ben' });
  await stage.do(['mute', 'cleo'], { by: 'ben' });
  await stage.do(['browse', 'ada'], { by: 'ben' });
  await stage.do(['admin', 'ban', 'cleo', 'a test']);
}

/** A sharing client is killed. The tracker has to remember it across its own restart. */
async function writeTrackerData(stage: Stage, { tracker }: Community): Promise<void> {
  const sharing = stage.start(['share', 'music/Noon', '--port', '0']);
  await sharing.event('sharing');
  await sharing.event('tracker-answered');
  await sharing.kill('SIGKILL');
  await stage.stop('the tracker that wrote', tracker);
}

async function writeDownloads(stage: Stage): Promise<void> {
  await stage.do(['create', 'Larger', '--format', 'v1']);
  await stage.do(['create', 'Nested']);
  const seed = stage.start(['seed', 'Larger.torrent', 'Larger', '--port', '0'], { by: 'seeder' });
  const from = ['--peer', await addressOf(seed.event('seeding'))];
  const other = stage.start(['seed', 'Nested.torrent', 'Nested', '--port', '0'], { by: 'other seeder' });
  const fromOther = ['--peer', await addressOf(other.event('seeding'))];
  const chosen = [
    'get',
    'Nested.torrent',
    '-o',
    'chosen',
    '--select-file',
    '1-2,4',
    '--port',
    '0',
    ...fromOther,
  ];
  await stage.do(chosen, { by: 'chooser' });
  // The peer that the next two download from has only the first file.
  const port = await freePort();
  const half = [
    'get',
    'Larger.torrent',
    '-o',
    'first',
    '--select-file',
    '1',
    '--seed',
    '--port',
    port,
    ...from,
  ];
  const partial = stage.start(half, { by: 'partial' });
  await partial.event('done');
  const address = `127.0.0.1:${port}`;
  for (const [by, signal] of [
    ['stopped', 'SIGINT'],
    ['killed', 'SIGKILL'],
  ] as const) {
    const child = stage.start(['get', 'Larger.torrent', '-o', by, '--port', '0', '--peer', address], { by });
    await child.event('progress', ({ bytes }) => Number(bytes) >= halfBytes);
    // Long enough for all of it and its record to reach the disk.
    for (let looks = 0; looks < 8; looks++) await child.nextEvent('progress');
    await child.kill(signal);
  }
  for (const child of [partial, seed, other]) await child.kill('SIGINT');
}

/** `get --seed` does not print its port. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}

async function addressOf(seeding: Promise<Document>): Promise<string> {
  return `127.0.0.1:${(await seeding).port}`;
}

async function openHome(stage: Stage, release: string): Promise<void> {
  const say = (by: string, ...args: string[]) =>
    stage.answer(`opened, ${by}: ${stage.names.ofText(args.join(' '))}`, [...args, '--json'], { by });
  // The tracker remembers the killed share.
  await stage.until(['search', 'heat', '--has-seeds'], hasRows);
  await say('ben', 'browse', 'ada');
  await say('ben', 'info', '1');
  for (const list of ['whoami', 'follow', 'wishes', 'inbox', 'mute', 'group', 'rooms'])
    await say('ben', list);
  await say('ben', 'read', 'jazz');
  await say('ada', 'read', release);
  await say('ada', 'whoami');
  await say('ada', 'publish', 'music/Noon');
  rmSync(stage.in('music/Noon/cover.png'));
  await say('ada', 'publish', 'music/Noon');
  await say('ben', 'inbox');
  await say('cleo', 'say', 'lobby', 'x');
  for (const list of ['audit', 'bans', 'members']) await say('ada', 'admin', list);
  await say('ben', 'logout');
  await say('ben', 'login', 'ben');
  await say('ada', 'account', 'export');
}

async function openDownloads(stage: Stage): Promise<void> {
  const people = ['chooser', 'partial', 'stopped', 'killed', 'seeder'];
  for (const by of people) await noteStatus(stage, `opened, status of ${by}`, by);
  const seed = stage.start(['seed', 'Larger.torrent', 'Larger', '--port', '0'], { by: 'seeder' });
  const other = stage.start(['seed', 'Nested.torrent', 'Nested', '--port', '0'], { by: 'other seeder' });
  const from = ['--peer', await addressOf(seed.event('seeding')), '--port', '0', '--json'];
  const fromOther = ['--peer', await addressOf(other.event('seeding')), '--port', '0', '--json'];
  for (const [by, out] of [
    ['stopped', 'stopped'],
    ['killed', 'killed'],
    ['partial', 'first'],
  ] as const) {
    await stage.answer(`opened, ${by}: the rest`, ['get', 'Larger.torrent', '-o', out, ...from], {
      by,
      ...fetching,
    });
    noteFiles(stage, `opened, files of ${by}`, out);
  }
  const rest = ['get', 'Nested.torrent', '-o', 'chosen', ...fromOther];
  await stage.answer('opened, chooser: the rest', rest, { by: 'chooser', ...fetching });
  noteFiles(stage, 'opened, files of chooser', 'chosen');
  await stage.stop('opened, the seed', seed, fetching);
  await stage.stop('opened, the other seed', other, fetching);
}
