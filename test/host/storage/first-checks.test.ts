/** One client seeds many torrents: their first checks run together. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '../../../client/host/client.ts';
import { openClient } from '../../../client/host/open-client.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import { TemporaryFolder } from '../../e2e/shared-folder.ts';

const MiB = 2 ** 20;
let temporary: TemporaryFolder;
let client: Client;
beforeEach(async () => {
  temporary = new TemporaryFolder();
  client = await openClient({ port: 0, host: '127.0.0.1', stateFolder: temporary.in('state') });
});
afterEach(async () => {
  await client.close();
  temporary[Symbol.dispose]();
});

async function torrentOf(name: string, bytes: number) {
  const path = temporary.in(name);
  mkdirSync(path);
  writeFileSync(join(path, '1.flac'), Buffer.alloc(bytes, name));
  writeFileSync(join(path, '2.flac'), Buffer.alloc(1000, name));
  return { path, metainfo: (await createTorrent(path)).metainfo };
}

describe('first checks of many torrents', () => {
  it('first checks run in parallel; a damaged torrent is refused with the name of its file, the others are seeded', async () => {
    const sizes = [30_000, 5 * MiB, 200, 9 * MiB, 90_000, 3 * MiB];
    const torrents = await Promise.all(sizes.map((bytes, i) => torrentOf(`Album ${i}`, bytes)));
    for (const i of [2, 3]) {
      writeFileSync(join(torrents[i]!.path, '1.flac'), Buffer.alloc(sizes[i]!, 'something else'));
    }
    const started = await Promise.allSettled(
      torrents.map(({ metainfo, path }) => client.seed(metainfo, { path })),
    );
    expect(started.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      true,
      false,
      false,
      true,
      true,
    ]);
    for (const i of [2, 3]) {
      const result = started[i]!;
      const message = result.status === 'rejected' ? String(result.reason) : '';
      expect(message).toContain(join(torrents[i]!.path, '1.flac'));
    }
  });

  it('first checks end when the client is closed or their own signal is aborted, without ending others', async () => {
    const large = await torrentOf('Large', 32 * MiB);
    const small = await torrentOf('Small', 4 * MiB);
    const control = new AbortController();
    const ended = client.seed(large.metainfo, { path: large.path, signal: control.signal });
    const other = client.seed(small.metainfo, { path: small.path });
    control.abort(new Error('changed my mind'));
    await expect(ended).rejects.toThrow('changed my mind');
    await other;
    const closed = client.seed(large.metainfo, { path: large.path });
    await Promise.all([client.close(), expect(closed).rejects.toMatchObject({ code: 'stopped' })]);
  });
});
