/** A tracker that restarts, over real sockets: its clients notice and announce again. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fact } from '../../../client/engine/contract.ts';
import { AliveStreams } from '../../../client/host/network/alive-streams.ts';
import { HttpAnnouncer } from '../../../client/host/network/http-announcer.ts';
import { WebClient } from '../../../client/host/network/web-request.ts';
import { type RunningTracker, startTracker } from '../../../tracker/api.ts';
import { aliveUrl } from '../../../tracker/protocol/alive.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function tracker(port = 0): Promise<RunningTracker> {
  const started = await startTracker({ host: '127.0.0.1', port });
  ends.push(() => started.close());
  return started;
}

/** A clock that returns from waits at once. */
function streams(facts: Fact[], waits: number[] = [], nowMs = () => 0): AliveStreams {
  const web = new WebClient();
  const world = {
    wait: (ms: number, signal: AbortSignal) => {
      waits.push(ms);
      return new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else setTimeout(resolve, 5);
      });
    },
    random: () => 1,
    nowMs,
  };
  const alive = new AliveStreams((fact) => void facts.push(fact), web, world);
  ends.push(() => web.close());
  ends.push(() => alive.stop());
  return alive;
}

/** A server that plays a tracker's alive stream. */
async function impostor(
  answer: (response: ServerResponse, count: number) => void,
): Promise<{ url: string; asked(): number }> {
  let count = 0;
  const server: Server = createServer((_, response) => answer(response, ++count));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/announce`, asked: () => count };
}

const memories = (facts: readonly Fact[], torrent: number) =>
  facts.flatMap((fact) =>
    fact.type === 'tracker-returned' && fact.torrent === torrent ? [fact.memoryId] : [],
  );

describe('the alive stream of a tracker', () => {
  it('an alive stream reports to each torrent that the tracker is up, and after a restart that its memory is new', async () => {
    const first = await tracker();
    const facts: Fact[] = [];
    const alive = streams(facts);
    for (const torrent of [1, 2]) alive.follow(torrent, first.announceUrl, true);
    await expect.poll(() => memories(facts, 1).length).toBe(1);
    await first.close();
    await tracker(first.port);
    await expect.poll(() => memories(facts, 2).length).toBe(2);
    expect(memories(facts, 1)).toEqual(memories(facts, 2));
    expect(new Set(memories(facts, 1)).size).toBe(2);
  });

  it('one alive stream serves all torrents and passkeys of a tracker, and ends with the last of them', async () => {
    const open = new Set<ServerResponse>();
    const { url, asked } = await impostor((response) => {
      open.add(response);
      response.once('close', () => open.delete(response));
      response.writeHead(200).write('data: 0123456789abcdef\n\n');
    });
    const facts: Fact[] = [];
    const alive = streams(facts);
    const key = 'a'.repeat(48);
    alive.follow(1, url, true);
    alive.follow(2, url.replace('/announce', `/${key}/announce`), true);
    await expect.poll(() => memories(facts, 2).length).toBe(1);
    expect(asked()).toBe(1);
    alive.forget(1);
    expect(open.size).toBe(1);
    alive.forget(2);
    await expect.poll(() => open.size).toBe(0);
    expect(asked()).toBe(1);
  });

  it('an alive stream is retried with backoff while the tracker is down, and rarely when it is refused', async () => {
    const { url } = await impostor((response, count) => {
      if (count < 8) response.destroy();
      else response.writeHead(404).end();
    });
    const waits: number[] = [];
    streams([], waits).follow(1, url, true);
    await expect.poll(() => waits.length, { timeout: 10_000 }).toBeGreaterThan(7);
    expect(waits.slice(0, 8)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 600_000]);
  });

  it('an alive stream is retried within seconds while a proxy reports that its tracker is down', async () => {
    const { url } = await impostor((response, count) => {
      if (count === 1) response.writeHead(200).end('data: 0123456789abcdef\n\n');
      else if (count < 4) response.writeHead(count === 2 ? 502 : 504).end();
      else response.writeHead(200).write('data: fedcba9876543210\n\n');
    });
    const [facts, waits]: [Fact[], number[]] = [[], []];
    streams(facts, waits).follow(1, url, true);
    await expect.poll(() => memories(facts, 1)).toEqual(['0123456789abcdef', 'fedcba9876543210']);
    expect(waits).toEqual([1_000, 2_000, 4_000]);
  });

  it('an alive stream that ends right after opening is retried with backoff, until one has lasted 20 s', async () => {
    let nowMs = 0;
    const { url } = await impostor((response, count) => {
      if (count === 5) nowMs += 20_000;
      response.writeHead(200).end('data: 0123456789abcdef\n\n');
    });
    const waits: number[] = [];
    streams([], waits, () => nowMs).follow(1, url, true);
    await expect.poll(() => waits.length).toBeGreaterThan(5);
    expect(waits.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 1_000, 2_000]);
  });

  it('an alive stream of a hostile server is given up after a mebibyte, even with short lines', async () => {
    const { url } = await impostor((response) => {
      response.writeHead(200).write('data: 0123456789abcdef\n\n');
      response.write(':\n\n'.repeat(350_000));
    });
    const waits: number[] = [];
    streams([], waits).follow(1, url, true);
    await expect.poll(() => waits[0]).toBe(600_000);
  });

  it('an alive stream of a hostile server makes no fact of an invalid memory id, and is given up without line ends', async () => {
    const { url } = await impostor((response) => {
      response
        .writeHead(200)
        .write('data: zz\n\ndata: 0123456789ABCDEF\n\nevent: data: 0123456789abcdef\n\n');
      response.write('x'.repeat(1_000));
    });
    const [facts, waits]: [Fact[], number[]] = [[], []];
    streams(facts, waits).follow(1, url, true);
    await expect.poll(() => waits[0]).toBe(600_000);
    expect(facts).toEqual([]);
  });

  it('an alive stream is not requested inside the user’s network when a stranger named the tracker', async () => {
    const { url, asked } = await impostor((response) =>
      response.writeHead(200).write('data: 0123456789abcdef\n\n'),
    );
    const waits: number[] = [];
    streams([], waits).follow(1, url, false);
    await expect.poll(() => waits.length).toBeGreaterThan(0);
    expect(asked()).toBe(0);
  });
});

describe('the URL of an alive stream', () => {
  it.each([
    ['http://host:6969/announce', 'http://host:6969/alive'],
    [`https://host/${'b'.repeat(48)}/announce`, 'https://host/alive'],
    [`https://host/folder/${'b'.repeat(32)}/announce`, 'https://host/folder/alive'],
    ['https://host/folder/announce?x=1', 'https://host/folder/alive'],
    ['https://host/announce.php', undefined],
    ['no url', undefined],
  ])('%s has its alive stream at %s', (announce, alive) => expect(aliveUrl(announce)).toBe(alive));
});

it('an announcer follows a tracker that has answered, unless its torrent was stopped before', async () => {
  const there = await tracker();
  const facts: Fact[] = [];
  const announcer = new HttpAnnouncer((fact) => void facts.push(fact));
  ends.push(() => announcer.stop());
  const request = {
    ...{ infoHash: new Uint8Array(20), peerId: new Uint8Array(20), port: 7000, uploaded: 0, downloaded: 0 },
    ...({ left: 0, event: 'started', peersWanted: 50, tracker: there.announceUrl } as const),
  };
  for (const torrent of [1, 2]) announcer.trust(torrent, { trackers: [there.announceUrl] });
  announcer.announce({ ...request, torrent: 1 });
  announcer.announce({ ...request, torrent: 2 });
  announcer.forget(2);
  await expect.poll(() => memories(facts, 1).length).toBe(1);
  const [answered] = facts.filter((fact) => fact.type === 'announced');
  expect(answered?.answer.memoryId).toBe(memories(facts, 1)[0]);
  expect(memories(facts, 2)).toEqual([]);
});
