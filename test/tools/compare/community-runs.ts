/**
 * Records a tracker with a catalogue and three users: every command of the community, and the answers of the
 * API.
 */
import { rmSync } from 'node:fs';
import type { Child, Document } from '../../e2e/child.ts';
import { makeFixedFolders } from './fixed-folders.ts';
import type { Stage } from './stage.ts';
import { fetching, noteFiles, noteStatus } from './swarm-runs.ts';

export interface Community {
  readonly tracker: Child;
  /** The address of its API. The port stays the same. */
  readonly api: string;
  readonly release: string;
}

/** Ada owns the tracker and has published an album. Ben and Cleo are members. */
export async function openCommunity(stage: Stage): Promise<Community> {
  makeFixedFolders(stage.in());
  const tracker = stage.start(['tracker', '--listen', '127.0.0.1:0', '--data', 'tracker data']);
  const listening = await tracker.event('listening');
  stage.note('a tracker with a catalogue listens', stage.names.ofDocument(listening));
  const api = String(listening.api);
  const there = ['--tracker', api, '--json'];
  await stage.answer('register as owner', ['register', 'ada', `--setup=${listening.setupToken}`, ...there]);
  await stage.answer('register as member', ['register', 'ben', ...there], { by: 'ben' });
  await stage.do(['register', 'cleo', '--tracker', api], { by: 'cleo' });
  await stage.answer('a name that is taken', ['register', 'ben', ...there], { by: 'dora' });
  const { documents } = await stage.answer('publish', ['publish', 'music/Noon', '--json']);
  return { tracker, api, release: String(documents.at(-1)?.release) };
}

export async function recordCommunity(stage: Stage): Promise<void> {
  const { tracker, api, release } = await openCommunity(stage);
  // Records one command under the name of the user who runs it.
  const say = async (by: string, ...args: string[]) =>
    await stage.answer(`${by}: ${stage.names.ofText(args.join(' '))}`, [...args, '--json'], { by });
  await publishMore(stage, say, release);
  await findAndFetch(stage, say, release);
  await talk(say, release);
  await moderate(stage, say, release);
  await noteApi(stage, api, release);
  await say('ada', 'account', 'export');
  await say('cleo', 'account', 'delete', '--yes');
  await say('cleo', 'whoami');
  await stage.stop('the tracker with a catalogue', tracker);
}

/** Whether a search has results. */
export function hasRows({ rows }: Document): boolean {
  return Array.isArray(rows) && rows.length > 0;
}

type Say = (by: string, ...args: string[]) => Promise<{ readonly documents: readonly Document[] }>;

async function publishMore(stage: Stage, say: Say, release: string): Promise<void> {
  await say('ada', 'publish', 'music/Noon');
  await say('ada', 'publish', 'music/東の空', '--visibility', 'members');
  await say('ada', 'group', 'friends', '--add', 'ben');
  await say('ada', 'publish', 'music/Secret', '--visibility', 'group:friends');
  await say('ben', 'publish', 'music/Untagged', '--comment', 'no tags at all');
  await say('ben', 'publish', 'music/Noon');
  await say('dora', 'publish', 'music/Untagged');
  await say('ben', 'unpublish', release);
  rmSync(stage.in('music/Noon/cover.png'));
  await say('ada', 'publish', 'music/Noon');
}

async function findAndFetch(stage: Stage, say: Say, release: string): Promise<void> {
  const sharing = stage.start(['share', 'music/Secret', '--port', '0']);
  await sharing.event('sharing');
  await sharing.event('tracker-answered');
  await stage.until(['search', 'hush', '--has-seeds'], hasRows);
  for (const by of ['ben', 'cleo']) {
    await say(by, 'search', 'hush');
    await say(by, 'browse');
  }
  await say('ben', 'search', 'evning', 'call');
  await say('ben', 'search', '夜明');
  await say('ben', 'search', 'noon', '--albums', '--year', '1990-1999', '--codec', 'flac');
  await say('ben', 'search', 'first', '--has-seeds');
  await say('ben', 'browse', 'ada');
  await say('ben', 'browse', 'nemo');
  await say('ben', 'info', release);
  await say('ben', 'search', 'hush');
  const got = ['get', '1', '-o', 'got a release', '--port', '0'];
  await stage.answer('ben: get 1', [...got, '--json'], { by: 'ben', ...fetching });
  noteFiles(stage, 'files of a release', 'got a release');
  await noteStatus(stage, 'status of ben', 'ben');
  await stage.stop('share of a release', sharing, fetching);
}

async function talk(say: Say, release: string): Promise<void> {
  await say('ada', 'rooms', '--open', 'jazz', '--topic', 'last night');
  await say('ada', 'say', 'jazz', 'one', 'two');
  await say('ben', 'say', 'jazz', 'three – ümläut');
  await say('ben', 'say', 'nowhere', 'x');
  await say('ben', 'say', '@ada', 'just to you');
  await say('ben', 'comment', release, 'the best of hers');
  for (const place of ['jazz', '@ben', release]) await say('ada', 'read', place);
  await say('ben', 'rooms');
  await say('ben', 'follow', release);
  await say('ben', 'follow', '@ada');
  await say('ben', 'follow');
  await say('ben', 'wish', 'wings', '--codec', 'flac', '--download');
  await say('ben', 'wishes');
  await say('ben', 'unwish', 'wings');
  await say('ben', 'unfollow', '@ada');
  await say('ada', 'inbox');
  await say('ada', 'inbox');
  for (const word of ['mute', 'unmute', 'block', 'unblock']) await say('ben', word, 'cleo');
  await say('ben', 'mute');
  await say('ben', 'group');
}

async function moderate(stage: Stage, say: Say, release: string): Promise<void> {
  await say('ben', 'report', release, 'not hers');
  await say('ben', 'admin', 'reports');
  await say('ada', 'admin', 'reports');
  await say('ada', 'invite', '--note', 'for dora', '--uses', '2');
  await say('ada', 'admin', 'ban', 'ben', 'a test');
  await say('ben', 'say', 'lobby', 'x');
  await say('ada', 'admin', 'bans');
  await say('ada', 'admin', 'unban', 'ben');
  await say('ben', 'login', 'ben');
  await say('ada', 'admin', 'role', 'ben', 'moderator');
  await say('ben', 'unpublish', release, '--reason', 'until it is clear');
  await say('ada', 'inbox', '--keep');
  for (const list of ['takedowns', 'blocks', 'waiting', 'members', 'invitations', 'audit'])
    await say('ada', 'admin', list);
  await say('ben', 'admin', 'restore', release);
  await say('ben', 'whoami');
  await say('ben', 'logout');
  await say('ben', 'inbox');
  await stage.answer('whoami, in words', ['whoami']);
  await stage.answer('browse, in words', ['browse']);
}

/** What the API answers to strangers, and its OpenAPI description. */
async function noteApi(stage: Stage, api: string, release: string): Promise<void> {
  const paths = [
    ...['server', 'releases', `releases/${release}`, `releases/${release}/versions`, 'search?q=heat'],
    ...['rooms', 'rooms/lobby/messages', 'accounts/ada', 'accounts/ada/releases', 'accounts/me', 'online'],
    ...['audit', 'nothing', 'openapi.json'],
  ];
  for (const path of paths) await note(`/api/v1/${path}`);
  for (const path of [
    '/',
    `/releases/${release}`,
    '/rss/search?q=heat',
    '/rss/users/ada',
    '/rss/rooms/lobby',
  ])
    await note(path);

  async function note(path: string): Promise<void> {
    const answer = await fetch(api + path);
    const body = stage.names.ofOutput(await answer.text());
    const head = `${answer.status} ${answer.headers.get('content-type')}`;
    stage.note(`the tracker’s ${stage.names.ofText(path)}`, `${head}\n${body}`);
  }
}
