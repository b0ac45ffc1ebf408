import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { shareAlbums } from '../../../../client/cli/commands/transfers/share-albums.ts';
import { Output } from '../../../../client/cli/screen/output.ts';
import { openSession } from '../../../../client/session/open-session.ts';
import { createTorrent } from '../../../../torrents/create/create.ts';
import { parseMetainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { runHere, temporaryFolder } from '../../run-cicada.ts';

let place: string;
let music: string;
beforeEach(() => {
  place = temporaryFolder();
  music = join(place, 'Music');
  for (const album of ['A/One', 'B/Two']) write(`${album}/1.flac`, album);
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(music, path)), { recursive: true });
  writeFileSync(join(music, path), text);
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

describe('share --per-album without a catalogue', () => {
  async function share(folder: string | undefined) {
    const { session } = await openSession({ port: 0, host: '127.0.0.1' });
    const control = new AbortController();
    const documents: Record<string, unknown>[] = [];
    const output = Object.assign(new Output(), { document: (value: object) => documents.push({ ...value }) });
    output.configure({ json: true, quiet: false, verbose: false });
    const ended = shareAlbums(
      session,
      {
        ...{ collections: [music], create: {}, place: folder, force: false, threads: 1 },
        ...{ trackers: [], tracker: undefined, includeSecrets: undefined, lookEveryMs: 5, settleMs: 5 },
      },
      control.signal,
      output,
    );
    onTestFinished(async () => {
      control.abort();
      await ended.catch(() => {});
      await session.close();
    });
    const of = (event: string) => documents.filter((document) => document.event === event);
    return { session, of, ended };
  }

  it('share --per-album seeds every album and each later one, and writes their torrents once', async () => {
    const out = join(place, 'out');
    mkdirSync(out);
    writeFileSync(join(out, 'One.torrent'), 'mine');
    const { session, of } = await share(out);
    await soon(() => expect(of('sharing').map(({ name }) => name)).toEqual(['One', 'Two']));
    expect(readFileSync(join(out, 'One.torrent'), 'utf8')).toBe('mine');
    write('Three/1.flac', 'three');
    await soon(() => expect(of('sharing').map(({ name }) => name)).toEqual(['One', 'Two', 'Three']));
    expect(existsSync(join(out, 'Three.torrent'))).toBe(true);
    expect(new Set(of('sharing').map(({ port }) => port))).toEqual(new Set([session.port]));
    rmSync(join(music, 'A/One'), { recursive: true });
    await soon(() => expect(of('gone')).toMatchObject([{ path: join(music, 'A/One') }]));
  });

  it('an album that has gained a disc is another torrent, and the earlier one is still seeded', async () => {
    const { of } = await share(join(place, 'out/'));
    await soon(() => expect(of('sharing')).toHaveLength(2));
    for (const [disc, files] of [
      ['CD2', 2],
      ['Disc III', 3],
      ['disc four', 4],
    ] as const) {
      write(`A/One/${disc}/1.mp3`, disc);
      await soon(() => expect(of('new-version').at(-1)).toMatchObject({ name: 'One', files }));
    }
    const file = parseMetainfo(readFileSync(join(place, 'out/One.torrent')));
    expect(of('new-version').map(({ infoHash }) => infoHash)).toContain(
      Buffer.from(file.infoHash).toString('hex'),
    );
    expect(file.files.filter(({ isPad }) => !isPad)).toHaveLength(4);
    await soon(() => expect(of('progress').at(-1)).toMatchObject({ torrents: 5, offline: 0 }));
    rmSync(join(music, 'A/One/CD2'), { recursive: true });
    await soon(() => expect(of('progress').at(-1)).toMatchObject({ torrents: 2, offline: 0 }));
  });

  it('audio in another folder of an album is an album of its own, and in no two torrents', async () => {
    const { of } = await share(undefined);
    await soon(() => expect(of('sharing')).toHaveLength(2));
    write('A/One/Bonus/1.flac', 'bonus');
    await soon(() => expect(of('sharing').at(-1)).toMatchObject({ name: 'Bonus', files: 1 }));
    write('A/One/2.flac', 'two');
    await soon(() => expect(of('new-version')).toMatchObject([{ name: 'One', files: 2 }]));
  });

  it('an existing torrent file is kept, and reported to be of another torrent', async () => {
    const out = join(place, 'out');
    mkdirSync(out);
    const { bytes } = await createTorrent(join(music, 'A/One'));
    writeFileSync(join(out, 'One.torrent'), bytes);
    writeFileSync(join(out, 'Two.torrent'), bytes);
    const { of } = await share(out);
    await soon(() =>
      expect(of('other-torrent')).toEqual([expect.objectContaining({ torrent: join(out, 'Two.torrent') })]),
    );
    write('A/One/2.flac', 'two');
    await soon(() => expect(of('other-torrent').at(-1)).toMatchObject({ torrent: join(out, 'One.torrent') }));
    expect(readFileSync(join(out, 'One.torrent')).equals(bytes)).toBe(true);
  });

  it('an album that cannot be shared stops no other, is reported once, and is shared when it can be', async () => {
    writeFileSync(Buffer.from(`${music}/B/Two/\xff`, 'latin1'), 'x');
    const { of } = await share(undefined);
    await soon(() => expect(of('sharing').map(({ name }) => name)).toEqual(['One']));
    write('Later/1.flac', 'later');
    await soon(() => expect(of('sharing').map(({ name }) => name)).toEqual(['One', 'Later']));
    expect(of('trouble')).toMatchObject([{ code: 'create-name-not-utf8' }]);
    rmSync(Buffer.from(`${music}/B/Two/\xff`, 'latin1'));
    await soon(() => expect(of('sharing').map(({ name }) => name)).toEqual(['One', 'Later', 'Two']));
  });

  it('share --per-album without any album ends with a message', async () => {
    mkdirSync(join(place, 'Empty'));
    const { code, stderr } = await runHere(
      ['share', 'Empty', '--per-album', '--listen', '127.0.0.1:0', '--port', '0'],
      place,
    );
    expect(code).toBe(3);
    expect(stderr).toMatch(/Empty holds no album: no audio was found/);
  });
});
