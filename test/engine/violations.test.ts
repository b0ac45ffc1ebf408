import { describe, expect, it } from 'vitest';
import type { Message } from '../../client/wire/message.ts';
import { frame, uint32 } from '../wire/reference-encoder.ts';
import {
  blockBytes,
  EngineLab,
  type JoinOptions,
  type LabOptions,
  labPeerId,
  type ScriptedPeer,
} from './engine-lab.ts';

/** The engine's answer to each fault of a peer: this connection is closed with this word, and no other. */
const faults: readonly (readonly [
  violation: string,
  fault: string,
  lab: LabOptions,
  peer: JoinOptions,
  act: (peer: ScriptedPeer, lab: EngineLab) => void,
])[] = [
  [
    'message-too-long',
    'a message of 4 GiB',
    {},
    {},
    (p) => p.sayBytes(Uint8Array.of(255, 255, 255, 255, 99)),
  ],
  ['message-length-wrong', 'a have of 3 bytes', {}, {}, (p) => p.sayBytes(frame(4, [0, 0, 0]))],
  [
    'bitfield-length-wrong',
    'a bitfield of 2 bytes',
    {},
    { has: 'silent' },
    (p) => p.sayBytes(frame(5, [0, 0])),
  ],
  [
    'block-too-long',
    'a block of 16 KiB and a byte',
    {},
    {},
    (p) => p.sayBytes(frame(7, uint32(0, 0), new Uint8Array(blockBytes + 1))),
  ],
  [
    'bitfield-spare-bits',
    'a spare bit set',
    { pieceCount: 5 },
    { has: 'silent' },
    (p) => p.say({ type: 'bitfield', bits: Uint8Array.of(0b1111_1001) }),
  ],
  [
    'piece-out-of-range',
    'have of the piece after the last',
    {},
    {},
    (p) => p.say({ type: 'have', index: 8 }),
  ],
  [
    'piece-out-of-range',
    'have of piece 2^32 - 1',
    {},
    {},
    (p) => p.say({ type: 'have', index: 0xffff_ffff }),
  ],
  ['request-out-of-range', 'a request beyond the last piece', {}, {}, (p) => p.say(request(8, 0, 1))],
  [
    'request-out-of-range',
    'a request beyond the end of a piece',
    {},
    {},
    (p) => p.say(request(0, 65_535, 2)),
  ],
  ['request-out-of-range', 'a request of nothing', {}, {}, (p) => p.say(request(0, 0, 0))],
  [
    'request-out-of-range',
    'a request of more than 16 KiB',
    {},
    {},
    (p) => p.say(request(0, 0, blockBytes + 1)),
  ],
  [
    'request-out-of-range',
    'a cancel out of range',
    {},
    {},
    (p) => p.say({ ...request(9, 0, 1), type: 'cancel' }),
  ],
  [
    'request-out-of-range',
    'a reject out of range',
    {},
    {},
    (p) => p.say({ ...request(9, 0, 1), type: 'reject' }),
  ],
  [
    'block-out-of-range',
    'a block beyond the last piece',
    {},
    {},
    (p) => p.say({ type: 'piece', index: 8, begin: 0, payload: new Uint8Array(1) }),
  ],
  [
    'block-unasked',
    'more blocks nobody asked for than cross with our cancels',
    { limits: { unaskedBlocksMax: 2 } },
    { chokes: true },
    (p) => {
      const block = { type: 'piece', index: 0, begin: 0, payload: new Uint8Array(blockBytes) } as const;
      p.say(block, block);
      expect(p.closed).toBeUndefined();
      p.say(block);
    },
  ],
  [
    'block-unasked',
    'a part of a block that was asked for',
    {},
    {},
    (p) =>
      p.say({ type: 'piece', index: p.owed[0]!.index, begin: p.owed[0]!.begin, payload: new Uint8Array(9) }),
  ],
  [
    'block-unasked',
    'a block that begins inside another',
    {},
    {},
    (p) => p.say({ type: 'piece', index: p.owed[0]!.index, begin: 1, payload: new Uint8Array(blockBytes) }),
  ],
  [
    'too-many-requests',
    'more requests than anybody may have waiting, without BEP 6',
    { has: 'all', limits: { uploadQueueMax: 1_500, uploadWindowBytes: 1 } },
    { fast: false, has: 'none', interested: true },
    (p) => p.say(...Array.from({ length: 1_502 }, (_, i) => request(0, i, blockBytes))),
  ],
  [
    'fast-without-handshake',
    'have all',
    {},
    { fast: false, has: 'silent' },
    (p) => p.say({ type: 'have-all' }),
  ],
  [
    'fast-without-handshake',
    'have none',
    {},
    { fast: false, has: 'silent' },
    (p) => p.say({ type: 'have-none' }),
  ],
  [
    'fast-without-handshake',
    'a reject',
    {},
    { fast: false },
    (p) => p.say({ ...request(0, 0, blockBytes), type: 'reject' }),
  ],
  [
    'extension-without-handshake',
    'an extended message',
    {},
    { extended: false },
    (p) => p.say({ type: 'extended', id: 0, payload: Buffer.from('de') }),
  ],
  [
    'extension-malformed',
    'an extension handshake that is no dictionary',
    {},
    { extended: true },
    (p) => p.say({ type: 'extended', id: 0, payload: Buffer.from('l-3:e') }),
  ],
  ...[
    ['that is no dictionary', 'li0ei0ee'],
    ['without a type', 'd5:piecei0ee'],
    ['without a block', 'd8:msg_typei0ee'],
    ['for a block before the first', 'd8:msg_typei0e5:piecei-1ee'],
    ['that is cut short', 'd8:msg_typei0e5:piec'],
    ['of a negative length', 'd8:msg_typei0e5:piece-3:'],
  ].map(
    ([what, text]) =>
      [
        'extension-malformed',
        `a metadata message ${what}`,
        { infoBytes: new Uint8Array(100) },
        { extended: true },
        (p: ScriptedPeer) => p.say({ type: 'extended', id: 1, payload: Buffer.from(text!) }),
      ] as const,
  ),
  [
    'too-many-rejects',
    'refusing all it is asked for, and letting us ask again',
    { limits: { rejectsMax: 6, refusedFirstMs: 0, refusedMaxMs: 0 } },
    {},
    (p, lab) => {
      for (let round = 0; round < 50 && p.closed === undefined; round++) {
        for (const owed of p.owed.splice(0)) p.say({ ...owed, type: 'reject' });
        lab.pass(500);
      }
    },
  ],
  [
    'metadata-flood',
    'asking for the info dictionary again and again',
    { infoBytes: new Uint8Array(100) },
    { extended: true },
    (p) => {
      p.say({ type: 'extended', id: 0, payload: Buffer.from('d1:md11:ut_metadatai7eee') });
      for (let i = 0; i < 4; i++) {
        p.say({ type: 'extended', id: 1, payload: Buffer.from('d8:msg_typei0e5:piecei0ee') });
      }
    },
  ],
  ['both-complete', 'being of no use, when both have everything', { has: 'all' }, {}, () => {}],
];

function request(index: number, begin: number, length: number): Extract<Message, { type: 'request' }> {
  return { type: 'request', index, begin, length };
}

describe('a peer that does wrong is let go, and nobody else', () => {
  it.each(faults)('%s: %s', (violation, _, labOptions, peerOptions, act) => {
    const lab = new EngineLab(labOptions);
    const bystander = lab.join({ has: 'none' });
    const peer = lab.join(peerOptions);
    act(peer, lab);
    expect(peer.closed).toBe(violation);
    expect(lab.closes.get(peer.connection)).toEqual([violation]);
    expect(bystander.closed).toBeUndefined();
    expect(lab.status.peers).toHaveLength(1);
    lab.stop();
    expect(lab.memory.outstanding).toBe(0);
  });

  it('and nothing it says after that is believed', () => {
    const lab = new EngineLab({ has: 'all' });
    const peer = lab.join({ has: 'none' });
    // A fault and an `interested` in one read: the slot must not go to a peer that has gone.
    peer.say({ type: 'have', index: 99 }, { type: 'interested' });
    expect(peer.heardOf('unchoke')).toEqual([]);
    expect(lab.status.peers).toEqual([]);
  });
});

describe('the door', () => {
  it('not-bittorrent: a browser', () => {
    const peer = new EngineLab().connect();
    peer.sayBytes(Buffer.from('GET / HTTP/1.1\r\n'));
    expect(peer.closed).toBe('not-bittorrent');
  });

  it('unknown-torrent: a hash nobody here has', () => {
    const peer = new EngineLab().connect();
    peer.shakeHands({ infoHash: new Uint8Array(20) });
    expect(peer.closed).toBe('unknown-torrent');
    expect(peer.bytesHeard).toBe(0);
  });

  it('wrong-torrent: whom we dialed answers for another torrent', () => {
    const lab = new EngineLab();
    lab.learn('10.1.1.1');
    const peer = lab.answerDial();
    peer.shakeHands({ infoHash: new Uint8Array(20) });
    expect(peer.closed).toBe('wrong-torrent');
  });

  it('connected-to-self: our own id comes back, and that address is not dialed again', () => {
    const lab = new EngineLab();
    lab.learn('10.1.1.1');
    const peer = lab.answerDial();
    peer.shakeHands({ peerId: labPeerId });
    expect(peer.closed).toBe('connected-to-self');
    lab.pass(60 * 60_000, 5_000);
    lab.learn('10.1.1.1');
    expect(lab.dials).toEqual([]);
  });

  it('connected-twice: a second connection with the same id from the same side', () => {
    const lab = new EngineLab();
    const peerId = new Uint8Array(20).fill(7);
    const address = { host: '10.1.1.1', port: 50_000 };
    const first = lab.join({ peerId, address });
    const second = lab.join({ peerId, address });
    expect(second.closed).toBe('connected-twice');
    expect(first.closed).toBeUndefined();
  });

  it('a borrowed name shuts nobody out: from another host the same id is another peer', () => {
    const lab = new EngineLab();
    const peerId = new Uint8Array(20).fill(7);
    lab.join({ peerId, has: 'none', address: { host: '10.6.6.6', port: 50_000 } });
    const honest = lab.join({ peerId, address: { host: '10.1.1.1', port: 50_000 } });
    expect(honest.closed).toBeUndefined();
    expect(honest.owed).not.toEqual([]);
  });

  it('connected-twice: somebody who serves us well, once more by another address of its', () => {
    const lab = new EngineLab();
    const peerId = new Uint8Array(20).fill(7);
    const first = lab.join({ peerId, address: { host: '10.1.1.1', port: 50_000 } });
    first.serve();
    lab.store();
    const second = lab.join({ peerId, address: { host: 'fd00::1', port: 50_000 } });
    expect(second.closed).toBe('connected-twice');
    expect(first.closed).toBeUndefined();
  });

  it.each([
    ['greater', 0xff, 'incoming'],
    ['smaller', 0x00, 'dialed'],
  ] as const)(
    'connected-twice: of two that dialed each other, the one the greater id dialed stays (theirs is %s)',
    (_, fill, stays) => {
      for (const incomingFirst of [true, false]) {
        const lab = new EngineLab();
        const peerId = new Uint8Array(20).fill(fill);
        const address = { host: '10.1.1.1', port: 50_000 };
        lab.learn('10.1.1.1');
        const incoming = incomingFirst ? lab.join({ peerId, address }) : undefined;
        const dialed = lab.answerDial();
        dialed.shakeHands({ peerId });
        const kept = incoming ?? lab.join({ peerId, address });
        expect({ incoming: kept.closed, dialed: dialed.closed }).toEqual({
          incoming: stays === 'incoming' ? undefined : 'connected-twice',
          dialed: stays === 'dialed' ? undefined : 'connected-twice',
        });
        expect(lab.status.peers).toHaveLength(1);
      }
    },
  );

  it('too-many-connections: in all, from one host, for one torrent', () => {
    const full = new EngineLab({ limits: { connectionsMax: 2, connectionsPerTorrentMax: 2 } });
    full.join();
    full.join();
    expect(full.connect().closed).toBe('too-many-connections');

    const host = new EngineLab({ limits: { connectionsPerHostMax: 1 } });
    host.join({ address: { host: '10.9.9.9', port: 1 } });
    expect(host.connect({ host: '10.9.9.9', port: 2 }).closed).toBe('too-many-connections');
    expect(host.connect({ host: '10.9.9.8', port: 2 }).closed).toBeUndefined();

    const torrent = new EngineLab({ limits: { connectionsPerTorrentMax: 1 } });
    torrent.join();
    const second = torrent.join();
    expect(second.closed).toBe('too-many-connections');
  });

  it('a place that somebody left is free again', () => {
    const lab = new EngineLab({ limits: { connectionsMax: 1, connectionsPerTorrentMax: 1 } });
    for (let i = 0; i < 5; i++) {
      const peer = lab.join();
      expect(peer.closed).toBeUndefined();
      if (i % 2 === 0) peer.hangUp();
      else peer.say({ type: 'have', index: 99 });
    }
    lab.connect().hangUp();
    expect(lab.join().closed).toBeUndefined();
  });

  it('handshake-timeout: connected, and silent', () => {
    const lab = new EngineLab();
    const peer = lab.connect();
    peer.sayBytes(Uint8Array.of(19));
    lab.pass(9_000);
    expect(peer.closed).toBeUndefined();
    lab.pass(2_000);
    expect(peer.closed).toBe('handshake-timeout');
  });

  it('dial-timeout: nobody answers, and the dial is free for another', () => {
    const lab = new EngineLab({ limits: { dialsMax: 1 } });
    lab.learn('10.1.1.1', '10.1.1.2');
    const { connection } = lab.dials[0]!;
    lab.pass(11_000);
    expect(lab.closes.get(connection)).toEqual(['dial-timeout']);
    expect(lab.dials).toHaveLength(1);
  });

  it('silent: nothing heard for three minutes', () => {
    const lab = new EngineLab();
    const peer = lab.join({ has: 'none' });
    lab.pass(179_000, 500);
    expect(peer.closed).toBeUndefined();
    lab.pass(2_000);
    expect(peer.closed).toBe('silent');
  });

  it('a quiet peer hears from us before its two minutes are over', () => {
    const lab = new EngineLab();
    const peer = lab.join({ has: 'none' });
    lab.pass(119_000, 500);
    expect(peer.heardOf('keep-alive')).toHaveLength(1);
  });
});
