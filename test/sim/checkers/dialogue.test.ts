/**
 * The test forges messages of a peer on its existing connection: requests left unanswered and endless
 * messages are reported.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Action, Fact } from '../../../client/engine/contract.ts';
import { encodeHandshake } from '../../../client/wire/handshake.ts';
import { encodePieceHeader, MessageWriter } from '../../../client/wire/message.ts';
import type { SimPeer } from '../world/peer.ts';
import type { Checker } from './checker.ts';
import { dialogueIsFair } from './dialogue.ts';
import { KiB, type Midway, midway, sessionIn } from './midway.ts';

let seed: SimPeer;
let turn: Midway['turn'];
let checker: Checker;
let connection: number;

beforeEach(() => {
  ({ seed, turn } = midway());
  checker = dialogueIsFair();
  ({ connection } = sessionIn(seed));
  const { address } = sessionIn(seed);
  turn(checker, seed, { type: 'connected', connection, address, incoming: true });
  const nobody = new Uint8Array(20);
  const greeting = encodeHandshake({ infoHash: nobody, peerId: nobody, fast: true, extended: true });
  hear(greeting, say(greeting));
});

const bytesOf = (write: (writer: MessageWriter) => void) => {
  const writer = new MessageWriter();
  write(writer);
  return writer.take();
};
const say = (bytes: Uint8Array): Action => ({ type: 'send', connection, bytes });
const hear = (bytes: Uint8Array, ...answer: Action[]) => {
  const fact: Fact = { type: 'received', connection, bytes, count: bytes.length };
  return turn(checker, seed, fact, ...answer);
};
/** More requests than are outstanding. */
const many = 2_000;
const requests = bytesOf((writer) => {
  for (let n = 0; n < many; n++) writer.request(n % 39, (n / 39) | 0, KiB);
});

describe('dialogue-is-fair', () => {
  it('dialogue-is-fair reports requests for which no answer is being prepared', () => {
    expect(hear(requests)).toMatch(/waits for 2000 answers/);
  });

  it('dialogue-is-fair accepts requests that are rejected or served', () => {
    const refusals = bytesOf((writer) => {
      for (let n = 1; n < many; n++) writer.reject(n % 39, (n / 39) | 0, KiB);
    });
    const block: Action = {
      type: 'send-block',
      connection,
      header: encodePieceHeader(0, 0, KiB),
      payload: new Uint8Array(KiB),
    };
    expect(hear(requests, block, say(refusals))).toBeUndefined();
  });

  it('dialogue-is-fair reports endless messages, and leaves `have` messages to other checkers', () => {
    const news = (count: number) =>
      bytesOf((writer) => {
        for (let n = 0; n < count; n++) writer.have(1);
      });
    const words = (count: number) =>
      bytesOf((writer) => {
        for (let n = 0; n < count; n++) writer.interested();
      });
    expect(hear(news(20_000))).toBeUndefined();
    expect(hear(words(8_000))).toBeUndefined();
    expect(hear(words(20_000))).toMatch(/the peer has said 28000 words/);
  });
});
