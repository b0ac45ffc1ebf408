/**
 * Work of the library after announces and acknowledgements: after a kill, during a flood, and at its close.
 */
import { cpSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Library, openLibrary } from '../../tracker/library.ts';
import { Registry } from '../../tracker/registry.ts';
import { publication, releaseIdOf } from './catalogue/catalogue-album.ts';
import { enrol, type Person } from './community/community-scene.ts';

let folder: string;
let library: Library;
let clockMs = 0;
const errors: unknown[] = [];
const opened: Library[] = [];

async function open(dataFolder: string, registry = new Registry({ hashSeed: 1 })): Promise<Library> {
  const peerTimeoutMs = 60_000;
  const clock = { nowMs: () => clockMs, wallMs: Date.now };
  const onError = (error: unknown) => void errors.push(error);
  const it = await openLibrary({ dataFolder, registry, peerTimeoutMs, ...clock, onError });
  opened.push(it);
  return it;
}

/** The files on disk now, as after a kill. */
function diskNow(): string {
  const copy = join(folder, 'copy');
  mkdirSync(copy);
  for (const file of ['tracker.db', 'tracker.db-wal']) cpSync(join(folder, 'data', file), join(copy, file));
  cpSync(join(folder, 'data', 'tracker.db-torrents'), join(copy, 'tracker.db-torrents'), {
    recursive: true,
    force: true,
  });
  return copy;
}

let ada: Person;
let bo: Person;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cicada-library-'));
  library = await open(join(folder, 'data'));
  ada = await enrol(library.community, 'Ada');
  bo = await enrol(library.community, 'Bo');
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await rm(folder, { recursive: true, force: true });
  expect(errors.splice(0)).toEqual([]);
});

async function publish(album: string): Promise<string> {
  const releaseId = releaseIdOf(album);
  await library.catalogue.publish(publication(releaseId, ada.viewer, { album, tracks: ['Song'] }));
  return releaseId;
}

const kindsTold = async ({ community }: Library, to: Person) =>
  (await community.notices(to.viewer)).rows.map(({ kind, releaseId }) => [kind, releaseId]);

describe('followers', () => {
  beforeEach(() => library.community.follow(bo.viewer, { account: 'Ada' }));

  it('a follower is notified once of each release that was acknowledged before a kill', async () => {
    const told = await publish('Told');
    library.tellPublished(told);
    const untold = await publish('Untold');
    const restarted = await open(diskNow());
    while ((await kindsTold(restarted, bo)).length < 2) await new Promise(setImmediate);
    await restarted.close();
    const again = await open(join(folder, 'copy'));
    expect((await kindsTold(again, bo)).toSorted()).toEqual(
      [
        ['new-release', told],
        ['new-release', untold],
      ].toSorted(),
    );
  });

  it('followers are notified before the tracker closes', async () => {
    const ids = await Promise.all(['One', 'Two', 'Three'].map(publish));
    for (const id of ids) library.tellPublished(id);
    await library.close();
    expect((await kindsTold(await open(join(folder, 'data')), bo)).length).toBe(3);
  });
});

describe('a flood of announces that say "completed"', () => {
  it('a flood of announces with "completed" causes a limited number of writes', async () => {
    const releaseId = await publish('Flood');
    const [infoHash] = library.served(releaseId)!.infoHashes;
    let asked = 0;
    const { release } = library.catalogue;
    Object.assign(library.catalogue, {
      release(input: never) {
        asked += 1;
        return release(input);
      },
    });
    const request = { infoHash: infoHash!, port: 7000, event: 'completed', left: 0, numWant: 0 } as never;
    const address = { remote: Uint8Array.of(10, 0, 0, 1) };
    const passkey = library.admission.passkeyFor(bo.account.accountId, releaseId);
    const moment = { nowMs: clockMs, wallMs: Date.now() };
    for (let n = 0; n < 5_000; n++) library.swarmAccess.announce(request, address, passkey, moment, () => 0);
    await library.close();
    expect(asked).toBe(100);
  });
});

describe('swarm counts in search', () => {
  it('search receives swarm counts some seconds later', async () => {
    const releaseId = await publish('Tide');
    const [infoHash] = library.served(releaseId)!.infoHashes;
    const moment = { nowMs: clockMs, wallMs: Date.now() };
    for (const [port, left] of [
      [7000, 0],
      [7001, 0],
      [7002, 5],
    ]) {
      const request = { infoHash: infoHash!, port, left, numWant: 0 } as never;
      const address = { remote: Uint8Array.of(10, 0, 0, 1) };
      library.swarmAccess.announce(request, address, undefined, moment, () => 0);
    }
    clockMs += 10_000;
    library.tick();
    const hits = async () =>
      (await library.catalogue.searchTracks({ viewer: ada.viewer, text: 'tide' })).rows;
    expect((await hits())[0]).toMatchObject({ seeds: 2, leechers: 1 });
  });
});
