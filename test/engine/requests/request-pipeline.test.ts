import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../client/engine/limits.ts';
import { RequestPipeline } from '../../../client/engine/requests/request-pipeline.ts';

const limits = {
  ...defaultLimits,
  requestsOutstandingFirst: 4,
  requestsOutstandingMax: 50,
  requestsReqqMax: 80,
};
const blockBytes = 16_384;
const newPipeline = () => new RequestPipeline(limits);

/** `count` requested blocks arrive. */
function receive(pipeline: RequestPipeline, count: number): void {
  for (let i = 0; i < count; i++) {
    pipeline.ask(i, 0);
    pipeline.onBlock(pipeline.settle(i));
  }
}

describe('the depth', () => {
  it('the depth starts small and grows by one with every block, up to the cap without `reqq`', () => {
    const pipeline = newPipeline();
    expect(pipeline.room).toBe(4);
    receive(pipeline, 10);
    expect(pipeline.depth).toBe(14);
    receive(pipeline, 1_000);
    expect(pipeline.depth).toBe(50);
  });

  it('the depth counts blocks of the size that the torrent has', () => {
    for (const [bytes, depth] of [
      [1_000, 20],
      [8_192, 3],
      [16, 50],
    ] as const) {
      const pipeline = newPipeline();
      pipeline.blockBytes = bytes;
      pipeline.tick(20_000);
      pipeline.tick(20_000);
      expect(pipeline.depth).toBe(depth);
    }
  });

  it('the depth is a second of blocks once the rate no longer rises, and at least two', () => {
    const pipeline = newPipeline();
    pipeline.tick(100_000);
    pipeline.tick(100_000);
    expect(pipeline.depth).toBe(Math.ceil(100_000 / blockBytes));
    pipeline.tick(0);
    expect(pipeline.depth).toBe(2);
    pipeline.tick(1e9);
    expect(pipeline.depth).toBe(50);
  });

  it('the depth grows while the rate rises by an eighth a tick', () => {
    const pipeline = newPipeline();
    for (const rate of [1_000, 2_000, 4_000]) pipeline.tick(rate);
    receive(pipeline, 3);
    expect(pipeline.depth).toBe(7);
  });

  it("the depth stays within the peer's `reqq`", () => {
    const pipeline = newPipeline();
    pipeline.setReqq(3);
    receive(pipeline, 100);
    expect(pipeline.depth).toBe(3);
    pipeline.setReqq(1_000_000);
    receive(pipeline, 100);
    expect(pipeline.depth).toBe(80);
    pipeline.setReqq(1);
    expect(pipeline.depth).toBe(1);
  });
});

describe('a request', () => {
  it('a block is expected until it has arrived, even after it was given up', () => {
    const pipeline = newPipeline();
    pipeline.ask(7, 0);
    pipeline.ask(8, 0);
    expect(pipeline.giveUp(7)).toBe(true);
    expect(pipeline.giveUp(7)).toBe(false);
    expect([pipeline.expects(7), pipeline.expects(8), pipeline.expects(9)]).toEqual([true, true, false]);
    expect([pipeline.settle(7), pipeline.settle(8), pipeline.settle(8)]).toEqual([false, true, false]);
    expect([pipeline.expects(7), pipeline.expects(8)]).toEqual([false, false]);
  });

  it('a block requested again while a useless older copy arrives is answered by the next copy', () => {
    const pipeline = newPipeline();
    pipeline.ask(7, 0);
    pipeline.giveUp(7);
    expect(pipeline.expects(7)).toBe(true);
    pipeline.ask(7, 0);
    expect([pipeline.settle(7, false), pipeline.asked]).toEqual([false, [7]]);
    expect([pipeline.expects(7), pipeline.settle(7, false), pipeline.asked]).toEqual([true, true, []]);
    // A useful copy counts as the answer.
    pipeline.ask(8, 0);
    pipeline.giveUp(8);
    pipeline.expects(8);
    pipeline.ask(8, 0);
    expect([pipeline.settle(8, true), pipeline.asked]).toEqual([true, []]);
  });

  it('the number of late blocks is bounded: the oldest are forgotten', () => {
    const pipeline = newPipeline();
    for (let key = 0; key < 1_000; key++) {
      pipeline.ask(key, 0);
      pipeline.giveUp(key);
    }
    expect(pipeline.late.size).toBeLessThanOrEqual(100);
    expect([pipeline.expects(0), pipeline.expects(999)]).toEqual([false, true]);
  });

  it('a reject refuses a request, unless it answers a cancel of ours', () => {
    const pipeline = newPipeline();
    pipeline.ask(1, 0);
    expect(pipeline.isRefusal(1)).toBe(true);
    pipeline.giveUp(1);
    pipeline.onCancelled(1);
    pipeline.ask(1, 0);
    expect(pipeline.isRefusal(1)).toBe(false);
    expect(pipeline.isRefusal(1)).toBe(true);
    expect(pipeline.isRefusal(2)).toBe(false);
  });

  it('a reject refuses a request when the block itself has answered the cancel', () => {
    const pipeline = newPipeline();
    pipeline.ask(1, 0);
    pipeline.giveUp(1);
    pipeline.onCancelled(1);
    // The block crossed with the cancel. It is requested again (the piece was corrupt), and that is rejected.
    expect(pipeline.settle(1)).toBe(false);
    pipeline.ask(1, 0);
    expect(pipeline.isRefusal(1)).toBe(true);
  });

  it('a block requested again before the cancel was answered has two answers to come', () => {
    const pipeline = newPipeline();
    pipeline.ask(1, 0);
    pipeline.giveUp(1);
    pipeline.onCancelled(1);
    pipeline.ask(1, 0);
    expect(pipeline.settle(1)).toBe(true);
    pipeline.ask(1, 0);
    expect([pipeline.isRefusal(1), pipeline.isRefusal(1)]).toEqual([false, true]);
  });
});

describe('unrequested blocks', () => {
  it('unrequested blocks are tolerated while rare, and good blocks make up for them', () => {
    const pipeline = newPipeline();
    for (let i = 0; i < limits.unaskedBlocksMax; i++) expect(pipeline.tolerate()).toBe(true);
    expect(pipeline.tolerate()).toBe(false);
    const other = newPipeline();
    for (let i = 0; i < 10 * limits.unaskedBlocksMax; i++) {
      receive(other, 16);
      expect(other.tolerate()).toBe(true);
    }
  });
});

describe('silence', () => {
  it('silence counts from the first request after a pause, and from the last payload', () => {
    const pipeline = newPipeline();
    expect(pipeline.isSilent(1e9, 10_000)).toBe(false);
    pipeline.ask(1, 50_000);
    pipeline.ask(2, 55_000);
    expect([pipeline.isSilent(59_999, 10_000), pipeline.isSilent(60_000, 10_000)]).toEqual([false, true]);
    pipeline.onProgress(blockBytes, 58_000);
    expect(pipeline.isSilent(67_999, 10_000)).toBe(false);
  });

  it('a trickle of bytes counts as silence, or it would hold a piece forever', () => {
    const pipeline = newPipeline();
    pipeline.ask(1, 0);
    for (let nowMs = 1_000; nowMs < 10_000; nowMs += 1_000) pipeline.onProgress(100, nowMs);
    expect(pipeline.isSilent(10_000, 10_000)).toBe(true);
    pipeline.onProgress(200, 10_000);
    expect(pipeline.isSilent(19_999, 10_000)).toBe(false);
  });

  it('the silence of a stalled peer continues without open requests, and it gets no request', () => {
    const pipeline = newPipeline();
    pipeline.ask(1, 0);
    pipeline.giveUp(1);
    pipeline.stall(1);
    expect([pipeline.room, pipeline.isSilent(60_000, 60_000)]).toEqual([0, true]);
    pipeline.onProgress(blockBytes, 60_001);
    expect([pipeline.room, pipeline.isSilent(200_000, 60_000)]).toEqual([4, false]);
  });
});

describe('the request that a stalled peer keeps', () => {
  /** The peer queues three requests, was silent, and sends again, but still owes one block. */
  function comesBack(): RequestPipeline {
    const pipeline = newPipeline();
    pipeline.setReqq(3);
    pipeline.ask(7, 0);
    pipeline.giveUp(7);
    pipeline.stall(7);
    pipeline.onProgress(blockBytes, 20_000);
    return pipeline;
  }

  /** The peer queues three, and has stalled with one that was requested, cancelled, and requested again. */
  function stallsAfterCancel(): RequestPipeline {
    const pipeline = newPipeline();
    pipeline.setReqq(3);
    pipeline.ask(7, 0);
    pipeline.onCancelled(7);
    pipeline.giveUp(7);
    pipeline.ask(7, 0);
    pipeline.giveUp(7);
    pipeline.stall(7);
    return pipeline;
  }

  it("a kept request counts against the peer's queue until answered, refused, cancelled or dropped by a choke", () => {
    const answers: ((pipeline: RequestPipeline) => void)[] = [
      (pipeline) => pipeline.settle(7),
      (pipeline) => pipeline.isRefusal(7),
      (pipeline) => pipeline.onCancelled(7),
      (pipeline) => pipeline.onChoked(),
    ];
    for (const answer of answers) {
      const pipeline = comesBack();
      expect([pipeline.room, pipeline.queueRoom]).toEqual([2, 2]);
      pipeline.settle(8);
      pipeline.isRefusal(9);
      expect(pipeline.room).toBe(2);
      answer(pipeline);
      expect([pipeline.room, pipeline.queueRoom]).toEqual([3, 3]);
    }
  });

  it('a kept request stays when a reject answers an older, cancelled request for its block', () => {
    const pipeline = stallsAfterCancel();
    expect([pipeline.isRefusal(7), pipeline.queueRoom]).toEqual([false, 2]);
    expect([pipeline.isRefusal(7), pipeline.queueRoom]).toEqual([false, 3]);
  });

  it('a kept request is answered by its block, and an older cancelled one by the next', () => {
    const pipeline = stallsAfterCancel();
    pipeline.settle(7);
    pipeline.onProgress(blockBytes, 20_000);
    pipeline.ask(7, 20_000);
    expect(pipeline.isRefusal(7)).toBe(false);
    expect(pipeline.isRefusal(7)).toBe(true);
  });

  it('a kept request is not sent again when its block is requested again', () => {
    const pipeline = comesBack();
    expect(pipeline.ask(7, 20_000)).toBe(false);
    expect([pipeline.asked, pipeline.room]).toEqual([[7], 2]);
    expect(pipeline.settle(7)).toBe(true);
    expect(pipeline.ask(7, 20_000)).toBe(true);
  });

  it('a peer whose queue is full of a kept request counts as silent', () => {
    const pipeline = newPipeline();
    pipeline.setReqq(1);
    pipeline.ask(7, 0);
    pipeline.giveUp(7);
    pipeline.stall(7);
    pipeline.onProgress(blockBytes, 20_000);
    expect([pipeline.room, pipeline.isSilent(29_999, 10_000)]).toEqual([0, false]);
    expect(pipeline.isSilent(30_000, 10_000)).toBe(true);
    expect(comesBack().isSilent(1e9, 10_000)).toBe(false);
  });
});

describe('the time of open requests', () => {
  it('open requests take their bytes divided by the rate, and longer during a silence', () => {
    const pipeline = newPipeline();
    pipeline.ask(1, 1_000);
    pipeline.ask(2, 1_000);
    expect(pipeline.drainMs(blockBytes, 1_500)).toBe(2_000);
    expect(pipeline.drainMs(blockBytes, 5_000)).toBe(2_000 + 8_000);
    expect(pipeline.drainMs(0, 1_500)).toBe(1_000);
    expect(pipeline.drainMs(0, 2_500)).toBe(Number.MAX_SAFE_INTEGER);
  });
});
