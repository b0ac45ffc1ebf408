/** Calls of a tracker's API over real sockets: timeouts and retries. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { answerMs, TrackerClient } from '../../client/account/tracker-client.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly retryAfter?: string;
}

/** A tracker that gives these answers in turn, and then always the last one. */
async function tracker(...answers: readonly Answer[]): Promise<{ url: string; bodies: string[] }> {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const { status, code, retryAfter } = answers[Math.min(bodies.length, answers.length - 1)]!;
    bodies.push(body);
    response.writeHead(status, retryAfter === undefined ? {} : { 'Retry-After': retryAfter });
    response.end(
      JSON.stringify(code === undefined ? {} : { error: { code, message: 'said by the tracker' } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

function publish(url: string, signal?: AbortSignal): Promise<unknown> {
  const client = new TrackerClient(url, { signal });
  ends.push(() => client.close());
  return client.call({ method: 'POST', path: '/releases', body: { album: 'Übermut' } });
}

const busy: Answer = { status: 503, code: 'uploads-busy', retryAfter: '0' };

describe('an upload to a busy tracker', () => {
  it('an upload refused with uploads-busy and Retry-After is sent again, whole', async () => {
    const { url, bodies } = await tracker(busy, busy, { status: 204 });
    await publish(url);
    expect(bodies).toEqual(Array(3).fill('{"album":"Übermut"}'));
  });

  it("an upload that is always refused fails after six tries with the tracker's message", async () => {
    const { url, bodies } = await tracker(busy);
    await expect(publish(url)).rejects.toMatchObject({
      code: 'uploads-busy',
      message: 'said by the tracker',
    });
    expect(bodies).toHaveLength(6);
  });

  it('an upload refused without Retry-After is not sent again', async () => {
    const { url, bodies } = await tracker({ status: 503, code: 'uploads-busy' });
    await expect(publish(url)).rejects.toMatchObject({ code: 'uploads-busy' });
    expect(bodies).toHaveLength(1);
  });

  it('the user can stop an upload that waits to be sent again', async () => {
    const { url, bodies } = await tracker({ ...busy, retryAfter: '3600' });
    const stopping = new AbortController();
    const published = publish(url, stopping.signal);
    await expect.poll(() => bodies.length).toBe(1);
    stopping.abort(new Error('stopped'));
    await expect(published).rejects.toThrow('stopped');
  });
});

it('a final refusal is not retried', async () => {
  const { url, bodies } = await tracker({ status: 429, code: 'too-often', retryAfter: '0' });
  await expect(publish(url)).rejects.toMatchObject({ code: 'too-often', retryAfterSeconds: 0 });
  expect(bodies).toHaveLength(1);
});

describe('the answer to an upload', () => {
  it('the time limit of an answer is 30 s, grows with the body, and is at most 180 s', () => {
    expect([0, 16 * 1024, 1024 * 1024, 20 * 1024 * 1024].map(answerMs)).toEqual([
      30_000, 31_000, 94_000, 180_000,
    ]);
  });
});
