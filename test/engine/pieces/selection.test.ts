import { describe, expect, it } from 'vitest';
import { PiecePicker } from '../../../client/engine/pieces/piece-picker.ts';
import { Prng } from '../../../client/engine/prng.ts';
import { Geometry, type PieceIndex } from '../../../torrents/geometry.ts';
import { blockBytes, EngineLab, type ScriptedPeer } from '../engine-lab.ts';

const pieceBytes = 4 * blockBytes;

function select(lab: EngineLab, ...priorities: readonly number[]): void {
  lab.tell({ type: 'pieces-selected', torrent: 1, priorities: Uint8Array.from(priorities) });
}

/** Serves and stores until nothing changes any more. */
function run(lab: EngineLab, ...peers: readonly ScriptedPeer[]): void {
  for (let round = 0; round < 100; round++) {
    const served = peers.reduce((sum, peer) => sum + peer.serve(), 0);
    if (served + lab.stores.length === 0) return;
    while (lab.stores.length > 0) lab.store();
  }
}

const asked = (peer: ScriptedPeer) => new Set(peer.heardOf('request').map((r) => r.index));
const isInterested = (peer: ScriptedPeer) =>
  peer.heard.findLast((m) => m.type === 'interested' || m.type === 'not-interested')?.type === 'interested';

describe('unwanted pieces', () => {
  it('unwanted pieces are not requested, and the torrent is complete without them', () => {
    const lab = new EngineLab({ pieceCount: 6 });
    select(lab, 4, 0, 0, 4, 4, 0);
    const peer = lab.join();
    run(lab, peer);
    expect([...asked(peer)].sort()).toEqual([0, 3, 4]);
    expect(lab.status).toMatchObject({
      complete: true,
      haveCount: 3,
      wantedBytes: 3 * pieceBytes,
      haveWantedBytes: 3 * pieceBytes,
      totalBytes: 6 * pieceBytes,
    });
    expect(lab.reports.filter((r) => r.type === 'completed')).toHaveLength(1);
  });

  it('we are not interested in a peer that has only unwanted pieces', () => {
    const lab = new EngineLab({ pieceCount: 3 });
    select(lab, 4, 0, 0);
    const useless = lab.join({ has: [1, 2] });
    expect(isInterested(useless)).toBe(false);
    useless.say({ type: 'have', index: 0 });
    expect(isInterested(useless)).toBe(true);
  });

  it('unwanted pieces can be selected later, even after completion', () => {
    const lab = new EngineLab({ pieceCount: 4 });
    select(lab, 4, 0, 0, 0);
    const peer = lab.join({ has: [0, 1, 2] });
    run(lab, peer);
    expect(lab.status.complete).toBe(true);
    expect(isInterested(peer)).toBe(false);
    select(lab, 4, 4, 0, 4);
    expect(lab.status.complete).toBe(false);
    expect(isInterested(peer)).toBe(true);
    run(lab, peer);
    expect([...asked(peer)].sort()).toEqual([0, 1]);
    peer.say({ type: 'have', index: 3 });
    run(lab, peer);
    expect(lab.status.complete).toBe(true);
    expect(lab.reports.filter((r) => r.type === 'completed')).toHaveLength(2);
  });

  it('pieces being downloaded are cancelled when unwanted, and their memory is freed', () => {
    const lab = new EngineLab({ pieceCount: 2 });
    const peer = lab.join();
    const [first] = peer.owed;
    peer.sendBlock(first!);
    const other = 1 - first!.index;
    select(lab, ...(other === 0 ? [4, 0] : [0, 4]));
    expect(peer.owed.every((request) => request.index === other)).toBe(true);
    expect(lab.status.wasted).toBe(blockBytes);
    run(lab, peer);
    expect(lab.status.complete).toBe(true);
    lab.stop();
    expect(lab.memory.outstanding).toBe(0);
  });

  it('pieces being stored are kept when unwanted, and served', () => {
    const lab = new EngineLab({ pieceCount: 2 });
    const peer = lab.join({ has: [0] });
    peer.serve();
    select(lab, 0, 4);
    lab.store();
    expect(lab.status).toMatchObject({ haveCount: 1, haveWantedBytes: 0, complete: false });
    select(lab, 0, 0);
    expect(lab.status.complete).toBe(true);
  });

  it('a corrupt piece is not downloaded again when it is unwanted', () => {
    const lab = new EngineLab({ pieceCount: 2 });
    const peer = lab.join({ has: [0] });
    peer.serve();
    select(lab, 0, 4);
    const before = peer.heardOf('request').length;
    lab.store('corrupt');
    lab.pass(1_000);
    expect(peer.heardOf('request')).toHaveLength(before);
  });
});

describe('a partial selection', () => {
  it('a complete selection disconnects seeds, and a larger one connects to them again', () => {
    const lab = new EngineLab({ pieceCount: 2 });
    select(lab, 4, 0);
    lab.learn('10.1.1.1');
    const seed = lab.answerDial();
    seed.shakeHands();
    run(lab, seed);
    expect(seed.closed).toBe('both-complete');
    lab.pass(60_000);
    expect(lab.dials).toHaveLength(0);
    select(lab, 4, 4);
    lab.pass(1_000);
    expect(lab.dials).toHaveLength(1);
  });

  it('a partial seed sends upload_only, and takes it back when it wants more', () => {
    const lab = new EngineLab({ pieceCount: 2 });
    select(lab, 4, 0);
    const peer = lab.join({ has: [0], extended: true });
    const said = () =>
      peer
        .heardOf('extended')
        .map((m) => /upload_onlyi(\d)e/.exec(Buffer.from(m.payload).toString('latin1'))?.[1] ?? '0');
    run(lab, peer);
    select(lab, 4, 4);
    expect(said()).toEqual(['0', '1', '0']);
  });

  it('a partial seed announces what it lacks of the whole with `paused`, and never `completed`', () => {
    const lab = new EngineLab({ pieceCount: 2, trackers: [['http://t/']] });
    const answer = { peers: [], intervalSeconds: 60 };
    lab.tell({ type: 'announced', torrent: 1, tracker: 'http://t/', answer });
    select(lab, 4, 0);
    run(lab, lab.join({ has: [0] }));
    expect(lab.status.complete).toBe(true);
    lab.pass(120_000);
    expect(lab.announces.at(-1)).toMatchObject({ left: pieceBytes, event: 'paused' });
    lab.tell({ type: 'announced', torrent: 1, tracker: 'http://t/', answer });
    select(lab, 4, 4);
    run(lab, lab.join());
    expect(lab.announces.at(-1)).toMatchObject({ left: 0, event: 'completed' });
  });
});

describe('the order', () => {
  const geometry = new Geometry(20 * blockBytes, blockBytes);
  const everything = { offers: () => true };
  function drain(picker: PiecePicker): number[] {
    const order: number[] = [];
    for (let p = picker.pick(everything); p !== undefined; p = picker.pick(everything)) {
      order.push(p);
      picker.remove(p);
    }
    return order;
  }

  it('pieces are picked by priority first, then by rarity', () => {
    const picker = new PiecePicker(geometry, () => true, 0, new Prng(1));
    picker.select((p) => (p < 5 ? 7 : p < 10 ? 1 : 0));
    for (const p of geometry.pieces()) if (p !== 3 && p !== 8) picker.onHave(p);
    const order = drain(picker);
    expect(order).toHaveLength(10);
    expect(order[0]).toBe(3);
    expect(new Set(order.slice(0, 5))).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(order[5]).toBe(8);
  });

  it('sequential mode picks pieces by index within each priority', () => {
    const picker = new PiecePicker(geometry, () => true, 4, new Prng(1));
    picker.select((p) => (p === 12 ? 6 : 4));
    picker.sequential = true;
    const order = drain(picker);
    expect(order).toEqual([12, ...Array.from({ length: 20 }, (_, i) => i).filter((i) => i !== 12)]);
    picker.restore(5 as PieceIndex);
    picker.restore(2 as PieceIndex);
    expect(drain(picker)).toEqual([2, 5]);
  });

  it('restored candidates and new pieces of a peer are found without a search through all candidates', () => {
    const picker = new PiecePicker(geometry, (p) => p < 10, 0, new Prng(1));
    let looks = 0;
    const has = new Set<number>();
    const offers = (p: PieceIndex) => ++looks > 0 && has.has(p);
    const withNews = (...news: number[]) => ({
      offers,
      newsCount: news.length,
      newsAt: (place: number) => news[place] as PieceIndex,
    });
    expect(picker.pick({ offers })).toBeUndefined();
    const { version } = picker;
    has.add(4).add(15);
    looks = 0;
    expect(picker.pickNew(withNews(), version)).toBeUndefined();
    expect(picker.pickNew(withNews(4), version)).toBe(4);
    picker.restore(15 as PieceIndex);
    expect(picker.pickNew(withNews(), version)).toBe(15);
    expect(looks).toBeLessThan(4);
  });

  it('sequential mode makes the engine request the first pieces first', () => {
    const lab = new EngineLab({ pieceCount: 20, limits: { requestsOutstandingFirst: 8 } });
    lab.tell({ type: 'order-chosen', torrent: 1, sequential: true });
    const peer = lab.join();
    run(lab, peer);
    const order = [...asked(peer)];
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});

describe('a deadline', () => {
  const deadline = (lab: EngineLab, piece: number, atMs: number | undefined) =>
    lab.tell({ type: 'deadline-set', torrent: 1, pieceIndex: piece as PieceIndex, atMs });

  it('pieces with a deadline come first, the earliest before the others', () => {
    const lab = new EngineLab({ pieceCount: 20, limits: { requestsOutstandingFirst: 4 } });
    const peer = lab.join();
    peer.serve(4);
    lab.store();
    const begun = asked(peer).size;
    deadline(lab, 17, lab.nowMs + 20_000);
    deadline(lab, 11, lab.nowMs + 10_000);
    run(lab, peer);
    const order = [...asked(peer)].slice(begun);
    const rest = order.filter((p) => p !== 11 && p !== 17);
    expect(order.indexOf(11)).toBeLessThan(order.indexOf(17));
    expect(order.indexOf(17)).toBeLessThan(order.indexOf(rest[1]!));
  });

  it('a deadline does not select a piece, and can be cleared', () => {
    const lab = new EngineLab({ pieceCount: 4 });
    select(lab, 4, 0, 4, 4);
    deadline(lab, 1, lab.nowMs + 1_000);
    deadline(lab, 2, lab.nowMs + 1_000);
    deadline(lab, 2, undefined);
    const peer = lab.join();
    run(lab, peer);
    expect(asked(peer).has(1)).toBe(false);
    expect(lab.status.complete).toBe(true);
  });

  it.each([17, 12, 3])('the deadline of dropped piece %i holds when it is selected again', (due) => {
    const lab = new EngineLab({ pieceCount: 20, limits: { requestsOutstandingFirst: 4 } });
    const peer = lab.join();
    peer.serve(4);
    lab.store();
    deadline(lab, due, lab.nowMs + 60_000);
    for (let i = 0; i < 8 && !asked(peer).has(due); i++) peer.serve(1);
    expect(asked(peer).has(due)).toBe(true);
    select(lab, ...Array.from({ length: 20 }, (_, piece) => (piece === due ? 0 : 4)));
    const before = peer.heardOf('request').length;
    const begun = asked(peer);
    select(lab, ...Array.from({ length: 20 }, () => 4));
    run(lab, peer);
    const later = peer.heardOf('request').slice(before);
    expect(later.find(({ index }) => index === due || !begun.has(index))?.index).toBe(due);
  });

  it('a block that a slow peer would send too late is also requested from a fast one, and the later copy is cancelled', () => {
    const lab = new EngineLab({ pieceCount: 40, limits: { requestsOutstandingFirst: 4 } });
    const slow = lab.join();
    const fast = lab.join();
    const steps = (count: number) => {
      for (let i = 0; i < count; i++) {
        fast.serve(6);
        if (i % 10 === 0) slow.serve(1);
        while (lab.stores.length > 0) lab.store();
        lab.pass(250);
      }
    };
    steps(16);
    const held = slow.owed.at(-1)!;
    expect(held).toBeDefined();
    deadline(lab, held.index, lab.nowMs + 1_500);
    lab.pass(500);
    const copies = fast.heardOf('request').filter((r) => r.index === held.index);
    expect(copies.length).toBeGreaterThan(0);
    fast.serve();
    const cancelled = slow.heardOf('cancel').filter((c) => c.index === held.index);
    expect(cancelled.length).toBeGreaterThan(0);
  });
});
