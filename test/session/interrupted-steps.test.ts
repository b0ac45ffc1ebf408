/** What is wished, and what is cut short, in the middle of a step of a transfer. */
import { beforeEach, describe, expect, it } from 'vitest';
import { album, download, ListBench, until } from './list-bench.ts';

let bench: ListBench;
beforeEach(() => {
  bench = new ListBench();
});

describe('a move', () => {
  it('that a kill has cut short is known at the next start, with both folders, and is ended then', async () => {
    const session = await bench.session();
    const transfer = session.add({ ...download(album()), isPaused: true });
    bench.host.hold('move');
    transfer.move('/new');
    await until(() => bench.host.calls.includes('move /home /new'));
    const again = await bench.session();
    const [next] = again.transfers;
    expect(next!.settings).toMatchObject({ place: '/home', moveInto: '/new' });
    await next!.settled();
    expect(bench.host.calls).toEqual(['move /home /new']);
    expect(next!.settings.place).toBe('/new');
  });

  it('is on the disk of the list before the first file is moved', async () => {
    const session = await bench.session();
    const transfer = session.add({ ...download(album()), isPaused: true });
    await until(() => session.isSaved);
    let wasSaved: boolean | undefined;
    bench.host.onCall = (call) => {
      if (call.startsWith('move'))
        wasSaved = [...bench.files().values()].some((text) => text.includes('/new'));
    };
    transfer.move('/new');
    await transfer.settled();
    expect(wasSaved).toBe(true);
  });

  it.each([
    ['another folder', '/other', ['move /home /new', 'move /new /other']],
    ['the folder that it leaves', '/home', ['move /home /new', 'move /new /home']],
    ['the same folder', '/new', ['move /home /new']],
  ])(
    'during which %s is wished for keeps its own in the list, and is ended first',
    async (_, into, calls) => {
      const session = await bench.session();
      const transfer = session.add({ ...download(album()), isPaused: true });
      bench.host.hold('move');
      transfer.move('/new');
      await until(() => bench.host.calls.length === 1);
      transfer.move(into);
      await until(() => session.isSaved);
      const again = await bench.session();
      await again.transfers[0]!.settled();
      expect(bench.host.calls).toEqual(calls);
      expect(again.transfers[0]!.settings).toMatchObject({ place: into, moveInto: undefined });
    },
  );

  it('a move tells how far it has come: the first report, the last, and few between', async () => {
    const session = await bench.session();
    const transfer = session.add({ ...download(album()), isPaused: true });
    const done: number[] = [];
    session.onEvent((event) => {
      if (event.type === 'moving') done.push(event.done);
    });
    transfer.move('/new');
    await transfer.settled();
    expect(done[0]).toBe(0);
    expect(done.at(-1)).toBe(100);
    expect(done.length).toBeLessThan(10);
  });

  it('is waited for when the session is closed, and the list says then where its files are', async () => {
    const session = await bench.session();
    const transfer = session.add({ ...download(album()), isPaused: true });
    const release = bench.host.hold('move');
    transfer.move('/new');
    await until(() => bench.host.calls.length === 1);
    let isClosed = false;
    const closing = session.close().then(() => {
      isClosed = true;
    });
    await until(() => bench.host.calls.includes('close'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).toBe(false);
    release();
    await closing;
    const [next] = (await bench.session()).transfers;
    expect(next!.settings).toMatchObject({ place: '/new', isPaused: true });
    expect(next!.settings.moveInto).toBeUndefined();
  });
});

describe('in the middle of a stop', () => {
  it('files can be chosen: the next start fetches those, and completed is a new promise', async () => {
    const metainfo = album(1);
    const session = await bench.session();
    const transfer = session.add(download(metainfo));
    await transfer.started;
    const { completed } = transfer;
    const release = bench.host.hold('stop');
    transfer.pause();
    await until(() => bench.host.calls.includes('stop'));
    transfer.select(({ index }) => index === 0);
    expect(transfer.completed).not.toBe(completed);
    release();
    await transfer.settled();
    transfer.resume();
    await until(() => transfer.run.active !== undefined);
    const { wantedBytes } = transfer.run.status;
    expect(wantedBytes).toBeLessThan(metainfo.geometry.pieceCount * metainfo.pieceLength);
    await until(() => session.isSaved);
    const [next] = (await bench.session()).transfers;
    await next!.started;
    expect(next!.run.status.wantedBytes).toBe(wantedBytes);
  });

  it('a pause can be taken back: it begins again once it has stopped', async () => {
    const session = await bench.session();
    const transfer = session.add(download(album()));
    await transfer.started;
    bench.host.calls.length = 0;
    const release = bench.host.hold('stop');
    transfer.pause();
    await until(() => bench.host.calls.includes('stop'));
    transfer.resume();
    release();
    await until(() => transfer.run.active !== undefined && transfer.state === 'fetching');
    await transfer.settled();
    expect(bench.host.calls).toEqual(['stop', 'download /home']);
  });
});
