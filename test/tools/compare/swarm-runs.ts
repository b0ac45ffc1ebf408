/**
 * Records torrents that go from one program to another: a tracker without a catalogue, a seeder and a
 * downloader.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Document } from '../../e2e/child.ts';
import { filesBelow, makeFixedFolders } from './fixed-folders.ts';
import type { Stage } from './stage.ts';

/** How often these events come depends on timing: figures, and which peers met. */
const chanceEvents: ReadonlySet<unknown> = new Set([
  ...['progress', 'peer-connected', 'peer-dropped', 'dial-failed', 'tracker-answered', 'tracker-failed'],
]);
/** For `answer`: selects what must be the same with any timing. */
export const fetching = {
  only: ({ event }: Document) => !chanceEvents.has(event),
  sorted: true,
} as const;

export async function recordSwarm(stage: Stage): Promise<void> {
  makeFixedFolders(stage.in());
  const tracker = stage.start(['tracker', '--listen', '127.0.0.1:0']);
  const { announce, ...listening } = await tracker.event('listening');
  stage.note('a tracker listens', stage.names.ofDocument({ announce, ...listening }));
  const made: Record<string, Document> = {};
  for (const [kind, format] of [
    ...['Nested', 'Scripts'].map((kind) => [kind, 'hybrid']),
    ['Edges', 'v2'],
    ['Larger', 'v1'],
  ])
    made[kind!] = await stage.do(['create', kind!, '--format', format!, '-a', String(announce)]);
  const seeds = Object.keys(made).map((kind) =>
    stage.start(['seed', `${kind}.torrent`, kind, '--port', '0'], { by: `seeder of ${kind}` }),
  );
  for (const seed of seeds) await seed.event('tracker-answered');
  const { port } = await seeds[0]!.event('seeding');
  const peer = `127.0.0.1:${port}`;
  const { infoHash, magnet } = made.Nested!;

  const get = async (what: string, ...args: string[]) => {
    const out = `got ${what}`;
    await stage.answer(what, ['get', ...args, '-o', out, '--port', '0', '--json'], fetching);
    noteFiles(stage, `files of ${what}`, out);
  };
  for (const kind of Object.keys(made)) await get(`a torrent file: ${kind}`, `${kind}.torrent`);
  await get('a magnet link', String(magnet));
  await get('an info-hash', String(infoHash), '--tracker', String(announce));
  await get('a peer without a tracker', String(infoHash), '--peer', peer);
  await get('some files', 'Nested.torrent', '--select-file', '1-2,4');
  await get('some files by their names', 'Nested.torrent', '--include', '*.flac', '--exclude', '*Nine*');
  await get('in sequence', 'Larger.torrent', '--sequential');
  await get('two at once', 'Nested.torrent', 'Edges.torrent');
  const out = ['-o', 'got a torrent file: Nested', '--port', '0'];
  await stage.answer('what is there already', ['get', 'Nested.torrent', ...out, '--json'], fetching);
  await stage.answer('what is there already, in words', ['get', 'Nested.torrent', ...out]);
  await stage.answer(
    'the rest of some files',
    ['get', 'Nested.torrent', '-o', 'got some files', '--port', '0', '--json'],
    fetching,
  );
  noteFiles(stage, 'files of the rest of some files', 'got some files');
  const done = ['--on-done', 'echo "$CICADA_NAME $CICADA_INFO_HASH $CICADA_PATH" > told'];
  await stage.answer(
    'on-done',
    ['get', 'Scripts.torrent', '-o', 'got on-done', '--port', '0', ...done, '--json'],
    fetching,
  );
  stage.note('what on-done was told', stage.names.ofText(readFileSync(stage.in('got on-done/told'), 'utf8')));
  await stage.answer('info of a magnet link', [
    'info',
    String(magnet),
    '--peer',
    peer,
    '--port',
    '0',
    '--json',
  ]);
  await stage.answer('verify what was fetched', [
    'verify',
    'Scripts.torrent',
    'got a torrent file: Scripts',
    '--json',
  ]);
  await noteStatus(stage, 'status of who fetched');
  await noteReplies(stage, String(announce), String(infoHash));

  for (const [at, seed] of seeds.entries()) await stage.stop(`seed ${at}`, seed, fetching);
  await stage.stop('the tracker', tracker);
  const share = stage.start(['share', 'Nested', '--port', '0', '--listen', '127.0.0.1:0']);
  const { url } = await share.event('sharing');
  await share.event('tracker-answered');
  await get('a web address', String(url));
  await stage.stop('share with a tracker of its own', share, fetching);
}

/**
 * The torrents that this machine knows. Sorted, because their order is by time and two may have the same
 * time.
 */
export async function noteStatus(stage: Stage, what: string, by = 'ada'): Promise<void> {
  const { documents } = await stage.run(['status', '--json'], { by });
  const torrents = (documents[0]?.torrents ?? []) as Document[];
  const told = torrents.map(({ number: _, ...torrent }) => stage.names.ofDocument(torrent));
  stage.note(what, told.sort().join('\n'));
}

/** Notes the names, sizes and contents of all files. */
export function noteFiles(stage: Stage, what: string, folder: string): void {
  const lines = filesBelow(stage.in(folder)).map((path) => {
    const bytes = readFileSync(path);
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    return `${relative(stage.in(folder), path)} ${bytes.length} ${hash}`;
  });
  stage.note(what, lines.join('\n'));
}

/** The tracker's replies to other clients, byte for byte except for ports. */
async function noteReplies(stage: Stage, announce: string, infoHash: string): Promise<void> {
  const hash = infoHash.replace(/../g, '%$&');
  const asks: Record<string, string> = {
    'one who has nothing': `info_hash=${hash}&peer_id=-XX0001-abcdefghijkl&port=1&left=9&event=started&numwant=0&compact=1`,
    'a hash that is too short': 'info_hash=abc&peer_id=-XX0001-abcdefghijkl&port=1',
    'no port': `info_hash=${hash}&peer_id=-XX0001-abcdefghijkl`,
    'one who goes': `info_hash=${hash}&peer_id=-XX0001-abcdefghijkl&port=1&left=9&event=stopped`,
  };
  const reply = async (url: string) => {
    const answer = await fetch(url);
    const text = Buffer.from(await answer.arrayBuffer()).toString('latin1');
    return stage.names.ofText(`${answer.status} ${answer.headers.get('content-type')}\n${text}`);
  };
  for (const [what, query] of Object.entries(asks))
    stage.note(`announce of ${what}`, withoutIntervals(await reply(`${announce}?${query}`)));
  const scrape = announce.replace(/announce$/, 'scrape');
  stage.note('scrape', withoutIntervals(await reply(`${scrape}?info_hash=${hash}`)));
  for (const path of ['', 'health', 'nothing/here'])
    stage.note(`the tracker’s /${path}`, await reply(announce.replace(/announce$/, path)));
}

/** The tracker randomises its intervals. */
function withoutIntervals(reply: string): string {
  return reply
    .replace(/8:intervali\d+e/, '8:intervali<seconds>e')
    .replace(/12:min intervali\d+e/, '12:min intervali<seconds>e');
}
