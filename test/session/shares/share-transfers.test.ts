/** Transfers of shares, as one version replaces another. */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ShareTransfers } from '../../../client/session/shares/share-transfers.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { SessionBench } from '../session-bench.ts';

let bench: SessionBench;
beforeEach(() => {
  bench = new SessionBench();
});
afterEach(() => bench.closeAll());

const { signal } = new AbortController();

async function shares(...names: string[]) {
  const session = await bench.session();
  const transfers = new ShareTransfers(session);
  const albums = await Promise.all(names.map((name) => bench.album(name)));
  const requestOf = (metainfo: Metainfo) => ({ wanted: { metainfo }, place: bench.at('source') });
  const requests = albums.map(requestOf);
  const shown = () => transfers.all.map(({ name }) => name);
  return { session, transfers, requests, shown };
}

describe('a version that is shared', () => {
  it('a new version takes the place of the one before, which is removed', async () => {
    const { session, transfers, requests, shown } = await shares('One', 'Two', 'Next');
    const [one] = [await transfers.start(requests[0]!, signal), await transfers.start(requests[1]!, signal)];
    await transfers.start(requests[2]!, signal, one);
    expect(shown()).toEqual(['Next', 'Two']);
    expect(session.transfers.map(({ name }) => name)).toEqual(['Two', 'Next']);
  });

  it('a version that cannot be seeded leaves its place empty, and can be started later', async () => {
    const { transfers, requests, shown } = await shares('One', 'Next');
    const one = await transfers.start(requests[0]!, signal);
    fs.renameSync(bench.at('source', 'Next'), bench.at('source', 'away'));
    for (let time = 0; time < 2; time++)
      await expect(transfers.start(requests[1]!, signal, one)).rejects.toMatchObject({ code: 'not-found' });
    expect(shown()).toEqual([]);
    fs.renameSync(bench.at('source', 'away'), bench.at('source', 'Next'));
    await transfers.start(requests[1]!, signal, one);
    expect(shown()).toEqual(['Next']);
  });

  it('a transfer can be let go several times', async () => {
    const { session, transfers, requests } = await shares('One');
    const one = await transfers.start(requests[0]!, signal);
    for (let time = 0; time < 3; time++) await transfers.letGo(one);
    expect([transfers.all, session.transfers]).toEqual([[], []]);
  });
});
