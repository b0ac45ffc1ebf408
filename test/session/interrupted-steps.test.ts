/** Wishes that come during a transfer's step, and steps that are interrupted. */
import { beforeEach, describe, expect, it } from 'vitest';
import { album, download, ListBench, until } from './list-bench.ts';

let bench: ListBench;
beforeEach(() => {
  bench = new ListBench();
});

describe('a move', () => {
  it('a move that a kill interrupts is finished at the next start, which knows both folders', async () => {
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

  it('a move is in the list on disk before the first file is moved', async () => {
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
  ])('a move into one folder is finished before the next one, into %s', async (_, into, calls) => {
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
  });

  it('a move reports its first and last progress, and few reports in between', async () => {
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

  it('closing a session waits for a move, and the list then says where the files are', async () => {
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
  it('files selected during a stop are fetched at the next start, and completed is a new promise', async () => {
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

  it('a pause that is taken back during the stop starts the transfer again once it has stopped', async () => {
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
