import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chosenEntries, forgetTorrent } from '../../../../client/cli/commands/transfers/forget-torrent.ts';
import { ResumeStore } from '../../../../client/host/resume/resume-store.ts';
import { shownTorrents } from '../../../../client/session/machine/known-torrents.ts';
import { noteSharing } from '../../../../client/session/machine/sharing-now.ts';
import { temporaryFolder } from '../../run-cicada.ts';

it('a torrent that is seeded now comes first in the status, until the program ends', async () => {
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

it('the status ignores notes of a killed program, and files that are no notes', async () => {
  const state = temporaryFolder();
  mkdirSync(join(state, 'sharing'));
  const left = join(state, 'sharing', '4194399.json');
  writeFileSync(left, '[{"infoHash":"aa","path":"/x"}]');
  writeFileSync(join(state, 'sharing', `${process.pid}.json`), '[{"path":1},');
  expect(await shownTorrents(state)).toEqual([]);
  expect(existsSync(left)).toBe(false);
});

it('the status shows the newest of several versions in one place', async () => {
  const state = temporaryFolder();
  const path = join(state, 'Album');
  const store = new ResumeStore(state);
  const record = { have: Uint8Array.of(0xff), stamps: [], clean: true };
  for (const byte of [1, 2]) await store.save(new Uint8Array(20).fill(byte), path, record);
  expect(await shownTorrents(state)).toHaveLength(1);
});

describe('how much of a torrent is here', () => {
  const stamp = (bytes: number) => ({
    ...{ bytes, mtimeNs: '1', ctimeNs: '1', inode: '1', device: '1', bornNs: undefined },
  });
  const saved = async (have: number, amounts?: object) => {
    const state = temporaryFolder();
    const path = join(state, 'Album');
    mkdirSync(path);
    const record = { have: Uint8Array.of(have), stamps: [stamp(300), stamp(100)], clean: true, ...amounts };
    await new ResumeStore(state).save(new Uint8Array(20), path, record);
    return (await shownTorrents(state))[0];
  };
  const amounts = (bytes: number, wantedBytes: number, haveWantedBytes: number) => ({
    amounts: { bytes, wantedBytes, haveWantedBytes },
  });

  it('an unfinished download is shown with its bytes', async () => {
    expect(await saved(0xa0, amounts(400, 400, 100))).toMatchObject({
      state: 'unfinished',
      ...{ bytes: 400, wantedBytes: 400, haveWantedBytes: 100 },
    });
    // The first pieces in order look like a complete torrent.
    expect(await saved(0xc0, amounts(400, 400, 100))).toMatchObject({ state: 'unfinished' });
  });

  it('a torrent whose chosen files are complete is shown as chosen', async () => {
    expect(await saved(0xa0, amounts(400, 100, 100))).toMatchObject({ state: 'chosen' });
    expect(await saved(0xa0, amounts(400, 0, 0))).toMatchObject({ state: 'unfinished' });
  });

  it('a complete torrent with a record of an earlier version is shown with the size of its files', async () => {
    expect(await saved(0xff)).toMatchObject({ state: 'complete', bytes: 400 });
    expect(await saved(0xa0)).toMatchObject({ state: 'unfinished', bytes: undefined });
  });

  it('a record with impossible amounts gives no figures', async () => {
    for (const wrong of [amounts(-1, 1, 1), amounts(1.5, 1, 1), { amounts: 'x' }])
      expect(await saved(0xa0, wrong)).toMatchObject({ state: 'unfinished', bytes: undefined });
  });
});

describe('forgetting an entry', () => {
  const listed = async () => {
    const state = temporaryFolder();
    const store = new ResumeStore(state);
    const record = { have: Uint8Array.of(0xff), stamps: [], clean: true };
    for (const name of ['Dawn', 'Noon', 'Dusk']) {
      if (name !== 'Dusk') mkdirSync(join(state, name));
      for (const version of [1, 2])
        await store.save(new Uint8Array(20).fill(name.charCodeAt(1) + version), join(state, name), record);
    }
    return { state, entries: await shownTorrents(state) };
  };
  const names = (entries: readonly { readonly name: string }[]) => entries.map(({ name }) => name).sort();

  it('forgetting an entry deletes the records of all its versions, and keeps its files and the other entries', async () => {
    const { state, entries } = await listed();
    const noon = entries.find(({ name }) => name === 'Noon')!;
    expect(await forgetTorrent(state, noon)).toBe(2);
    expect(names(await shownTorrents(state))).toEqual(['Dawn', 'Dusk']);
    expect(existsSync(noon.path)).toBe(true);
  });

  it('forgetting an entry is refused while a program works on it', async () => {
    const { state, entries } = await listed();
    await expect(forgetTorrent(state, { ...entries[0]!, processId: 7 })).rejects.toMatchObject({
      code: 'claimed',
    });
    expect(await shownTorrents(state)).toHaveLength(3);
  });

  it('an entry is forgotten by number, path or info-hash, or with all entries whose files are gone', async () => {
    const { entries } = await listed();
    expect(chosenEntries('2', entries)).toEqual([entries[1]]);
    expect(chosenEntries('1-2,3', entries)).toEqual(entries);
    expect(names(chosenEntries('gone', entries))).toEqual(['Dusk']);
    const [first] = entries;
    expect(chosenEntries(first!.path, entries)).toEqual([first]);
    expect(chosenEntries(first!.infoHash.toUpperCase(), entries)).toEqual([first]);
  });

  it.each(['0', '2-1', 'x', '', '1,'])('forgetting refuses the number "%s"', async (text) => {
    const { entries } = await listed();
    expect(() => chosenEntries(text, entries)).toThrow(/^--forget/);
  });

  it('forgetting names the number that is not in the list', async () => {
    const { entries } = await listed();
    expect(() => chosenEntries('4', entries)).toThrow(/there is no entry 4: .* has 3/);
  });
});
