import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../client/engine/limits.ts';
import { UploadQueue } from '../../../client/engine/serving/upload-queue.ts';
import { type Block, Geometry } from '../../../torrents/geometry.ts';

const blockBytes = 16_384;
const geometry = new Geometry(100 * blockBytes, blockBytes);
const limits = { ...defaultLimits, uploadQueueMax: 10, uploadWindowBytes: 2 * blockBytes };
const block = (index: number, begin = 0, bytes = blockBytes): Block => geometry.block(index, begin, bytes)!;

/** Reads as long as the queue allows. Returns the reads that were begun. */
function readAll(queue: UploadQueue, firstRead: number): Block[] {
  const begun: Block[] = [];
  for (let next = queue.next; next !== undefined; next = queue.next) {
    queue.onReading(firstRead + begun.length);
    begun.push(next);
  }
  return begun;
}

describe('an upload queue', () => {
  it('an upload queue serves in the order of requests, as far as the window reaches', () => {
    const queue = new UploadQueue(limits);
    for (let i = 0; i < 5; i++) queue.add(block(i));
    expect(readAll(queue, 1)).toEqual([block(0), block(1)]);
    expect([queue.waitingCount, queue.pendingBytes]).toEqual([3, 2 * blockBytes]);
    expect(queue.onRead(1)).toEqual(block(0));
    queue.onSent(blockBytes + 13, blockBytes, 0);
    expect(queue.next).toBeUndefined();
    queue.onFlushed(blockBytes + 13, 0);
    expect(readAll(queue, 3)).toEqual([block(2)]);
  });

  it('an upload queue refuses requests beyond its length, until one has left it', () => {
    const queue = new UploadQueue(limits);
    for (let i = 0; i < 10; i++) expect(queue.add(block(i))).toBe(true);
    expect(queue.add(block(10))).toBe(false);
    readAll(queue, 1);
    expect(queue.add(block(10))).toBe(true);
  });

  it('an upload queue serves a block once that is requested twice while it waits', () => {
    const queue = new UploadQueue(limits);
    queue.add(block(1));
    queue.add(block(1));
    expect(readAll(queue, 1)).toEqual([block(1)]);
    queue.add(block(1));
    expect(queue.next).toBeUndefined();
  });

  it('an upload queue drops a cancelled block that waits or is being read, but not a sent one', () => {
    const queue = new UploadQueue(limits);
    for (let i = 0; i < 4; i++) queue.add(block(i));
    readAll(queue, 1);
    expect([queue.cancel(block(3)), queue.cancel(block(3)), queue.cancel(block(9))]).toEqual([
      true,
      false,
      false,
    ]);
    expect(queue.cancel(block(0))).toBe(true);
    expect(queue.onRead(1)).toBeUndefined();
    expect(queue.onRead(2)).toEqual(block(1));
    expect(queue.cancel(block(1))).toBe(false);
    expect(readAll(queue, 3)).toEqual([block(2)]);
  });

  it('an upload queue cancels exactly the named block', () => {
    const queue = new UploadQueue(limits);
    queue.add(block(1, 0, 100));
    expect([queue.cancel(block(1)), queue.cancel(block(1, 0, 99)), queue.cancel(block(1, 1, 100))]).toEqual([
      false,
      false,
      false,
    ]);
    expect(queue.waitingCount).toBe(1);
  });

  it('an upload queue returns what a choke dropped, and is then empty', () => {
    const queue = new UploadQueue(limits);
    for (let i = 0; i < 4; i++) queue.add(block(i));
    readAll(queue, 1);
    expect(queue.clear()).toEqual([block(0), block(1), block(2), block(3)]);
    expect([queue.waitingCount, queue.pendingBytes, queue.onRead(1)]).toEqual([0, 0, undefined]);
  });

  it('an upload queue counts a tiny block as more than its bytes, and a flood of them fills the window', () => {
    const queue = new UploadQueue({ ...limits, uploadQueueMax: 20_000 });
    for (let i = 0; i < 10_000; i++) queue.add(block(0, i, 1));
    expect(readAll(queue, 1).length).toBeLessThanOrEqual(32);
  });

  it('an upload queue has nothing pending once all is answered and flushed', () => {
    const step = fc.tuple(
      fc.constantFrom('add', 'cancel', 'read', 'answer', 'flush', 'choke'),
      fc.nat({ max: 6 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const queue = new UploadQueue(limits);
        const reads: number[] = [];
        let sent = 0;
        let last = 0;
        const answer = () => {
          const answered = queue.onRead(reads.shift() ?? -1);
          if (answered === undefined) return;
          queue.onSent(answered.bytes, answered.bytes, 0);
          sent += answered.bytes;
        };
        const flush = () => {
          queue.onFlushed(sent, 0);
          sent = 0;
        };
        for (const [what, n] of steps) {
          if (what === 'add') queue.add(block(n));
          else if (what === 'cancel') queue.cancel(block(n));
          else if (what === 'answer') answer();
          else if (what === 'flush') flush();
          else if (what === 'choke') queue.clear();
          else if (queue.next !== undefined) {
            queue.onReading(++last);
            reads.push(last);
          }
          expect(queue.pendingBytes).toBeLessThan(limits.uploadWindowBytes + blockBytes);
          expect(queue.waitingCount).toBeLessThanOrEqual(limits.uploadQueueMax);
        }
        while (reads.length > 0) answer();
        flush();
        expect(queue.pendingBytes).toBe(0);
      }),
    );
  });
});
