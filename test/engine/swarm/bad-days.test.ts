/**
 * Faults of the environment: full disks, peers that reject, do not read, stall or are slow, and the shared
 * memory.
 */
import { describe, expect, it } from 'vitest';
import { Geometry } from '../../../torrents/geometry.ts';
import { World } from '../../sim/world/world.ts';
import { join, uint32 } from '../../wire/reference-encoder.ts';
import { blockBytes, EngineLab, type ScriptedPeer } from '../engine-lab.ts';
import { expectNothingLeft, limits } from '../leftovers.ts';

describe('a full disk', () => {
  it('a full disk is retried, even if another piece was stored in between', () => {
    const lab = new EngineLab();
    const peer = lab.join();
    peer.serve(4);
    lab.store('stored');
    peer.serve(8);
    expect(lab.stores.length).toBe(2);
    lab.store('unstorable');
    lab.store('stored');
    lab.pass(6_000);
    // From now on every write succeeds.
    for (let round = 0; round < 50; round++) {
      peer.serve();
      while (lab.stores.length > 0) lab.store('stored');
      lab.pass(500);
    }
    expect(lab.status.complete).toBe(true);
  });
});

describe('the memory for pieces', () => {
  it('pieces that no peer can complete do not hold their memory forever', () => {
    const lab = new EngineLab({ limits: { pieceMemoryBytesMax: 4 * blockBytes } });
    const rare = lab.join({ has: [0] });
    expect(rare.owed).toHaveLength(4);
    rare.hangUp();
    const other = lab.join({ has: [1, 2, 3] });
    lab.pass(60_000);
    expect(other.heardOf('request').length).toBeGreaterThan(0);
  });
});

describe('a peer that rejects every request', () => {
  it('a peer that rejects every request is not asked for the same blocks over and over', () => {
    const lab = new EngineLab();
    const peer = lab.join();
    for (let round = 0; round < 500 && peer.closed === undefined; round++) {
      const owed = peer.heardOf('request').slice(rejectedOf(peer));
      if (owed.length === 0) break;
      rejected.set(peer, rejectedOf(peer) + owed.length);
      for (const { index, begin, length } of owed) peer.say({ type: 'reject', index, begin, length });
      lab.nowMs += 20;
    }
    expect(peer.heardOf('request').length).toBeLessThan(500);
  });
  const rejected = new WeakMap<ScriptedPeer, number>();
  const rejectedOf = (peer: ScriptedPeer) => rejected.get(peer) ?? 0;
});

describe('a peer that never reads', () => {
  it('a peer that never reads makes us buffer a few megabytes at most (requests while choked)', () => {
    const lab = new EngineLab({ has: (i) => i === 0, limits: { uploadSlotsMax: 1 } });
    lab.join({ has: 'none', interested: true });
    const peer = lab.join({ has: 'none' });
    const requests = Array.from(
      { length: 10_000 },
      () => ({ type: 'request', index: 1, begin: 0, length: 1 }) as const,
    );
    for (let i = 0; i < 100 && peer.closed === undefined; i++) peer.say(...requests);
    expect(peer.bytesHeard).toBeLessThan(8 * 1024 * 1024);
  });

  it('a peer that never reads makes us buffer a few megabytes at most (metadata requests)', () => {
    const lab = new EngineLab({ infoBytes: new Uint8Array(8 * 1024 * 1024) });
    const peer = lab.join({ has: 'none', extended: true });
    peer.say({ type: 'extended', id: 0, payload: Buffer.from('d1:md11:ut_metadatai7eee') });
    for (let i = 0; i < 512; i++) {
      peer.say({ type: 'extended', id: 1, payload: Buffer.from(`d8:msg_typei0e5:piecei${i}ee`) });
    }
    expect(peer.bytesHeard).toBeLessThan(4 * 1024 * 1024);
  });
});

describe('a piece that only one peer may send', () => {
  it('an exclusive piece is not moved back and forth between two slow peers', () => {
    const world = new World({ seed: 5, totalBytes: 128 * 1024, pieceLength: 128 * 1024 });
    world.join({ has: 'all', lies: true });
    const slow = { latencyMs: 20, up: 8, down: 8 };
    world.join({ has: 'all', link: slow });
    world.join({ has: 'all', link: slow });
    const leech = world.join();
    // One of them alone needs 16 s.
    expect(world.runUntilComplete([leech], 5 * 60_000)).toBe(true);
  });
});

describe('two torrents of one info-hash', () => {
  it('a torrent stays reachable when the magnet link of the same hash is stopped', () => {
    const lab = new EngineLab();
    const { infoHash } = lab.spec;
    lab.tell({ type: 'magnet-added', spec: { torrent: 2, infoHash, trackers: [] } });
    lab.tell({ type: 'stopped', torrent: 2 });
    expect(lab.join().closed).toBeUndefined();
  });
});

describe('a peer that cannot be reached', () => {
  it('a failed dial is reported with its reason: refused, silent, or no BitTorrent', () => {
    const lab = new EngineLab();
    lab.learn('10.1.1.1', '10.1.1.2', '10.1.1.3');
    const [refused] = lab.dials.splice(0, 1);
    lab.tell({ type: 'closed', connection: refused!.connection, reason: 'ECONNREFUSED' });
    lab.answerDial().sayBytes(Buffer.from('HTTP/1.1 400 Bad Request'));
    lab.pass(11_000);
    const failed = lab.reports.filter((report) => report.type === 'dial-failed');
    const reasons = failed.slice(0, 3).map(({ reason }) => reason);
    expect(reasons.sort()).toEqual(['ECONNREFUSED', 'dial-timeout', 'not-bittorrent']);
    expect(failed[0]!.address).toEqual(refused!.address);
  });
});

describe('a torrent that is stopped', () => {
  it('a stopped torrent leaves no dial behind, connected or not', () => {
    const lab = new EngineLab({ limits });
    lab.learn('10.1.1.1', '10.1.1.2');
    const peer = lab.answerDial();
    lab.stop();
    expect(peer.closed).toBe('stopped');
    expect(lab.engine.usage.sessions.size).toBe(0);
    expectNothingLeft(lab);
  });
});

describe('the peer directory', () => {
  it('refused incoming peers are not stored', () => {
    const lab = new EngineLab({ limits: { connectionsPerTorrentMax: 1 } });
    lab.join();
    const before = lab.status.peersKnown;
    for (let i = 0; i < 50; i++) lab.join({ peerId: new Uint8Array(20).fill(100 + i) });
    expect(lab.status.peersKnown).toBe(before);
  });

  it('one listen port is accepted from each peer', () => {
    const lab = new EngineLab();
    const peer = lab.join({ extended: true });
    const before = lab.status.peersKnown;
    for (let port = 1; port <= 50; port++) {
      peer.say({ type: 'extended', id: 0, payload: Buffer.from(`d1:pi${port}ee`) });
    }
    expect(lab.status.peersKnown).toBeLessThanOrEqual(before + 1);
  });
});

describe('a block that comes twice', () => {
  it('a block that arrives twice after a stall is waste, and no violation', () => {
    const lab = new EngineLab({ pieceCount: 2 });
    const peer = lab.join();
    const first = [...peer.owed];
    lab.pass(11_000);
    // The peer resumes: the first block is sent, and by BEP 6 each cancel is answered by a reject.
    const [head, ...rest] = first;
    peer.sendBlock(head!);
    const again = peer.heardOf('request').slice(first.length);
    for (const { index, begin, length } of rest) peer.say({ type: 'reject', index, begin, length });
    // Now it serves all requests since then, repeated ones included.
    const since = peer.heardOf('request').slice(first.length);
    expect(again.length).toBeGreaterThan(0);
    for (const request of since) peer.sendBlock(request);
    expect(peer.closed).toBeUndefined();
  });
});

describe('the endgame', () => {
  it('the endgame asks a peer of unknown rate when the others are slow', () => {
    const lab = new EngineLab({ pieceCount: 1, blocksPerPiece: 8 });
    const slow = lab.join();
    const idle = lab.join();
    const block = lab.truth(0, 0, blockBytes);
    slow.sayBytes(join(uint32(9 + blockBytes), Uint8Array.of(7), uint32(0, 0), block.subarray(0, 1_000)));
    // At a kilobyte a second, eight blocks take two minutes, and a seed is idle.
    for (let at = 1_000; at < block.length; at += 250) {
      lab.pass(250);
      slow.sayBytes(block.subarray(at, at + 250));
    }
    expect(idle.heardOf('request').length).toBeGreaterThan(0);
  });
});

describe('a piece that cannot be read', () => {
  it('an unreadable piece costs the peer its request, not its connection', () => {
    const lab = new EngineLab({ has: (i) => i === 0 });
    const peer = lab.join({ has: 'none', interested: true });
    peer.say({ type: 'request', index: 0, begin: 0, length: blockBytes });
    const { read } = lab.reads[0]!;
    lab.tell({ type: 'block-unreadable', torrent: 1, read, trouble: { code: 'ENOENT', message: 'gone' } });
    expect(peer.closed).toBeUndefined();
    expect(peer.heardOf('reject')).toHaveLength(1);
  });
});

describe('the end of one session', () => {
  it('a session that ends does not stop messages to another that its end causes', () => {
    const lab = new EngineLab({
      pieceCount: 2,
      limits: { unreadBytesMax: 2_000, uploadWindowBytes: 1_000, pieceMemoryBytesMax: 8 * blockBytes },
    });
    const deaf = lab.join({ has: [0] });
    const other = lab.join({ has: [0] });
    expect(deaf.owed).toHaveLength(4);
    expect(other.owed).toHaveLength(0);
    // Rejects pile up unread until it is disconnected; its piece goes to the other peer.
    const request = { type: 'request', index: 1, begin: 0, length: 1 } as const;
    for (let i = 0; i < 40 && deaf.closed === undefined; i++) deaf.say(...Array(10).fill(request));
    expect(deaf.closed).toBe('not-reading');
    lab.pass(1_000);
    expect(other.owed).toHaveLength(4);
  });
});

describe('a peer that repeats have-all', () => {
  it('a repeated have-all causes no walk over the pieces', () => {
    const lab = new EngineLab({ pieceCount: 100_000, blocksPerPiece: 1 });
    const peer = lab.join();
    let walks = 0;
    const { pieces } = Geometry.prototype;
    lab.geometry.pieces = () => {
      walks += 1;
      return pieces.call(lab.geometry);
    };
    peer.say(...Array(1_000).fill({ type: 'have-all' } as const));
    expect(walks).toBe(0);
  });
});
