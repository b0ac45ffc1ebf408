/** A session over a real client: the user's wishes are carried out, in any order. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTorrent } from '../../torrents/create/create.ts';
import { magnetOf, parseMagnet } from '../../torrents/magnet.ts';
import { eventLog, inState, nextEvent, peersOf, SessionBench } from './session-bench.ts';

let bench: SessionBench;
beforeEach(() => {
  bench = new SessionBench();
});
afterEach(() => bench.closeAll());

describe('a transfer', () => {
  it('a transfer is fetched and then seeded', async () => {
    const metainfo = await bench.album('Album');
    const seed = await bench.seed(metainfo);
    const session = await bench.session();
    const log = eventLog(session);
    const place = bench.at('home');
    const transfer = session.add({ wanted: { metainfo }, kind: 'download', place, peers: peersOf(seed) });
    expect(session.transfers).toEqual([transfer]);
    await transfer.completed;
    await inState(session, transfer, 'sharing');
    expect(fs.readFileSync(bench.at('home', 'Album', 'a.flac'))).toEqual(
      fs.readFileSync(bench.at('source', 'Album', 'a.flac')),
    );
    for (const event of [
      'added',
      'checking',
      'started',
      'peer-connected',
      'file-done',
      'completed',
      'sharing',
    ])
      expect(log).toContain(event);
    expect(transfer.run.totals.downloaded).toBe(100_000);
  });

  it('a transfer of a magnet link fetches the metadata first', async () => {
    const metainfo = await bench.album('Album');
    const seed = await bench.seed(metainfo);
    const session = await bench.session();
    const log = eventLog(session);
    const link = parseMagnet(magnetOf(metainfo));
    const place = bench.at('home');
    const transfer = session.add({ wanted: { link }, kind: 'download', place, peers: peersOf(seed) });
    expect(() => transfer.metainfo).toThrow(expect.objectContaining({ code: 'no-torrent-yet' }));
    await transfer.completed;
    expect(log.slice(0, 3)).toEqual(['added', 'finding', 'peer-connected']);
    expect(transfer.metainfo.infoHash).toEqual(metainfo.infoHash);
  });

  it('a paused transfer stops, and runs again when it is resumed', async () => {
    const metainfo = await bench.album('Album', { 'a.flac': 100_000, 'b.flac': 100_000 });
    const session = await bench.session({ stateFolder: bench.at('state') });
    const place = bench.at('home');
    const transfer = session.add({ wanted: { metainfo }, kind: 'download', place });
    await transfer.started;
    transfer.pause();
    await inState(session, transfer, 'paused');
    await transfer.settled();
    expect(transfer.run.active).toBeUndefined();
    transfer.resume();
    await nextEvent(session, transfer, 'started');
    expect(transfer.state).toBe('fetching');
  });

  it('a transfer that is paused before it has started starts when it is resumed', async () => {
    const metainfo = await bench.album('Album');
    const session = await bench.session();
    const log = eventLog(session);
    const transfer = session.add({ wanted: { metainfo }, kind: 'download', place: bench.at('home') });
    transfer.pause();
    await transfer.settled();
    expect(transfer.state).toBe('paused');
    expect(log).not.toContain('failed');
    transfer.resume();
    await transfer.started;
    expect(transfer.state).toBe('fetching');
  });

  it('a failed transfer has an error, does not stop other transfers, and is retried when it is resumed', async () => {
    const [bad, good] = [await bench.album('Bad'), await bench.album('Good')];
    fs.mkdirSync(bench.at('home', 'Bad'), { recursive: true });
    fs.writeFileSync(bench.at('home', 'Bad', 'a.flac'), 'something else');
    const seed = await bench.seed(bad, good);
    const session = await bench.session();
    const request = { kind: 'download', place: bench.at('home'), peers: peersOf(seed) } as const;
    const first = session.add({ ...request, wanted: { metainfo: bad } });
    const second = session.add({ ...request, wanted: { metainfo: good } });
    await expect(first.started).rejects.toMatchObject({ code: 'exists' });
    await second.completed;
    expect(first.state).toBe('failed');
    expect(first.error).toMatchObject({ code: 'exists' });
    fs.rmSync(bench.at('home', 'Bad', 'a.flac'));
    first.resume();
    await first.completed;
    await inState(session, first, 'sharing');
  });

  it('a transfer can be in the list only once', async () => {
    const metainfo = await bench.album('Album');
    const session = await bench.session();
    const request = { wanted: { metainfo }, kind: 'download', place: bench.at('home') } as const;
    const transfer = session.add(request);
    expect(() => session.add(request)).toThrow(expect.objectContaining({ code: 'already-in-list' }));
    expect(session.find(transfer.infoHash.toUpperCase())).toBe(transfer);
    await session.remove(transfer);
    expect(session.transfers).toEqual([]);
    await expect(session.remove(transfer)).rejects.toMatchObject({ code: 'not-in-list' });
    await session.add(request).started;
  });

  it('a transfer with a choice of files fetches those, and others when they are selected later', async () => {
    const metainfo = await bench.album('Album', { 'a.flac': 60_000, 'b.flac': 60_000 });
    const seed = await bench.seed(metainfo);
    const session = await bench.session();
    const transfer = session.add({
      ...{ wanted: { metainfo }, kind: 'download', place: bench.at('home'), peers: peersOf(seed) },
      choice: ({ components }) => components[0] === 'a.flac',
    });
    await transfer.completed;
    expect(fs.readdirSync(bench.at('home', 'Album')).filter((name) => !name.startsWith('.'))).toEqual([
      'a.flac',
    ]);
    transfer.select(() => true);
    await transfer.completed;
    expect(fs.existsSync(bench.at('home', 'Album', 'b.flac'))).toBe(true);
  });
});

it('two albums with the same cover are both completed: one waits for the other to fetch the file', async () => {
  const one = await bench.album('A', { 'a.flac': 60_000, 'cover.jpg': 9_000 });
  const second = bench.at('second', 'A');
  fs.mkdirSync(second, { recursive: true });
  fs.copyFileSync(bench.at('source', 'A', 'cover.jpg'), bench.at('second', 'A', 'cover.jpg'));
  fs.copyFileSync(bench.at('source', 'A', 'a.flac'), bench.at('second', 'A', 'b.flac'));
  const { metainfo: two } = await createTorrent(second, { format: 'hybrid', pieceLength: 16_384 });
  const seed = await bench.seed(one);
  await seed.add({ wanted: { metainfo: two }, kind: 'share', place: bench.at('second') }).started;
  const session = await bench.session();
  const log = eventLog(session);
  const request = { kind: 'download', place: bench.at('home'), peers: peersOf(seed) } as const;
  const transfers = [one, two].map((metainfo) => session.add({ ...request, wanted: { metainfo } }));
  await Promise.all(transfers.map(({ completed }) => completed));
  expect(log.filter((event) => event === 'waiting')).toHaveLength(2);
  expect(fs.readdirSync(bench.at('home', 'A')).sort()).toEqual(['a.flac', 'b.flac', 'cover.jpg']);
});

describe('a transfer that is removed', () => {
  it('a removed transfer leaves its files where they are', async () => {
    const metainfo = await bench.album('Album');
    const seed = await bench.seed(metainfo);
    const session = await bench.session();
    const place = bench.at('home');
    const transfer = session.add({ wanted: { metainfo }, kind: 'download', place, peers: peersOf(seed) });
    await transfer.completed;
    await session.remove(transfer);
    expect(fs.existsSync(bench.at('home', 'Album', 'a.flac'))).toBe(true);
    expect(transfer.state).toBe('removed');
  });

  it('a transfer removed with its data deletes its own files and no others', async () => {
    const metainfo = await bench.album('Album', { 'a.flac': 60_000, 'CD2/b.flac': 60_000 });
    const seed = await bench.seed(metainfo);
    const session = await bench.session();
    const place = bench.at('home');
    const transfer = session.add({ wanted: { metainfo }, kind: 'download', place, peers: peersOf(seed) });
    await transfer.completed;
    fs.writeFileSync(bench.at('home', 'Album', 'mine.txt'), 'mine');
    await session.remove(transfer, { isErased: true });
    expect(fs.readdirSync(bench.at('home', 'Album'))).toEqual(['mine.txt']);
  });

  it('a transfer removed with its data before it is complete leaves nothing behind', async () => {
    const metainfo = await bench.album('Album', { 'a.flac': 60_000, 'b.flac': 60_000 });
    const session = await bench.session({ stateFolder: bench.at('state') });
    fs.mkdirSync(bench.at('home'));
    const transfer = session.add({ wanted: { metainfo }, kind: 'download', place: bench.at('home') });
    await transfer.started;
    await session.remove(transfer, { isErased: true });
    expect(fs.readdirSync(bench.at('home'))).toEqual([]);
    expect(fs.readdirSync(bench.at('state', 'resume'))).toEqual([]);
  });

  it('a transfer deletes its data even if that is asked for after the removal has begun', async () => {
    const metainfo = await bench.album('Album');
    const session = await bench.session();
    fs.mkdirSync(bench.at('home'));
    const transfer = session.add({ wanted: { metainfo }, kind: 'download', place: bench.at('home') });
    await transfer.started;
    const removal = session.remove(transfer);
    await session.remove(transfer, { isErased: true });
    await removal;
    expect(fs.readdirSync(bench.at('home'))).toEqual([]);
  });
});

describe('a transfer that is moved', () => {
  it('a transfer that is moved twice at the same moment ends in the second folder', async () => {
    const metainfo = await bench.album('Album');
    const session = await bench.session();
    const transfer = session.add({ wanted: { metainfo }, kind: 'share', place: bench.at('source') });
    await transfer.started;
    const first = nextEvent(session, transfer, 'moved');
    transfer.move(bench.at('one'));
    transfer.move(bench.at('two'));
    await first;
    await inState(session, transfer, 'sharing');
    expect(transfer.path).toBe(bench.at('two', 'Album'));
    expect(fs.existsSync(bench.at('one', 'Album'))).toBe(false);
  });

  it('a moved transfer continues in the other folder, and verified pieces are not hashed again', async () => {
    const metainfo = await bench.album('Album', { 'a.flac': 60_000, 'CD2/b.flac': 60_000 });
    const seed = await bench.seed(metainfo);
    const session = await bench.session({ stateFolder: bench.at('state') });
    const place = bench.at('home');
    const transfer = session.add({ wanted: { metainfo }, kind: 'download', place, peers: peersOf(seed) });
    await transfer.completed;
    transfer.move(bench.at('elsewhere'));
    const { place: next } = await nextEvent(session, transfer, 'moved');
    expect(next).toBe(bench.at('elsewhere'));
    await inState(session, transfer, 'sharing');
    expect(transfer.run.last.isChecked).toBe(false);
    expect(transfer.path).toBe(bench.at('elsewhere', 'Album'));
    expect(fs.existsSync(bench.at('elsewhere', 'Album', 'CD2', 'b.flac'))).toBe(true);
    expect(fs.existsSync(bench.at('home', 'Album'))).toBe(false);
  });

  it('a transfer stays where it is when a file in the other folder has the name of one of its files', async () => {
    const metainfo = await bench.album('Album', { 'a.flac': 60_000, 'b.flac': 60_000 });
    const seed = await bench.seed(metainfo);
    const session = await bench.session();
    const place = bench.at('home');
    const transfer = session.add({ wanted: { metainfo }, kind: 'download', place, peers: peersOf(seed) });
    await transfer.completed;
    fs.mkdirSync(bench.at('elsewhere', 'Album'), { recursive: true });
    fs.writeFileSync(bench.at('elsewhere', 'Album', 'b.flac'), 'another');
    transfer.move(bench.at('elsewhere'));
    await inState(session, transfer, 'failed');
    expect(transfer.error).toMatchObject({ code: 'exists' });
    expect(fs.readdirSync(bench.at('home', 'Album'))).toEqual(['a.flac', 'b.flac']);
    expect(fs.readdirSync(bench.at('elsewhere', 'Album'))).toEqual(['b.flac']);
    transfer.resume();
    await inState(session, transfer, 'sharing');
  });

  it('a moved share keeps the name of its own folder', async () => {
    const metainfo = await bench.album('Album');
    fs.renameSync(bench.at('source', 'Album'), bench.at('source', 'My own'));
    const session = await bench.session();
    const place = bench.at('source', 'My own');
    const transfer = session.add({ wanted: { metainfo }, kind: 'share', place });
    await transfer.started;
    transfer.move(bench.at('elsewhere'));
    await nextEvent(session, transfer, 'moved');
    await inState(session, transfer, 'sharing');
    expect(transfer.path).toBe(bench.at('elsewhere', 'My own'));
  });
});

it('a recheck hashes all files of a transfer', async () => {
  const metainfo = await bench.album('Album');
  const seed = await bench.seed(metainfo);
  const session = await bench.session({ stateFolder: bench.at('state') });
  const place = bench.at('home');
  const transfer = session.add({ wanted: { metainfo }, kind: 'download', place, peers: peersOf(seed) });
  await transfer.completed;
  transfer.recheck();
  await nextEvent(session, transfer, 'checking');
  await inState(session, transfer, 'sharing');
  expect(transfer.run.last.isChecked).toBe(true);
});

describe('the queue', () => {
  it('the queue runs as many downloads as allowed, in the order of the list', async () => {
    const albums = [await bench.album('One'), await bench.album('Two'), await bench.album('Three')];
    const session = await bench.session();
    session.setLimits({ downloadsMax: 1 });
    const place = bench.at('home');
    const [first, second, third] = albums.map((metainfo) =>
      session.add({ wanted: { metainfo }, kind: 'download', place }),
    );
    await first!.started;
    expect(session.transfers.map(({ state }) => state)).toEqual(['fetching', 'queued', 'queued']);
    session.moveInQueue(third!, 0);
    await inState(session, third!, 'fetching');
    await inState(session, first!, 'queued');
    third!.pause();
    await inState(session, first!, 'fetching');
    expect(second!.state).toBe('queued');
    session.setLimits({ downloadsMax: 0 });
    await inState(session, second!, 'fetching');
  });
});

it('a transfer that reaches its ratio limit is paused', async () => {
  const metainfo = await bench.album('Album');
  const seed = await bench.session();
  const place = bench.at('source');
  const shared = seed.add({ wanted: { metainfo }, kind: 'share', place, verify: false });
  shared.change({ seedLimits: { ratioMax: 1, secondsMax: undefined } });
  await shared.started;
  const session = await bench.session();
  const limit = nextEvent(seed, shared, 'limit-reached');
  session.add({ wanted: { metainfo }, kind: 'download', place: bench.at('home'), peers: peersOf(seed) });
  expect(await limit).toMatchObject({ limit: 'ratio' });
  await inState(seed, shared, 'paused');
});

it('a changed rate limit applies to running transfers', async () => {
  const metainfo = await bench.album('Album', { 'a.flac': 3_000_000 });
  const seed = await bench.seed(metainfo);
  const session = await bench.session({ downloadBpsMax: 1_000 });
  const transfer = session.add({
    ...{ wanted: { metainfo }, kind: 'download', place: bench.at('home'), peers: peersOf(seed) },
  });
  await nextEvent(session, transfer, 'peer-connected');
  expect(transfer.run.isComplete).toBe(false);
  session.setLimits({ downloadBpsMax: 0 });
  await transfer.completed;
});
