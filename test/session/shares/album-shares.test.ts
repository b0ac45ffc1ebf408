/** Albums that a session shares: the results are events, without a terminal or texts. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openSession } from '../../../client/session/open-session.ts';
import { AlbumShares, type AlbumSharesPorts } from '../../../client/session/shares/album-shares.ts';
import { findAlbums } from '../../../torrents/create/albums.ts';
import { temporaryFolder } from '../../cli/run-cicada.ts';

let place: string;
let music: string;
beforeEach(() => {
  place = temporaryFolder();
  music = join(place, 'Music');
  for (const album of ['One', 'Two']) write(`${album}/1.flac`, album);
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(music, path)), { recursive: true });
  writeFileSync(join(music, path), text);
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

/** Shares all albums of `music`, with a look every few milliseconds, and logs the events. */
async function share(ports: Partial<AlbumSharesPorts> = {}) {
  const { session } = await openSession({ port: 0, host: '127.0.0.1' });
  const control = new AbortController();
  const { signal } = control;
  const told: string[] = [];
  const short = (path: string) => path.slice(music.length + 1);
  const options = {
    ...{ collections: [music], scan: {}, stateFolder: join(place, 'state'), trust: {}, threads: 1 },
    ...{ includeSecrets: undefined, signal, lookEveryMs: 5, settleMs: 5 },
  };
  const shares = new AlbumShares(session, options, {
    createFor: async ({ wanted }) => ({ wanted }),
    onHash: () => {},
    onMade: async () => {},
    onShared: ({ path, isFirst }) => told.push(`${isFirst ? 'first' : 'next'} ${short(path)}`),
    onTrouble: (error, path, next) =>
      told.push(`${(error as { code?: string }).code} ${short(path)} ${next}`),
    onGone: (path) => told.push(`gone ${short(path)}`),
    ...ports,
  });
  const { albums } = await findAlbums(music);
  await shares.start(albums.map((album) => ({ path: album.path, album, create: { wanted: album.wanted } })));
  const following = shares.follow();
  onTestFinished(async () => {
    control.abort();
    await following;
    await shares.close();
    await session.close();
  });
  const names = () => shares.transfers.map(({ metainfo }) => metainfo.name);
  return { session, shares, told, names };
}

describe('albums that are shared', () => {
  it('shared albums are transfers of the session, from when they are found until they are removed', async () => {
    const { session, shares, told, names } = await share();
    expect(names()).toEqual(['One', 'Two']);
    write('Three/1.flac', 'three');
    await soon(() => expect(told).toEqual(['first One', 'first Two', 'first Three']));
    rmSync(join(music, 'One'), { recursive: true });
    await soon(() => expect(told).toContain('gone One'));
    await soon(() => expect(names()).toEqual(['Two', 'Three']));
    await soon(() => expect(session.transfers).toEqual(shares.transfers));
  });

  it('an earlier version of an album is seeded after files were added, but not after one was removed', async () => {
    const { told, names, shares } = await share();
    write('One/2.flac', 'two');
    await soon(() => expect(told).toContain('next One'));
    expect(names()).toEqual(['One', 'Two', 'One']);
    rmSync(join(music, 'One/2.flac'));
    await soon(() => expect(told.filter((what) => what === 'next One')).toHaveLength(2));
    expect(names()).toEqual(['Two', 'One']);
    expect(shares.transfers.at(-1)?.metainfo.files.filter(({ isPad }) => !isPad)).toHaveLength(1);
  });

  it('an album whose torrent the interface refuses is not seeded, is reported once, and is tried again', async () => {
    let isRefused = true;
    const refused = Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
    let tries = 0;
    const { told, names } = await share({
      onMade: async (path) => {
        if (!path.endsWith('Two')) return;
        tries++;
        if (isRefused) throw refused;
      },
    });
    expect(names()).toEqual(['One']);
    await soon(() => expect(tries).toBeGreaterThan(2));
    expect(told).toEqual(['first One', 'ENOSPC Two tried-again']);
    isRefused = false;
    await soon(() => expect(names()).toEqual(['One', 'Two']));
  });

  it('an album for which the interface returns no options is asked about again, without a report', async () => {
    let asked = 0;
    const { told, names } = await share({
      createFor: async ({ wanted }) => (++asked < 3 ? undefined : { wanted }),
    });
    write('Three/1.flac', 'three');
    await soon(() => expect(names()).toEqual(['One', 'Two', 'Three']));
    expect(told).toEqual(['first One', 'first Two', 'first Three']);
  });
});
