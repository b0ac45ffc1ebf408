import { describe, expect, it } from 'vitest';
import { encodeExtensionHandshake } from '../../../client/engine/connection/extension-handshake.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { encodeMessage } from '../../wire/reference-encoder.ts';
import { type BlockRequest, EngineLab, type JoinOptions, type ScriptedPeer } from '../engine-lab.ts';

/** A peer that queues this many requests (BEP 10). */
function withQueue(lab: EngineLab, reqq: number, options: JoinOptions = {}): ScriptedPeer {
  const peer = lab.join({ ...options, extended: true, chokes: true });
  const ours = { client: 'Small', reqq, port: 6881, uploadOnly: false, metadataBytes: undefined };
  peer.say({ type: 'extended', id: 0, payload: encodeExtensionHandshake(ours) }, { type: 'unchoke' });
  return peer;
}

/** It sends all blocks of its first piece, slowly enough for its rate to be measured. */
function proveItself(lab: EngineLab, peer: ScriptedPeer): void {
  while (peer.owed.length > 0) {
    lab.pass(250);
    peer.sendBlock(peer.owed[0]!);
  }
  while (lab.stores.length > 0) lab.store();
}

describe('a peer with a small `reqq` never gets more requests', () => {
  it('a small `reqq` holds from the first request on', () => {
    for (const reqq of [1, 2, 5, 8]) {
      const lab = new EngineLab({ pieceCount: 40, blocksPerPiece: 16 });
      const peer = withQueue(lab, reqq);
      for (let i = 0; i < 64; i++) {
        expect(peer.owed.length).toBeLessThanOrEqual(reqq);
        lab.pass(250);
        peer.sendBlock(peer.owed[0]!);
        if (lab.stores.length > 0) lab.store();
      }
    }
  });

  it('a small `reqq` holds in the endgame', () => {
    const lab = new EngineLab({ pieceCount: 2, blocksPerPiece: 16 });
    const slow = lab.join({ has: [1] });
    const helper = withQueue(lab, 3, { has: [0] });
    proveItself(lab, helper);
    expect(slow.owed).toHaveLength(16);
    helper.say({ type: 'have', index: 1 });
    lab.pass(1_000);
    expect(helper.owed).toHaveLength(3);
  });

  it('a small `reqq` holds when a piece would miss its deadline', () => {
    const lab = new EngineLab({ pieceCount: 12, blocksPerPiece: 16 });
    const helper = withQueue(lab, 3, { has: [0] });
    proveItself(lab, helper);
    const slow = lab.join({ has: [1] });
    expect(slow.owed).toHaveLength(16);
    helper.say({ type: 'have', index: 1 });
    const piece = { torrent: 1, pieceIndex: 1 as PieceIndex };
    lab.tell({ type: 'deadline-set', ...piece, atMs: lab.nowMs + 2_000 });
    lab.pass(1_000);
    expect(helper.owed.map(({ index }) => index)).toEqual([1, 1, 1]);
  });

  it('a small `reqq` holds when a stalled peer resumes and still owes a block', () => {
    for (const reqq of [1, 2, 5]) {
      const lab = new EngineLab({ pieceCount: 4, blocksPerPiece: 16 });
      const peer = withQueue(lab, reqq);
      const first = peer.owed[0]!;
      const { index, begin, length } = first;
      const payload = lab.truth(index, begin, length);
      const message = encodeMessage({ type: 'piece', index, begin, payload });
      lab.pass(11_000);
      expect(lab.status.peers[0]!.stalled).toBe(true);
      expect(peer.owed).toEqual([first]);
      peer.sayBytes(message.subarray(0, 4_000));
      lab.pass(500);
      expect(lab.status.peers[0]!.stalled).toBe(false);
      expect(peer.owed.length).toBeLessThanOrEqual(reqq);
      peer.owed.splice(peer.owed.indexOf(first), 1);
      peer.sayBytes(message.subarray(4_000));
      expect(peer.owed.length).toBeGreaterThan(0);
      expect(peer.owed.length).toBeLessThanOrEqual(reqq);
      expect(peer.owed).not.toContainEqual(first);
      expect(lab.status.wasted).toBe(0);
    }
  });

  it('a small `reqq` holds when the peer takes over a piece that only one peer may send', () => {
    const lab = new EngineLab({ pieceCount: 1, blocksPerPiece: 16 });
    // A corrupt copy of two peers: the next one comes from one peer alone.
    const first = lab.join();
    for (const request of first.owed.slice(0, 8)) first.sendBlock(request, true);
    first.hangUp();
    const second = lab.join();
    second.serve();
    const slow = lab.join();
    const digests = Array.from({ length: 16 }, (_, i) => `a${i}`);
    lab.store('corrupt', digests);
    second.hangUp();
    const helper = withQueue(lab, 3);
    expect(slow.owed).toHaveLength(16);
    lab.pass(9_000);
    expect(slow.owed).toHaveLength(0);
    expect(helper.owed).toHaveLength(3);
    // The rest of it follows one by one.
    const sent: BlockRequest[] = [];
    while (helper.owed.length > 0) {
      expect(helper.owed.length).toBeLessThanOrEqual(3);
      sent.push(helper.owed[0]!);
      helper.sendBlock(helper.owed[0]!);
    }
    expect(sent).toHaveLength(16);
  });
});
