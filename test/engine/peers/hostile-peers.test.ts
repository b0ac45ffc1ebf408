import { describe, expect, it } from 'vitest';
import type { Message } from '../../../client/wire/message.ts';
import { join, uint32 } from '../../wire/reference-encoder.ts';
import { blockBytes, EngineLab, type ScriptedPeer } from '../engine-lab.ts';
import { expectNothingLeft, limits } from '../leftovers.ts';

describe('in the middle of a block', () => {
  /** A piece message up to and including `count` bytes of its payload. */
  const beginBlock = (peer: ScriptedPeer, count: number) => {
    const { index, begin, length } = peer.owed[0]!;
    const header = join(uint32(9 + length), Uint8Array.of(7), uint32(index, begin));
    peer.sayBytes(join(header, peer.lab.truth(index, begin, length).subarray(0, count)));
    return { index, begin, length };
  };

  it('a block cut off by a disconnect is requested whole from another peer', () => {
    const lab = new EngineLab({ limits, pieceCount: 1 });
    const first = lab.join();
    const second = lab.join();
    beginBlock(first, 5_000);
    first.hangUp();
    lab.pass(500);
    expect(second.owed).toHaveLength(4);
    second.serve();
    expect(lab.stores).toHaveLength(1);
    lab.store();
    expect(lab.status).toMatchObject({ complete: true, wasted: 0 });
    expectNothingLeft(lab);
  });

  it('a torrent may be stopped while a block arrives', () => {
    const lab = new EngineLab({ limits });
    const peer = lab.join();
    beginBlock(peer, 1);
    expect(lab.memory.outstanding).toBe(1);
    expectNothingLeft(lab);
  });

  it("a choke inside a block's bytes is payload", () => {
    const lab = new EngineLab({ limits, pieceCount: 1, blocksPerPiece: 1 });
    const peer = lab.join();
    const { index, begin, length } = beginBlock(peer, length0 - 5);
    peer.sayBytes(lab.truth(index, begin, length).subarray(length0 - 5));
    expect(lab.stores).toHaveLength(1);
  });
  const length0 = blockBytes;

  it('after a choke the rest is free for other peers, and a late block is still used', () => {
    const lab = new EngineLab({ limits, pieceCount: 1 });
    const peer = lab.join();
    const [a, b] = [...peer.owed];
    peer.sendBlock(a!);
    peer.say({ type: 'choke' });
    peer.sendBlock(b!);
    expect(peer.closed).toBeUndefined();
    expect(lab.status.wasted).toBe(0);
    const other = lab.join();
    expect(other.owed).toHaveLength(2);
  });

  it('two peers may send one block at once: one copy is stored, the other is waste', () => {
    const lab = new EngineLab({ limits, pieceCount: 1, blocksPerPiece: 1 });
    const slow = lab.join();
    const quick = lab.join();
    const block = beginBlock(slow, 100);
    lab.pass(5_000);
    // No block has arrived for a while: the endgame asks the idle peer, too.
    expect(quick.owed).toEqual([{ type: 'request', ...block }]);
    quick.sendBlock(block);
    expect(lab.stores).toHaveLength(1);
    expect(slow.heardOf('cancel')).toHaveLength(1);
    slow.sayBytes(lab.truth(0, 0, blockBytes).subarray(100));
    expect(slow.closed).toBeUndefined();
    expect(lab.status.wasted).toBe(blockBytes);
    lab.store();
    expect(lab.status.complete).toBe(true);
    expectNothingLeft(lab);
  });

  it('two peers may send one block at once, and the first may leave before its end', () => {
    const lab = new EngineLab({ limits, pieceCount: 1, blocksPerPiece: 1 });
    const slow = lab.join();
    const quick = lab.join();
    const { index, begin, length } = beginBlock(slow, 100);
    lab.pass(5_000);
    const payload = lab.truth(index, begin, length);
    quick.sayBytes(join(uint32(9 + length), Uint8Array.of(7), uint32(index, begin), payload.subarray(0, 9)));
    expect(lab.memory.outstanding).toBe(2);
    slow.hangUp();
    quick.sayBytes(payload.subarray(9));
    expect(lab.stores).toHaveLength(1);
    expect(lab.memory.outstanding).toBe(1);
    expectNothingLeft(lab);
  });
});

describe('a block', () => {
  it('a block of a stored piece is waste', () => {
    const lab = new EngineLab({ limits, pieceCount: 2, blocksPerPiece: 1 });
    const slow = lab.join({ has: [0] });
    const quick = lab.join();
    const [mine] = [...slow.owed];
    quick.serve();
    lab.store();
    lab.pass(5_000);
    quick.serve();
    while (lab.stores.length > 0) lab.store();
    expect(lab.status.complete).toBe(true);
    slow.sendBlock(mine!);
    expect(lab.status.wasted).toBe(blockBytes);
    expectNothingLeft(lab);
  });

  it('a peer that sends a corrupt piece alone is banned, and others complete the torrent', () => {
    const lab = new EngineLab({ limits, pieceCount: 3, blocksPerPiece: 1 });
    const liar = lab.join();
    const honest = lab.join();
    liar.sendBlock(liar.owed[0]!, true);
    lab.store('corrupt', ['bad']);
    expect(liar.closed).toBe('sent-corrupt-data');
    for (let i = 0; i < 4; i++) {
      honest.serve();
      while (lab.stores.length > 0) lab.store('stored', ['good']);
    }
    expect(lab.status.complete).toBe(true);
    expect(honest.closed).toBe('both-complete');
    // It reconnects and is refused.
    const again = lab.connect(liar.address);
    again.shakeHands();
    expect(again.closed).toBe('banned');
    expectNothingLeft(lab);
  });

  it('a corrupt block among good ones is traced to its sender by the next good copy', () => {
    const lab = new EngineLab({ limits, pieceCount: 1, blocksPerPiece: 2 });
    const first = lab.join();
    first.sendBlock(first.owed[0]!);
    first.say({ type: 'choke' });
    const second = lab.join();
    second.sendBlock(second.owed[0]!, true);
    expect(lab.stores[0]!.wantDigests).toBe(false);
    lab.store('corrupt', ['a', 'x']);
    // No peer is proven guilty yet.
    expect([first.closed, second.closed]).toEqual([undefined, undefined]);
    second.say({ type: 'choke' });
    first.say({ type: 'unchoke' });
    first.serve();
    expect(lab.stores[0]!.wantDigests).toBe(true);
    lab.store('stored', ['a', 'b']);
    expect(second.closed).toBe('sent-corrupt-data');
    expect(first.closed).toBe('both-complete');
    expectNothingLeft(lab);
  });
});

describe('requests', () => {
  const request = (index: number, begin = 0, length = blockBytes): Message => ({
    type: 'request',
    index,
    begin,
    length,
  });

  it('a request for a piece we lack is rejected, or ignored without BEP 6', () => {
    const lab = new EngineLab({ limits, has: (i) => i === 0 });
    const fast = lab.join({ has: 'none', interested: true });
    const plain = lab.join({ has: 'none', interested: true, fast: false });
    for (const peer of [fast, plain]) peer.say(request(1));
    expect(fast.heardOf('reject')).toEqual([{ type: 'reject', index: 1, begin: 0, length: blockBytes }]);
    expect(plain.heardOf('reject')).toEqual([]);
    expect([fast.closed, plain.closed]).toEqual([undefined, undefined]);
    expect(lab.reads).toEqual([]);
  });

  it('a request while we choke the peer is rejected without a read', () => {
    const lab = new EngineLab({ limits, has: 'all' });
    const peer = lab.join({ has: 'none' });
    peer.say(request(0));
    expect(peer.heardOf('reject')).toHaveLength(1);
    expect(lab.reads).toEqual([]);
  });

  it('a request is answered with the block', () => {
    const lab = new EngineLab({ limits, has: 'all' });
    const peer = lab.join({ has: 'none', interested: true });
    peer.say(request(2, blockBytes, 1_000));
    lab.answerReads();
    const payload = lab.truth(2, blockBytes, 1_000);
    expect(peer.heardOf('piece')).toEqual([{ type: 'piece', index: 2, begin: blockBytes, payload }]);
    expect(lab.status.uploaded).toBe(1_000);
  });

  it('a flood of requests keeps at most the window in flight, and the queue bounded', () => {
    const lab = new EngineLab({ has: 'all', limits: { uploadWindowBytes: 4 * blockBytes } });
    const peer = lab.join({ has: 'none', interested: true });
    for (let i = 0; i < 20; i++)
      peer.say(...Array.from({ length: 200 }, (_, n) => request(n & 7, i * 200 + n)));
    expect(peer.closed).toBeUndefined();
    expect(lab.reads.length).toBeLessThanOrEqual(5);
    expect(peer.heardOf('reject').length).toBeGreaterThanOrEqual(4_000 - 2_000 - 5);
    lab.answerReads();
    expect(lab.reads).toEqual([]);
    // Sent bytes that are not flushed hold the rest back.
    expect(peer.heardOf('piece').length).toBeLessThanOrEqual(5);
    lab.tell({ type: 'flushed', connection: peer.connection, bytes: 4 * blockBytes });
    expect(lab.reads.length).toBeGreaterThan(0);
  });

  it('a request that is cancelled in time is not answered with the block', () => {
    const lab = new EngineLab({ limits, has: 'all' });
    const peer = lab.join({ has: 'none', interested: true });
    peer.say(request(0), { ...request(0), type: 'cancel' } as Message);
    lab.answerReads();
    expect(peer.heardOf('piece')).toEqual([]);
    expect(peer.heardOf('reject')).toHaveLength(1);
  });

  it('a block read for a peer that has left is dropped', () => {
    const lab = new EngineLab({ limits, has: 'all' });
    const peer = lab.join({ has: 'none', interested: true });
    peer.say(request(0), request(1));
    peer.hangUp();
    lab.answerReads();
    expectNothingLeft(lab);
  });
});

describe('stopping', () => {
  it.each(['dialing', 'connected', 'shaken hands', 'asked', 'storing', 'complete'])(
    'a stopped torrent leaves nothing behind while %s',
    (state) => {
      const lab = new EngineLab({ limits, pieceCount: 1, trackers: [['http://t/a']] });
      lab.learn('10.1.1.1');
      if (state !== 'dialing') {
        const peer = lab.answerDial();
        if (state !== 'connected') peer.shakeHands({ chokes: state === 'shaken hands' });
        if (state === 'storing' || state === 'complete') peer.serve();
        if (state === 'complete') lab.store();
      }
      const dials = lab.dials.map((dial) => dial.connection);
      lab.tell({ type: 'stopped', torrent: 1 });
      for (const dial of dials) expect(lab.closes.get(dial)).toEqual(['stopped']);
      for (const peer of lab.peers.values()) expect(peer.closed).toBeDefined();
      expect(lab.status).toBeUndefined();
      // Later answers of the disk and the trackers are ignored.
      while (lab.stores.length > 0) lab.store();
      lab.tell({ type: 'announce-failed', torrent: 1, tracker: 'http://t/a', reason: 'late' });
      lab.pass(20_000);
      expect(lab.memory.outstanding).toBe(0);
      expect(lab.engine.wakeAtMs).toBe(Number.MAX_SAFE_INTEGER);
    },
  );
});
