import { describe, expect, it } from 'vitest';
import type { Message } from '../../../client/wire/message.ts';
import { frame, uint32 } from '../../wire/reference-encoder.ts';
import {
  blockBytes,
  EngineLab,
  type JoinOptions,
  type LabOptions,
  type ScriptedPeer,
} from '../engine-lab.ts';

/**
 * For each fault of a peer: the engine closes this connection with this violation, and no other connection.
 */
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
    'more unrequested blocks than cross with cancels',
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
    'more waiting requests than the queue holds, without BEP 6',
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
  ...(
    [
      ['changes of mind', () => [{ type: 'interested' }, { type: 'not-interested' }]],
      ['chokes and unchokes', () => [{ type: 'choke' }, { type: 'unchoke' }]],
      ['requests that it takes back', () => [request(0, 0, 1), { ...request(0, 0, 1), type: 'cancel' }]],
      ['news that are old', () => [{ type: 'have', index: 0 }]],
      ['signs of life', () => [{ type: 'keep-alive' }]],
    ] as const satisfies readonly (readonly [string, () => readonly Message[]])[]
  ).map(
    ([what, words]) =>
      [
        'too-many-messages',
        `${what} without end`,
        { limits: { messagesBurst: 8_000 } },
        {},
        (p: ScriptedPeer, lab: EngineLab) => {
          // One second earns a hundred messages: fewer than it sends.
          for (let n = 0; n < 10_000 && p.closed === undefined; n++) {
            p.say(...words());
            if (n % 1_000 === 999) lab.pass(500);
          }
        },
      ] as const,
  ),
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

describe('a peer that sends many allowed messages stays connected', () => {
  it('a peer may send a have for each of a hundred thousand pieces at once', () => {
    const pieceCount = 100_000;
    const lab = new EngineLab({ pieceCount, blocksPerPiece: 1 });
    const peer = lab.join({ has: 'none', chokes: true });
    for (let from = 0; from < pieceCount; from += 1_000)
      peer.say(...Array.from({ length: 1_000 }, (_, i) => ({ type: 'have', index: from + i }) as const));
    expect(peer.closed).toBeUndefined();
  });

  it('a peer may send 65,536 requests a second that are answered with blocks: 1 GiB/s', () => {
    const lab = new EngineLab({ has: 'all', pieceCount: 4, blocksPerPiece: 64 });
    const peer = lab.join({ has: 'none', interested: true });
    for (let n = 0; n < 65_536; n++) {
      peer.say(request(n % 4, ((n >> 2) % 64) * blockBytes, blockBytes));
      for (const { read } of lab.reads.splice(0)) {
        lab.tell({ type: 'block-read', torrent: 1, read, bytes: new Uint8Array(16) });
        lab.tell({ type: 'flushed', connection: peer.connection, bytes: blockBytes });
      }
    }
    expect(peer.closed).toBeUndefined();
  });

  it('a peer may send a full queue of requests at each unchoke and cancel all of them', () => {
    const lab = new EngineLab({
      has: 'all',
      pieceCount: 64,
      blocksPerPiece: 64,
      limits: { uploadWindowBytes: 1 },
    });
    const peer = lab.join({ has: 'none', interested: true });
    for (let round = 0; round < 10; round++) {
      for (let n = 0; n < 2_000; n++) peer.say(request(n % 64, (n >> 6) * blockBytes, blockBytes));
      // Half a minute, in which other peers are served.
      for (let n = 0; n < 60; n++) lab.pass(500);
    }
    expect(peer.closed).toBeUndefined();
  });
});

describe('a peer that violates the protocol is disconnected, and no other peer', () => {
  it.each(faults)('a peer is closed with %s for %s', (violation, _, labOptions, peerOptions, act) => {
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

  it('messages after a violation are ignored', () => {
    const lab = new EngineLab({ has: 'all' });
    const peer = lab.join({ has: 'none' });
    // A violation and an `interested` in one read: a closed peer must not get the slot.
    peer.say({ type: 'have', index: 99 }, { type: 'interested' });
    expect(peer.heardOf('unchoke')).toEqual([]);
    expect(lab.status.peers).toEqual([]);
  });
});
