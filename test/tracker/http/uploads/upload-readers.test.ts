/** The threads that read publications, and the queue of uploads. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Asker, FairQueue } from '../../../../tracker/catalogue/search/fair-queue.ts';
import { collectBody } from '../../../../tracker/http/uploads/body.ts';
import { isWithin } from '../../../../tracker/http/uploads/json-shape.ts';
import { openUploadReaders, type UploadReaders } from '../../../../tracker/http/uploads/upload-readers.ts';
import { openWriterTurns } from '../../../../tracker/http/uploads/writer-turns.ts';

const workerFile = new URL('../odd-reader.ts', import.meta.url);
const by = (account: string, address = account): Asker => ({ address, account });
const job = (said: string) => ({
  frame: { publisherKey: undefined, releaseId: undefined },
  blocks: [new Uint8Array(new TextEncoder().encode(said))],
});

let readers: UploadReaders | undefined;
afterEach(async () => {
  await readers?.close();
});
const open = (options: { readMsMax?: number; heapMiB?: number } = {}) => {
  readers = openUploadReaders({ folder: '/nowhere', workerFile, ...options });
  const opened = readers;
  return (said: string, asker = by('ada')) =>
    opened.read(asker, job(said)).then(
      () => 'read',
      (error: { code: string; statusCode?: number }) =>
        [error.code, error.statusCode].filter((part) => part !== undefined).join(' '),
    );
};

describe('an upload', () => {
  it('an upload that takes too long is refused, and another thread reads the next ones', async () => {
    const read = open({ readMsMax: 1_000 });
    const answers = [read('stuck'), read('stuck'), read('fine'), read('fine')];
    expect(await Promise.all(answers)).toEqual([
      'upload-too-costly 400',
      'upload-too-costly 400',
      'torrent-invalid',
      'torrent-invalid',
    ]);
  });

  it('an upload that kills its thread is refused, and the next one is read', async () => {
    const read = open();
    expect(await read('dies')).toBe('upload-unreadable 400');
    expect(await read('fine')).toBe('torrent-invalid');
  });

  it('an upload that exceeds the memory of its thread is refused, and the next one is read', async () => {
    const read = open({ heapMiB: 16 });
    expect(await read('memory')).toBe('upload-too-costly 400');
    expect(await read('fine')).toBe('torrent-invalid');
  });

  it('up to 4 uploads of an account, 8 of an address and 32 in total may wait', async () => {
    const read = open();
    const held = [read('stuck', by('x')), read('stuck', by('y'))];
    const answers = (count: number, asker: (n: number) => Asker) =>
      Array.from({ length: count }, (_, n) => read('fine', asker(n)));
    const [, , , , ofAccount] = answers(5, () => by('ada', 'home'));
    const [, , , , ofAddress] = answers(5, (n) => by(`guest ${n}`, 'home'));
    const ofAll = answers(25, (n) => by(`other ${n}`)).at(-1)!;
    expect(await ofAccount).toBe('too-often 429');
    expect(await ofAddress).toBe('too-often 429');
    expect(await ofAll).toBe('uploads-busy 503');
    await readers!.close();
    expect(await Promise.all(held)).toEqual(['uploads-busy 503', 'uploads-busy 503']);
  });

  it('an upload is refused while the tracker stops', async () => {
    const read = open();
    await readers!.close();
    expect(await read('fine')).toBe('uploads-busy 503');
  });
});

describe('queues of uploads and writes', () => {
  it('a fair queue serves addresses in turn, and accounts within an address in turn', () => {
    const queue = new FairQueue<string>({ allMax: 20, perAddressMax: 20, perAccountMax: 20 });
    for (const item of ['a1', 'a2', 'a3']) queue.add({ address: 'home', account: 'a' }, item);
    queue.add({ address: 'home', account: 'b' }, 'b1');
    for (const item of ['c1', 'c2']) queue.add({ address: 'far', account: 'c' }, item);
    const served = Array.from({ length: 7 }, () => queue.next());
    expect(served).toEqual(['a1', 'c1', 'b1', 'c2', 'a2', 'a3', undefined]);
    expect(queue.count).toBe(0);
  });

  it('large writes run one by one, and small ones at once', async () => {
    const turns = openWriterTurns();
    const order: string[] = [];
    let finish: (() => void) | undefined;
    const first = turns.take(by('ada'), 8_000, () => new Promise<void>((resolve) => (finish = resolve)));
    const large = (account: string) => turns.take(by(account), 8_000, async () => void order.push(account));
    const rest = [large('ada'), large('ada'), large('ben')];
    await turns.take(by('cem'), 10, async () => void order.push('small'));
    expect(order).toEqual(['small']);
    finish!();
    await Promise.all([first, ...rest]);
    expect(order).toEqual(['small', 'ada', 'ben', 'ada']);
  });

  it('large writes continue after one that failed', async () => {
    const turns = openWriterTurns();
    const failed = turns.take(by('ada'), 8_000, () => Promise.reject(new Error('refused')));
    const next = turns.take(by('ben'), 8_000, async () => 'done');
    await expect(failed).rejects.toThrow('refused');
    expect(await next).toBe('done');
  });
});

describe('a large body', () => {
  const slowly = { everyMs: 20, bytes: 1_000 };
  const whole = async (stream: PassThrough, bytesMax = 1e6) =>
    Buffer.concat(await collectBody(stream, { bytesMax }));

  it('a large body is collected unchanged, however it is split', async () => {
    const bytes = Buffer.from(Array.from({ length: 600_000 }, (_, n) => (n * 7) & 255));
    for (const step of [1_000, 65_536, 300_000]) {
      const stream = new PassThrough();
      const collected = whole(stream);
      for (let at = 0; at < bytes.length; at += step) stream.write(bytes.subarray(at, at + step));
      stream.end();
      expect((await collected).equals(bytes)).toBe(true);
    }
  });

  it('a body that is too long, ends early, or arrives too slowly is refused', async () => {
    const [long, cut, silent] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const answers = Promise.allSettled([
      whole(long, 10),
      whole(cut),
      collectBody(silent, { bytesMax: 1e6, pace: slowly }),
    ]);
    long.write('more than ten');
    cut.write('half');
    cut.destroy();
    silent.write('a word');
    const codes = (await answers).map((one) => one.status === 'rejected' && one.reason.code);
    expect(codes).toEqual(['body-too-large', 'bad-request', 'body-too-slow']);
  });
});

describe('the values in a JSON text', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const countOf = (value: unknown): number =>
    value !== null && typeof value === 'object'
      ? 1 + Object.values(value).reduce<number>((sum, member) => sum + countOf(member), 0)
      : 1;

  it('JSON values are never counted as fewer than a parser would make', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (value, isIndented) => {
        const text = JSON.stringify(value, null, isIndented ? 1 : 0);
        const parsed = JSON.parse(text);
        const isUnder = (valuesMax: number) => isWithin(bytes(text), { valuesMax, depthMax: 1_000 });
        const count = countOf(parsed);
        if (count > 1) expect(isUnder(count - 1)).toBe(false);
        // Nor as more than twice as many: an empty list counts as two.
        expect(isUnder(2 * count)).toBe(true);
      }),
    );
  });

  it('quotes, backslashes and brackets inside JSON strings count as no values', () => {
    const limits = { valuesMax: 3, depthMax: 1 };
    for (const text of ['[[,,', '\\"[,', '\\\\', '"],[', '\\\\\\"{{']) {
      expect(isWithin(bytes(JSON.stringify([text])), limits)).toBe(true);
    }
  });

  it('JSON values are limited in number and depth, even in a text that never ends', () => {
    const limits = { valuesMax: 100, depthMax: 5 };
    const refused = [
      '['.repeat(6),
      '{"":1,'.repeat(100),
      '[],'.repeat(60),
      `${'[1,'.repeat(3)}${'1,'.repeat(99)}`,
    ];
    expect(refused.map((text) => isWithin(bytes(text), limits))).toEqual(refused.map(() => false));
    expect(isWithin(bytes('"never ends'), limits)).toBe(true);
    expect(isWithin(bytes('[[[[[1,2]]]]]'), limits)).toBe(true);
  });
});
