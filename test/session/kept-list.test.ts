/** The list of a session outlives the program: the settings of each torrent apply again at the next start. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSession } from '../../client/session/open-session.ts';
import type { Session } from '../../client/session/session.ts';
import { magnetOf, parseMagnet } from '../../torrents/magnet.ts';
import { inState, peersOf, SessionBench } from './session-bench.ts';

let bench: SessionBench;
beforeEach(() => {
  bench = new SessionBench();
});
afterEach(() => bench.closeAll());

const kept = () => bench.session({ stateFolder: bench.at('state'), keepsList: true });
const listed = () => fs.readdirSync(bench.at('state', 'session')).filter((name) => name !== 'lock');
const states = (session: Session) => session.transfers.map(({ state }) => state);

describe('after a restart', () => {
  it('after a restart a download continues with its choice of files and its traffic totals', async () => {
    const metainfo = await bench.album('Album', { 'a.flac': 60_000, 'b.flac': 60_000, 'c.flac': 60_000 });
    const seed = await bench.seed(metainfo);
    const session = await kept();
    const transfer = session.add({
      ...{ wanted: { metainfo }, kind: 'download', place: bench.at('home'), peers: peersOf(seed) },
      ...{ choice: ({ components }) => components[0] !== 'b.flac', isSequential: true },
    });
    await transfer.completed;
    const { downloaded } = transfer.run.totals;
    await bench.close(session);
    const again = await kept();
    const [next] = again.transfers;
    await next!.completed;
    await inState(again, next!, 'sharing');
    expect(next!.run.last.isChecked).toBe(false);
    expect(next!.run.totals.downloaded).toBe(downloaded);
    expect(next!.run.dates).toEqual(transfer.run.dates);
    expect(next!.settings).toMatchObject({ isSequential: true, place: bench.at('home') });
    expect(next!.run.status.wantedBytes).toBeLessThan(metainfo.bytes);
    expect(fs.existsSync(bench.at('home', 'Album', 'b.flac'))).toBe(false);
  });

  it('after a restart a paused transfer is paused and a removed one is absent', async () => {
    const [one, two] = [await bench.album('One'), await bench.album('Two')];
    const session = await kept();
    const place = bench.at('home');
    const first = session.add({ wanted: { metainfo: one }, kind: 'download', place });
    const second = session.add({ wanted: { metainfo: two }, kind: 'download', place });
    await second.started;
    first.pause();
    await session.remove(second);
    await bench.close(session);
    expect(listed().sort()).toEqual([`${first.id}.json`, `${first.id}.torrent`, 'list.json']);
    const again = await kept();
    expect(again.transfers.map(({ id }) => id)).toEqual([first.id]);
    expect(states(again)).toEqual(['paused']);
  });

  it('after a restart the queue order and the limits are the same', async () => {
    const session = await kept();
    const place = bench.at('home');
    const names = ['One', 'Two', 'Three'];
    for (const name of names) {
      const wanted = { metainfo: await bench.album(name) };
      session.add({ wanted, kind: 'download', place, isPaused: true });
    }
    session.moveInQueue(session.transfers[2]!, 0);
    session.setLimits({ uploadBpsMax: 12_345, downloadsMax: 2 });
    await bench.close(session);
    const again = await kept();
    expect(again.transfers.map(({ name }) => name)).toEqual(['Three', 'One', 'Two']);
    expect(again.limits).toMatchObject({ uploadBpsMax: 12_345, downloadsMax: 2, downloadBpsMax: 0 });
  });

  it('after a restart the metadata of a magnet link is searched again', async () => {
    const metainfo = await bench.album('Album');
    const session = await kept();
    const link = parseMagnet(magnetOf(metainfo));
    session.add({ wanted: { link }, kind: 'download', place: bench.at('home') });
    await bench.close(session);
    const again = await kept();
    await inState(again, again.transfers[0]!, 'finding');
    expect(again.transfers[0]!.name).toBe('Album');
  });

  it('after a restart a hybrid torrent found by a magnet link continues, though peers sent no piece layers', async () => {
    const metainfo = await bench.album('Album', { 'a.flac': 60_000, 'b.flac': 60_000 });
    const seed = await bench.seed(metainfo);
    const session = await kept();
    const link = parseMagnet(magnetOf(metainfo));
    const place = bench.at('home');
    const transfer = session.add({ wanted: { link }, kind: 'download', place, peers: peersOf(seed) });
    await transfer.completed;
    await bench.close(session);
    const again = await kept();
    await again.transfers[0]!.completed;
    expect(again.transfers[0]!.metainfo.format).toBe('hybrid');
    expect(again.transfers[0]!.run.last.isChecked).toBe(false);
  });

  it('after a restart a magnet link whose files were chosen by a function is paused', async () => {
    const metainfo = await bench.album('Album');
    const session = await kept();
    const link = parseMagnet(magnetOf(metainfo));
    const choice = () => false;
    session.add({ wanted: { link }, kind: 'download', place: bench.at('home'), choice });
    await bench.close(session);
    expect(states(await kept())).toEqual(['paused']);
  });
});

describe('a list', () => {
  it('a damaged entry of the list is reported and kept, and all other entries are read', async () => {
    const [one, two] = [await bench.album('One'), await bench.album('Two')];
    const session = await kept();
    const place = bench.at('home');
    const [first, second] = [one, two].map((metainfo) =>
      session.add({ wanted: { metainfo }, kind: 'download', place, isPaused: true }),
    );
    await bench.close(session);
    for (const text of ['', '{', '[]', '{"version":1}', '{"version":9}', 'null', '\0']) {
      fs.writeFileSync(bench.at('state', 'session', `${first!.id}.json`), text);
      const options = {
        port: 0,
        host: '127.0.0.1',
        threads: 1,
        keepsList: true,
        stateFolder: bench.at('state'),
      };
      const { session: again, damaged } = await openSession(options);
      expect(again.transfers.map(({ id }) => id)).toEqual([second!.id]);
      expect(damaged).toMatchObject([{ code: 'list-damaged', infoHash: first!.id }]);
      await again.close();
      expect(fs.readFileSync(bench.at('state', 'session', `${first!.id}.json`), 'utf8')).toBe(text);
    }
  });

  it('a list can be open in one process only', async () => {
    const session = await kept();
    await expect(kept()).rejects.toMatchObject({ code: 'list-in-use' });
    await bench.close(session);
    await kept();
  });

  it('a list that the disk refuses is reported once, and written when the disk accepts it again', async () => {
    const session = await kept();
    const metainfo = await bench.album('Album');
    const told: string[] = [];
    session.onEvent((event) => {
      if (event.type === 'list-unsaved') told.push((event.error as NodeJS.ErrnoException).code ?? '');
    });
    const folder = bench.at('state', 'session');
    fs.renameSync(folder, `${folder}.away`);
    fs.writeFileSync(folder, '');
    const place = bench.at('home');
    const transfer = session.add({ wanted: { metainfo }, kind: 'download', place, isPaused: true });
    await new Promise<void>((resolve) =>
      session.onEvent((event) => event.type === 'list-unsaved' && resolve()),
    );
    fs.rmSync(folder);
    fs.renameSync(`${folder}.away`, folder);
    transfer.change({ isSequential: true });
    await bench.close(session);
    expect(told).toHaveLength(1);
    expect((await kept()).transfers).toHaveLength(1);
  });

  it('a magnet link is searched after a restart even if an earlier transfer left its torrent file in the list', async () => {
    const metainfo = await bench.album('Album');
    const place = bench.at('home');
    for (const left of ['its torrent', 'half of it', 'something else']) {
      const session = await kept();
      const { id } = session.add({ wanted: { metainfo }, kind: 'download', place, isPaused: true });
      await bench.close(session);
      const file = (end: string) => bench.at('state', 'session', `${id}.${end}`);
      fs.rmSync(file('json'));
      if (left === 'half of it') fs.truncateSync(file('torrent'), 100);
      if (left === 'something else') fs.writeFileSync(file('torrent'), 'something else');
      const next = await kept();
      next.add({ wanted: { link: parseMagnet(magnetOf(metainfo)) }, kind: 'download', place });
      await bench.close(next);
      const again = await kept();
      expect(again.transfers.map(({ link }) => link?.name)).toEqual(['Album']);
      await again.remove(again.transfers[0]!);
      await bench.close(again);
    }
  });

  it('a torrent that is removed and added again at once keeps the trackers of the second time', async () => {
    const metainfo = await bench.album('Album');
    const place = bench.at('home');
    const [old, newer] = ['http://127.0.0.1:1/old/announce', 'http://127.0.0.1:1/new/announce'];
    const add = (session: Session, url: string) =>
      session.add({
        ...{ wanted: { metainfo: { ...metainfo, trackers: [[url]] } }, place },
        ...{ kind: 'download', isPaused: true },
      });
    const session = await kept();
    add(session, old);
    await bench.close(session);
    const next = await kept();
    next.onEvent((event) => void (event.type === 'removed' && add(next, newer)));
    await next.remove(next.transfers[0]!);
    await bench.close(next);
    expect((await kept()).transfers[0]!.metainfo.trackers).toEqual([[newer]]);
  });

  it('a move that a kill interrupted is finished at the next start, with files in both folders', async () => {
    const metainfo = await bench.album('Album', { 'a.flac': 60_000, 'b.flac': 60_000 });
    const session = await kept();
    const place = bench.at('source');
    const transfer = session.add({ wanted: { metainfo }, kind: 'download', place, isPaused: true });
    await bench.close(session);
    const file = bench.at('state', 'session', `${transfer.id}.json`);
    const text = JSON.parse(fs.readFileSync(file, 'utf8'));
    fs.writeFileSync(file, JSON.stringify({ ...text, moveInto: bench.at('home') }));
    fs.mkdirSync(bench.at('home', 'Album'), { recursive: true });
    fs.renameSync(bench.at('source', 'Album', 'a.flac'), bench.at('home', 'Album', 'a.flac'));
    const again = await kept();
    await again.transfers[0]!.settled();
    expect(fs.readdirSync(bench.at('home', 'Album'))).toEqual(['a.flac', 'b.flac']);
    expect(fs.existsSync(bench.at('source', 'Album'))).toBe(false);
  });
});
