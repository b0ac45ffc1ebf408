/** Server-sent events in parts of any size, and invalid ones. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrackerAccount } from '../../client/account/account.ts';
import { liveNews, type News, type SentEvent, sentEvents } from '../../client/account/live-news.ts';
import { TrackerError } from '../../client/account/tracker-error.ts';

const [seven, eight, nine] = ['7', '6', '5'].map((digit) => digit.repeat(26)) as [string, string, string];
const notice = { id: seven, kind: 'finished', madeAtMs: 1, isRead: false };
const said = { id: eight, author: 'ada', room: 'jazz', text: 'one', sentAtMs: 2, isDeleted: false };
const stream = [
  'retry: 2000\n\n',
  `id: ${seven}\nevent: notice\ndata: ${JSON.stringify({ type: 'notice', notice })}\n\n`,
  ': here\n\n',
  `id: ${eight}\nevent: message\ndata: {"type":"message",\ndata: "message":null}\n\n`,
  `id: ${nine}\nevent: message\ndata: ${JSON.stringify({ type: 'message', message: said })}\n\n`,
].join('');

async function all(parts: readonly string[]): Promise<SentEvent[]> {
  const events: SentEvent[] = [];
  for await (const event of sentEvents(textOf(parts))) events.push(event);
  return events;
}

async function* textOf(parts: readonly string[]): AsyncGenerator<string> {
  yield* parts;
}

describe('events', () => {
  it('events are the same for any cuts in the stream and for both line ends', async () => {
    const expected = await all([stream]);
    expect(expected.map(({ id }) => id)).toEqual([undefined, seven, undefined, eight, nine]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(stream.length)), fc.boolean(), async (cuts, hasReturns) => {
        const at = [...new Set([0, ...cuts, stream.length])].sort((a, b) => a - b);
        const parts = at.slice(1).map((end, i) => stream.slice(at[i], end));
        expect(await all(hasReturns ? parts.map((part) => part.replaceAll('\n', '\r\n')) : parts)).toEqual(
          expected,
        );
      }),
    );
  });

  it('an event without an end is refused', async () => {
    await expect(all(Array(20).fill('data: '.padEnd(20_000, 'x')))).rejects.toMatchObject({
      code: 'tracker-unclear',
    });
  });
});

describe('news', () => {
  /** A tracker account whose connections give these streams in turn. */
  function account(streams: readonly (string | Error)[], asked: (string | undefined)[]): TrackerAccount {
    const left = [...streams];
    return {
      url: 'http://t',
      name: 'bob',
      call: () => Promise.reject(new Error('not asked for')),
      bytes: () => Promise.reject(new Error('not asked for')),
      async *stream() {},
      close: async () => {},
      async *events(lastEventId) {
        asked.push(lastEventId);
        const next = left.shift();
        if (next === undefined) throw new TrackerError('session-invalid', 'the end of this test', 401);
        if (next instanceof Error) throw next;
        yield next;
      },
    };
  }

  it('news is checked, and events that are not news are skipped', async () => {
    const heard: News[] = [];
    const { signal } = new AbortController();
    const end = (async () => {
      for await (const news of liveNews(account([stream], []), { signal })) {
        heard.push(news);
        if (news.type === 'message') return;
      }
    })();
    await end;
    expect(heard).toEqual([
      { type: 'listening' },
      { type: 'notice', notice },
      { type: 'message', message: said },
    ]);
  });

  it('a refusal with status 401 ends the news', async () => {
    const refused = new TrackerError('not-signed-in', 'sign in first', 401);
    const news = liveNews(account([refused], []), { signal: new AbortController().signal });
    await expect(news.next()).rejects.toBe(refused);
  });
});
