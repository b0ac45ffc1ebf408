/** Files of a magnet link can be chosen before they are known, and the choice survives a restart. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Session } from '../../client/session/session.ts';
import type { FilePatterns } from '../../client/session/transfers/file-patterns.ts';
import type { AddRequest } from '../../client/session/transfers/transfer-settings.ts';
import { createTorrent } from '../../torrents/create/create.ts';
import { magnetOf, parseMagnet } from '../../torrents/magnet.ts';
import { peersOf, SessionBench } from './session-bench.ts';

let bench: SessionBench;
let seed: Session;
let magnet: string;
beforeEach(async () => {
  bench = new SessionBench();
  const files = { 'a.flac': 60_000, 'b.flac': 60_000, 'CD2/c.flac': 60_000, 'cover.jpg': 9_000 };
  const metainfo = await bench.album('Album', files);
  seed = await bench.seed(metainfo);
  magnet = magnetOf(metainfo);
});
afterEach(() => bench.closeAll());

const kept = () => bench.session({ stateFolder: bench.at('state'), keepsList: true });
const request = (choice?: FilePatterns, link = magnet): AddRequest => ({
  ...{ wanted: { link: parseMagnet(link) }, kind: 'download', place: bench.at('home'), choice },
  ...{ peers: peersOf(seed), isPaused: true },
});
const restarted = async (session: Session) => {
  await bench.close(session);
  const again = await kept();
  return { again, transfer: again.transfers[0]! };
};
const fetched = () =>
  fs
    .readdirSync(bench.at('home', 'Album'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({ parentPath, name }) => path.relative(bench.at('home', 'Album'), path.join(parentPath, name)))
    .sort();

describe('the choice of a magnet link', () => {
  it.each<[string, FilePatterns, string[]]>([
    ['by name', { include: ['b.flac', 'cover.jpg'] }, ['b.flac', 'cover.jpg']],
    ['by exclusion', { exclude: ['*.flac'] }, ['cover.jpg']],
    ['by folder', { include: ['CD2/*'] }, ['CD2/c.flac']],
    ['by number', { numbers: [{ first: 0, last: 2 }] }, ['CD2/c.flac', 'a.flac']],
    [
      'by name and number',
      { include: ['*.flac'], exclude: ['a*'], numbers: [{ first: 0, last: 4 }] },
      ['CD2/c.flac', 'b.flac'],
    ],
  ])('after a restart a magnet link fetches the files chosen %s', async (_, choice, expected) => {
    const session = await kept();
    session.add(request(choice));
    const { transfer, again } = await restarted(session);
    expect(transfer.link).toBeDefined();
    transfer.resume();
    await transfer.completed;
    expect(fetched()).toEqual(expected);
    // A second restart, now that the torrent is known.
    const { transfer: last } = await restarted(again);
    await last.completed;
    expect(fetched()).toEqual(expected);
  });

  it('a choice made while the metadata is searched survives a restart', async () => {
    const session = await kept();
    const transfer = session.add({ ...request(), peers: [], isPaused: false });
    transfer.select({ include: ['cover.jpg'] });
    const { transfer: next } = await restarted(session);
    expect(next.settings).toMatchObject({ choice: { include: ['cover.jpg'] } });
    expect(next.state).not.toBe('paused');
  });

  it('a magnet link selects its files (BEP 53) unless the user chooses others', async () => {
    const session = await kept();
    const transfer = session.add({ ...request(undefined, `${magnet}&so=6`), isPaused: false });
    await transfer.completed;
    expect(fetched()).toEqual(['cover.jpg']);
    await session.remove(transfer, { isErased: true });
    const next = session.add({ ...request({ include: ['a.flac'] }, `${magnet}&so=6`), isPaused: false });
    await next.completed;
    expect(fetched()).toEqual(['a.flac']);
  });
});

describe('patterns that match no file', () => {
  it('patterns that match no file fail once the files are known, also after a restart, and can be replaced', async () => {
    const session = await kept();
    session.add({ ...request({ include: ['*.mp3'] }), isPaused: false });
    await expect(session.transfers[0]!.started).rejects.toMatchObject({ code: 'nothing-chosen' });
    const { transfer } = await restarted(session);
    await expect(transfer.started).rejects.toMatchObject({ code: 'nothing-chosen' });
    expect(() => transfer.select({ include: ['*.ogg'] })).toThrow(
      expect.objectContaining({ code: 'nothing-chosen' }),
    );
    transfer.select({ include: ['*.jpg'] });
    transfer.resume();
    await transfer.completed;
    expect(fetched()).toEqual(['cover.jpg']);
  });

  it('patterns match the name of the only file of a single-file torrent', async () => {
    fs.writeFileSync(bench.at('song.flac'), 'a song');
    const { metainfo } = await createTorrent(bench.at('song.flac'), { format: 'hybrid' });
    const session = await kept();
    const place = bench.at('home');
    const choice = { include: ['*.flac'] };
    await session.add({ wanted: { metainfo }, kind: 'download', place, choice }).started;
  });
});

describe('a list', () => {
  it('a list of an earlier version that stored the choice as lost opens, and its transfer is paused', async () => {
    const session = await kept();
    const { id } = session.add({ ...request({ include: ['a.flac'] }), isPaused: false, peers: [] });
    await bench.close(session);
    rewrite(id, { choice: 'lost' });
    expect((await kept()).transfers.map(({ state }) => state)).toEqual(['paused']);
  });

  it.each([5, null, { include: 'a.flac' }, { exclude: [1] }, { numbers: [{ first: '1', last: 2 }] }, [[1]]])(
    'an invalid choice in the list makes its entry damaged (%j)',
    async (choice) => {
      const session = await kept();
      const { id } = session.add(request({ include: ['a.flac'] }));
      await bench.close(session);
      rewrite(id, { choice });
      await expect(kept()).rejects.toMatchObject({ code: 'list-damaged', infoHash: id });
    },
  );
});

function rewrite(id: string, change: object): void {
  const file = bench.at('state', 'session', `${id}.json`);
  fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(fs.readFileSync(file, 'utf8')), ...change }));
}
