/** Torrents of which only the hash is known: peers send the metadata, then the files. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differenceOf } from '../../e2e/shared-folder.ts';
import { documentsOf, SwarmScene } from '../swarm-scene.ts';

let scene: SwarmScene;
beforeAll(async () => {
  scene = await SwarmScene.open();
});
afterAll(() => scene[Symbol.asyncDispose]());

async function get(...args: string[]) {
  const out = scene.folder();
  const outcome = await scene.cicada('get', ...args, '-o', out, '--port', '0', '--json');
  return {
    outcome,
    documents: documentsOf(outcome),
    difference: differenceOf(scene.album, join(out, 'Album')),
  };
}

describe('a torrent is fetched when it is given', () => {
  it('a magnet link with a tracker is downloaded', async () => {
    const { outcome, documents, difference } = await get(scene.magnet);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(difference).toBeUndefined();
    const { infoHash } = scene;
    expect(documents[0]).toEqual({ event: 'searching', infoHash, name: 'Album' });
    expect(documents).toContainEqual({ event: 'found', infoHash, name: 'Album' });
    expect(documents.at(-1)).toMatchObject({ event: 'done', infoHash });
  });

  it('a magnet link with a peer and no tracker is downloaded', async () => {
    const { outcome, difference } = await get(`magnet:?xt=urn:btih:${scene.infoHash}&x.pe=${scene.seeder}`);
    expect(outcome.code).toBe(0);
    expect(difference).toBeUndefined();
  });

  it('an info-hash with a tracker is downloaded', async () => {
    const { outcome, difference } = await get(scene.infoHash.toUpperCase(), '--tracker', scene.announce);
    expect(outcome.code).toBe(0);
    expect(difference).toBeUndefined();
  });

  it('a torrent given as file and as link is downloaded once', async () => {
    const { documents } = await get('Album.torrent', scene.magnet);
    expect(documents.filter(({ event }) => event === 'done')).toHaveLength(1);
    expect(documents.some(({ event }) => event === 'searching')).toBe(false);
  });
});

it.each([
  [
    'out of a page, over two lines',
    (link: string) => `<${link.replaceAll('&', '&amp;').replace('&', '\n&')}>\n`,
  ],
  ['with its tracker encoded once more', (link: string) => link.replaceAll('%', '%25')],
  ['with an empty selection and a fragment', (link: string) => `${link}&so=,#top`],
])('info takes a link as it was copied: %s', async (_, copied) => {
  const { code, stdout, stderr } = await scene.cicada('info', copied(scene.magnet), '--port', '0');
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('passed over')]);
  expect(stdout).toContain(scene.infoHash);
});

it('info reports the parts of a link that it ignores', async () => {
  const link = `${scene.magnet}&xt=urn:btih:0123&tr=tracker&x.pe=peer:0`;
  const { code, stderr } = await scene.cicada('info', link, '--port', '0');
  expect(code).toBe(0);
  expect(stderr).toContain('Note: passed over in the magnet link: xt=urn:btih:0123 (not an info-hash)');
  expect(stderr).toContain('Note: passed over in the magnet link: tr=tracker (not an address)');
  expect(stderr).toContain('Note: passed over in the magnet link: x.pe=peer:0 (not an address)');
});

it('info asks peers for the metadata of a link, and prints one document', async () => {
  const outcome = await scene.cicada('info', scene.magnet, '--port', '0', '--json');
  const [document, ...more] = documentsOf(outcome);
  expect(more).toEqual([]);
  expect(document).toMatchObject({ name: 'Album', infoHash: scene.infoHash, bytes: 1_600_000 });
  expect(document.files).toHaveLength(2);
});

it('a link without any peer is waited for, and Ctrl-C prints the command that continues', async () => {
  const hash = 'f'.repeat(40);
  const download = scene.start('get', hash, '--tracker', scene.announce, '--port', '0', '--json');
  await download.event('tracker-answered', ({ peers }) => peers === 0);
  await download.kill('SIGINT');
  expect(await download.ended).toBe(7);
  const { message } = JSON.parse(download.lines.at(-1)!);
  expect(message).toMatch(new RegExp(`^stopped before it began. To go on:\\n {2}.* get ${hash} --tracker `));
});
