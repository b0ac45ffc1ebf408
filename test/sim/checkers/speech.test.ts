/** Forged messages of a host: what is false or out of place is reported. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Action, Fact } from '../../../client/engine/contract.ts';
import { encodePieceHeader, type MessageWriter } from '../../../client/wire/message.ts';
import { type SimPeer, torrent } from '../world/peer.ts';
import type { World } from '../world/world.ts';
import { KiB, type Midway, midway, minuteMs, parts, said, woke } from './midway.ts';
import { servesTheTruth } from './served-bytes.ts';
import { speaksTruly } from './speech.ts';
import { trackersHearTheTruth } from './tracker-talk.ts';

let world: World;
let seed: SimPeer;
let leech: SimPeer;
let turn: Midway['turn'];

beforeEach(() => {
  ({ world, seed, leech, turn } = midway());
});

describe('speaks-truly', () => {
  /** Judges these messages of `peer` after its handshake and bitfield. */
  const hear = (peer: SimPeer, ...words: Action[]) => {
    const checker = speaksTruly();
    const handshake: Action = { type: 'send', connection: 901, bytes: new Uint8Array(68) };
    handshake.bytes.set(Uint8Array.from('\x13BitTorrent protocol', (c) => c.charCodeAt(0)));
    const { ledger } = parts(peer);
    const pieces = said((writer) => {
      const bits = new Uint8Array(Math.ceil(ledger.geometry.pieceCount / 8));
      for (const index of ledger.geometry.pieces())
        if (ledger.has(index)) bits[index >> 3]! |= 0x80 >> (index & 7);
      writer.bitfield(bits);
    });
    return turn(checker, peer, woke, handshake, pieces, ...words);
  };
  const missing = () => [...parts(leech).ledger.geometry.pieces()].find((i) => !parts(leech).ledger.has(i))!;
  const had = () => [...parts(leech).ledger.geometry.pieces()].find((i) => parts(leech).ledger.has(i))!;

  it('speaks-truly accepts true messages', () => {
    const words = said((writer) => {
      writer.interested();
      writer.request(missing(), 0, 16 * KiB);
      writer.cancel(missing(), 0, 16 * KiB);
    });
    expect(hear(leech, words)).toBeUndefined();
  });

  it.each<[string, RegExp, (writer: MessageWriter) => void]>([
    ['a have for a piece that the host lacks', /and has not$/, (writer) => writer.have(missing())],
    ['a second interested', /says twice/, (writer) => [writer.interested(), writer.interested()]],
    [
      'a request by a host that is not interested',
      /is not interested$/,
      (writer) => writer.request(missing(), 0, 16 * KiB),
    ],
    [
      'a request beyond the last block',
      /asks for what is no block/,
      (writer) => [writer.interested(), writer.request(39, 48 * KiB, 16 * KiB)],
    ],
    [
      'a request for a part of a block',
      /asks for 100 bytes of block 0/,
      (writer) => [writer.interested(), writer.request(missing(), 0, 100)],
    ],
    [
      'a request for a piece that the host has',
      /which it has$/,
      (writer) => [writer.interested(), writer.request(had(), 0, 16 * KiB)],
    ],
    ['a cancel without a request', /never asked for$/, (writer) => writer.cancel(missing(), 0, 16 * KiB)],
    ['a have-none after the bitfield', /at the wrong time$/, (writer) => writer.haveNone()],
  ])('speaks-truly reports %s', (_, what, write) => {
    expect(hear(leech, said(write))).toMatch(what);
  });

  it('speaks-truly reports a block that is sent to a choked peer, or that the host does not have', () => {
    const serve = (pieceIndex: number): Action => ({
      type: 'send-block',
      connection: 901,
      header: encodePieceHeader(pieceIndex, 0, 16 * KiB),
      payload: new Uint8Array(16 * KiB),
    });
    const unchoke = said((writer) => writer.unchoke());
    expect(hear(leech, serve(had()))).toMatch(/to a peer it chokes$/);
    expect(hear(leech, unchoke, serve(missing()))).toMatch(/which it has not$/);
    expect(hear(leech, unchoke, serve(had()))).toBeUndefined();
  });

  it('speaks-truly reports a block from a peer that was never asked for it', () => {
    const { ledger } = parts(leech);
    // The checker has seen no request before.
    world.runUntil(() => [...ledger.storingPieces].length > 0, minuteMs);
    const { pieceIndex } = [...ledger.storingPieces][0]!;
    const store = {
      type: 'store-piece',
      torrent,
      pieceIndex,
      buffer: { bytes: 0 },
      wantDigests: false,
    } as const;
    expect(turn(speaksTruly(), leech, woke, store)).toMatch(/who was never asked for it$/);
  });
});

it('serves-the-truth reports a block that differs from the disk or from the request', () => {
  const block = world.geometry.block(2, 16 * KiB, 16 * KiB)!;
  const serve = (flavour: number, bytes = block.bytes) => {
    const checker = servesTheTruth();
    const read: Fact = { type: 'block-read', torrent, read: 77, bytes: new Uint8Array(bytes) };
    turn(checker, seed, woke, { type: 'read-block', torrent, read: 77, block });
    const payload = world.content.lend({ ...block, bytes }, flavour);
    const header = encodePieceHeader(2, block.begin, bytes);
    return turn(checker, seed, read, { type: 'send-block', connection: 901, header, payload });
  };
  expect(serve(0)).toBeUndefined();
  expect(serve(9)).toMatch(/^sends wrong bytes of piece 2/);
  expect(serve(0, 8 * KiB)).toMatch(/and was asked for others$/);
});

describe('trackers-hear-the-truth', () => {
  const announce = (event: 'started' | 'completed' | 'stopped' | undefined, left: number): Action => ({
    type: 'announce',
    request: { torrent, tracker: 't', event, left } as never,
  });
  const answered: Fact = {
    type: 'announced',
    torrent,
    tracker: 't',
    answer: { peers: [], intervalSeconds: 60 },
  };
  const left = () => world.geometry.totalBytes - parts(leech).ledger.haveBytes;

  it('trackers-hear-the-truth reports an announce while a reply is pending', () => {
    const checker = trackersHearTheTruth();
    expect(turn(checker, leech, woke, announce('started', left()))).toBeUndefined();
    expect(turn(checker, leech, woke, announce('started', left()))).toMatch(/still owes an answer$/);
    expect(turn(checker, leech, answered, announce(undefined, left()))).toBeUndefined();
  });

  it.each<[string, 'started' | 'completed' | 'stopped' | undefined, number]>([
    ['an announce without event before `started`', undefined, 0],
    ['a `stopped` before `started`', 'stopped', 0],
    ['a `completed` while bytes are left', 'completed', 0],
    ['a `left` that is too low', 'started', -1],
  ])('trackers-hear-the-truth reports %s', (_, event, by) => {
    expect(turn(trackersHearTheTruth(), leech, woke, announce(event, left() + by))).toMatch(/^tells t /);
  });
});
