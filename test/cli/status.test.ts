import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { shownTorrents } from '../../client/cli/known-torrents.ts';
import { noteSharing } from '../../client/cli/sharing-now.ts';
import { ResumeStore } from '../../client/host/resume-store.ts';
import { temporaryFolder } from './run-cicada.ts';

it('what is given on now comes first, until the program ends', async () => {
  const state = temporaryFolder();
  const path = join(state, 'Album');
  mkdirSync(path);
  noteSharing(state, [{ infoHash: 'aa', path }]);
  const sharing = {
    name: 'Album',
    infoHash: 'aa',
    state: 'complete',
    sharingNow: true,
    processId: process.pid,
  };
  expect(await shownTorrents(state)).toMatchObject([sharing]);
  noteSharing(state, []);
  expect(await shownTorrents(state)).toEqual([]);
});

it('what a program left behind that was killed is overlooked, and so is what is no note', async () => {
  const state = temporaryFolder();
  mkdirSync(join(state, 'sharing'));
  const left = join(state, 'sharing', '4194399.json');
  writeFileSync(left, '[{"infoHash":"aa","path":"/x"}]');
  writeFileSync(join(state, 'sharing', `${process.pid}.json`), '[{"path":1},');
  expect(await shownTorrents(state)).toEqual([]);
  expect(existsSync(left)).toBe(false);
});

it('of the versions in one place the newest is shown', async () => {
  const state = temporaryFolder();
  const path = join(state, 'Album');
  const store = new ResumeStore(state);
  const record = { have: Uint8Array.of(0xff), stamps: [], clean: true };
  for (const byte of [1, 2]) await store.save(new Uint8Array(20).fill(byte), path, record);
  expect(await shownTorrents(state)).toHaveLength(1);
});
