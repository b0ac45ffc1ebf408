/**
 * A program to be killed: a whole tracker with catalogue and community, and users who publish and chat over
 * HTTP without a pause. Every acknowledgement is passed to the parent at once. The parent may ask whether
 * everything acknowledged is still known. A seed announces as soon as the tracker is back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { startTracker } from '../../tracker/api.ts';
import { encodeBytes } from '../../tracker/protocol/query.ts';
import { albumTorrent, releaseIdOf } from '../tracker/catalogue/catalogue-album.ts';

/** What the tracker has acknowledged to the parent. */
export interface Ledger {
  /** Message ID → text. */
  readonly messages: readonly (readonly [id: string, text: string])[];
  readonly releaseIds: readonly string[];
  /** In the order in which they were issued. */
  readonly feedKeys: readonly string[];
}

/** A publisher and a follower: sessions that outlive every kill. */
export interface People {
  readonly publisher: string;
  readonly follower: string;
}

export type FromChild =
  | { readonly ready: People }
  | { readonly said: readonly [id: string, text: string] }
  | { readonly published: string }
  | { readonly feedKey: string }
  | { readonly missing: readonly string[] };

export interface ToChild {
  readonly check: Ledger;
}

const talkers = 8;
const publishers = 2;

const [dataFolder, ...known] = process.argv.slice(2);
const say = (message: FromChild) => process.send!(message);

// All requests come from one address. A clock that runs ahead lifts the rate limits, which other tests check.
let startedMs = 0;
const nowMs = () => (startedMs += 1_000);
const registry = { peerTimeoutSeconds: 1e9 };
const tracker = await startTracker({ port: 0, dataFolder: dataFolder!, nowMs, registry });
const people: People =
  known.length === 2
    ? { publisher: known[0]!, follower: known[1]! }
    : await registerPeople(tracker.setupToken!);
const { publisher, follower } = people;
say({ ready: people });

process.on('message', async ({ check }: ToChild) => {
  say({ missing: await missing(check) });
  load();
});

async function call(
  token: string | undefined,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: object,
  // biome-ignore lint/suspicious/noExplicitAny: the answers of our own API, whose shapes other tests check.
): Promise<any> {
  const answer = await request(`${tracker.url}/api/v1${path}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function registerPeople(setupToken: string): Promise<People> {
  const password = 'correct horse battery';
  const { session } = await call(undefined, 'POST', '/accounts', {
    ...{ name: 'Ada', password, setupToken, mayShare: true },
  });
  const other = await call(undefined, 'POST', '/accounts', { name: 'Bo', password });
  await call(other.session.token, 'PUT', '/accounts/Ada/follow');
  return { publisher: session.token, follower: other.session.token };
}

function load(): void {
  for (let i = 0; i < talkers; i++) void talk(i);
  for (let i = 0; i < publishers; i++) void publish(i);
  void renew();
}

async function talk(talker: number): Promise<never> {
  for (let i = 0; ; i++) {
    const said = { text: `${process.pid} ${talker} says ${i}` };
    const { id, text } = await call(publisher, 'POST', '/rooms/lobby/messages', said);
    say({ said: [id, text] });
  }
}

async function publish(line: number): Promise<never> {
  for (let i = 0; ; i++) {
    const album = `Album ${process.pid} ${line} ${i}`;
    const titles = Array.from({ length: 15 }, (_, track) => `${album} song ${track}`);
    const releaseId = releaseIdOf(album);
    await call(publisher, 'POST', '/releases', {
      releaseId,
      torrent: Buffer.from(albumTorrent({ album, tracks: titles })).toString('base64'),
      album,
      tracks: titles.map((title, fileIndex) => ({ fileIndex, title })),
      publishedAtMs: 1_700_000_000_000,
    });
    say({ published: releaseId });
  }
}

async function renew(): Promise<never> {
  for (;;) {
    say({ feedKey: (await call(publisher, 'POST', '/accounts/me/passkey')).feedKey });
    await sleep(5);
  }
}

/** What is missing, in words. At most ten faults are reported. */
async function missing({ messages, releaseIds, feedKeys }: Ledger): Promise<string[]> {
  const faults: string[] = [];
  const { feedKey } = await call(publisher, 'GET', '/accounts/me');
  // A later key may have been stored before its acknowledgement was sent. A replaced key must never be valid
  // again.
  if (feedKeys.slice(0, -1).includes(feedKey)) faults.push('old keys and passkeys are good again');
  for (const [id, text] of messages) {
    // Finds the message before it, then the message after that one.
    const { rows: older } = await call(publisher, 'GET', `/rooms/lobby/messages?before=${id}&limit=1`);
    const edge = older[0] === undefined ? '' : `&after=${older[0].id}`;
    const { rows } = await call(publisher, 'GET', `/rooms/lobby/messages?limit=1${edge}`);
    if (older[0] !== undefined && (rows[0]?.id !== id || rows[0].text !== text))
      faults.push(`message ${id} ${text}`);
  }
  for (const releaseId of releaseIds) {
    const release = await call(publisher, 'GET', `/releases/${releaseId}`).catch(() => undefined);
    if (release?.tracks.length !== 15) faults.push(`release ${releaseId}`);
    else if (!(await announces(release.infoHashV2, release.announceUrl)))
      faults.push(`release ${releaseId} is not served`);
    else if (!(await isHeldByAda(releaseId))) faults.push(`the holder of release ${releaseId} is not shown`);
  }
  faults.push(...(await untold(releaseIds)));
  return faults.slice(0, 10);
}

/** Announces as the publisher's client does. */
async function announces(infoHashV2: string, announceUrl: string): Promise<boolean> {
  const hash = encodeBytes(Buffer.from(infoHashV2, 'hex').subarray(0, 20));
  const query = `info_hash=${hash}&peer_id=-XX0001-aaaaaaaaaaaa&port=6881&left=0&compact=1`;
  const { body } = await request(`${announceUrl}?${query}`);
  return (await body.text()).includes('8:completei1e');
}

async function isHeldByAda(releaseId: string): Promise<boolean> {
  const { holders } = await call(undefined, 'GET', `/releases/${releaseId}`);
  return holders.some(({ name, isSeed }: { name: string; isSeed: boolean }) => name === 'Ada' && isSeed);
}

/**
 * The releases that the follower was not notified of. Notifications that a kill has cut short are sent soon
 * after the start.
 */
async function untold(releaseIds: readonly string[]): Promise<string[]> {
  // An inbox keeps the last thousand notices.
  const wanted = new Set(releaseIds.slice(-noticesLookedAt));
  for (let tries = 0; tries < 200 && wanted.size > 0; tries++) {
    let before: string | undefined;
    for (let page = 0; page < 20; page++) {
      const edge = before === undefined ? '' : `&before=${before}`;
      const { rows, hasMore } = await call(follower, 'GET', `/notices?limit=50${edge}`);
      for (const { releaseId } of rows) wanted.delete(releaseId);
      before = rows.at(-1)?.id;
      if (!hasMore) break;
    }
    await sleep(20);
  }
  return [...wanted].map((releaseId) => `the follower has no notice of release ${releaseId}`);
}

const noticesLookedAt = 200;
