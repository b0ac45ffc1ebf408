/** Disk errors and the list of a session: saved data is never lost, and nothing counts as saved too early. */
import { beforeEach, describe, expect, it } from 'vitest';
import { album, download, ListBench, until } from './list-bench.ts';

let bench: ListBench;
beforeEach(() => {
  bench = new ListBench();
});

/** Saves a list of two albums and closes its session. */
async function savedList(): Promise<{ ids: string[]; files: Map<string, string> }> {
  const session = await bench.session();
  for (const number of [0, 1]) session.add({ ...download(album(number)), isPaused: true });
  await session.close();
  return { ids: session.transfers.map(({ id }) => id), files: bench.files() };
}

describe('a list that cannot be read', () => {
  it.each(['look session', 'read list.json'])(
    'a list that cannot be read is not taken for an empty one, and is not changed (%s: EIO)',
    async (call) => {
      const { files, ids } = await savedList();
      bench.disk.failing.set(call, 'EIO');
      await expect(bench.open()).rejects.toMatchObject({ code: 'list-damaged', cause: { code: 'EIO' } });
      expect(bench.files()).toEqual(files);
      bench.disk.failing.clear();
      expect((await bench.session()).transfers.map(({ id }) => id)).toEqual(ids);
    },
  );

  it.each(['json', 'torrent'])(
    'an unreadable list entry keeps its files and its place (ID.%s: EIO)',
    async (end) => {
      const { files, ids } = await savedList();
      const [first, second] = ids;
      bench.disk.failing.set(`read ${first}.${end}`, 'EIO');
      const { session, damaged } = await bench.open();
      expect(damaged).toMatchObject([{ code: 'list-damaged', infoHash: first }]);
      expect(session.transfers.map(({ id }) => id)).toEqual([second]);
      await session.close();
      for (const name of [`${first}.json`, `${first}.torrent`])
        expect(bench.files().get(name)).toBe(files.get(name));
      bench.disk.failing.clear();
      expect((await bench.session()).transfers.map(({ id }) => id)).toEqual(ids);
    },
  );
});

describe('a change', () => {
  it.each(['sync ID.torrent.tmp', 'sync ID.json.tmp', 'sync session'])(
    'a change does not count as saved while the disk refuses "%s"',
    async (call) => {
      const session = await bench.session();
      const metainfo = album();
      const id = Buffer.from(metainfo.infoHash).toString('hex');
      const told: string[] = [];
      session.onEvent((event) => void told.push(event.type));
      bench.disk.failing.set(call.replace('ID', id), 'EIO');
      session.add({ ...download(metainfo), isPaused: true });
      await until(() => told.includes('list-unsaved'));
      expect(session.isSaved).toBe(false);
      bench.disk.failing.clear();
      bench.timers.pass(10_000);
      await until(() => session.isSaved);
      expect(bench.isOnDisk(`${id}.json`) && bench.isOnDisk(`${id}.torrent`)).toBe(true);
    },
  );

  it('the removal of a transfer is on disk before its torrent file is deleted', async () => {
    const { ids } = await savedList();
    const session = await bench.session();
    const [id] = ids;
    let wasOnDisk: boolean | undefined;
    bench.disk.at(`name ${id}.torrent`, () => {
      wasOnDisk = bench.isOnDisk(`${id}.json`);
    });
    await session.remove(session.find(id!)!);
    await until(() => session.isSaved);
    expect(wasOnDisk).toBe(false);
    expect([...bench.files().keys()].filter((name) => name.startsWith(id!))).toEqual([]);
  });
});
