/**
 * Every request of a peer that supports BEP 6 gets an answer: a block, a reject, or the end of the
 * connection. What has none yet is queued or being read. A peer's messages are limited: its allowance grows
 * with time and with blocks.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { ConnectionId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { WireDecoder, type WireHandler } from '../../../client/wire/decoder.ts';
import { type Message, readUint32 } from '../../../client/wire/message.ts';
import { type Checker, type Disbelief, firstOf, inspectionOf, sessionOf, type Turn } from './checker.ts';

/** The largest possible bitfield. Other checkers judge bitfields. */
const bitfieldBytesMax = 2 ** 22 / 8;

/** Decodes one direction of a connection: passes messages on and counts blocks. */
class Ear implements WireHandler<never> {
  blocks = 0;
  readonly #decoder = new WireDecoder();
  readonly #hear: (message: Message) => void;

  constructor(hear: (message: Message) => void) {
    this.#hear = hear;
    this.#decoder.expectBitfieldBytes(0, bitfieldBytesMax);
  }

  listen(bytes: Uint8Array, count: number): void {
    this.#decoder.feed(bytes, count, this);
  }

  onHandshake(): undefined {}
  onMessage(message: Message): undefined {
    this.#hear(message);
  }
  onBlockStart(): undefined {}
  onBlockBytes(): undefined {}
  onBlockEnd(): undefined {
    this.blocks += 1;
  }
}

class Dialogue {
  /** Unanswered requests, by position. A repeated request that is still unanswered counts once. */
  readonly unanswered = new Set<string>();
  /** The peer's messages, except `have`. */
  words = 0;
  /** Blocks and `have` messages that the host has sent. */
  gifts = 0;
  readonly peer = new Ear((message) => {
    if (message.type !== 'have') this.words += 1;
    if (message.type === 'request')
      this.unanswered.add(placeOf(message.index, message.begin, message.length));
  });
  readonly us = new Ear((message) => {
    if (message.type === 'have') this.gifts += 1;
    if (message.type === 'reject') this.answer(message.index, message.begin, message.length);
  });

  answer(index: number, begin: number, bytes: number): void {
    this.unanswered.delete(placeOf(index, begin, bytes));
  }
}

function placeOf(index: number, begin: number, bytes: number): string {
  return `${index}/${begin}/${bytes}`;
}

export function dialogueIsFair(): Checker {
  const dialogues = new WeakMap<Engine, Map<ConnectionId, Dialogue>>();
  return {
    name: 'dialogue-is-fair',
    hears: ['connected', 'received', 'flushed', 'closed', 'metadata-checked', 'send', 'send-block', 'close'],
    onTurn(turn) {
      const { peer, fact, actions } = turn;
      const open = dialogues.get(peer.engine) ?? new Map<ConnectionId, Dialogue>();
      dialogues.set(peer.engine, open);
      if (fact.type === 'connected') open.set(fact.connection, new Dialogue());
      if (fact.type === 'closed') open.delete(fact.connection);
      if (fact.type === 'received') open.get(fact.connection)?.peer.listen(fact.bytes, fact.count);
      for (const action of actions) {
        if (action.type === 'close') open.delete(action.connection);
        else if (action.type === 'send')
          open.get(action.connection)?.us.listen(action.bytes, action.bytes.length);
        else if (action.type === 'send-block') {
          const { header, payload } = action;
          const dialogue = open.get(action.connection);
          if (dialogue === undefined) continue;
          dialogue.gifts += 1;
          dialogue.answer(readUint32(header, 5), readUint32(header, 9), payload.length);
        }
      }
      return judgeTurn(turn, open);
    },
  };
}

function judgeTurn(turn: Turn, open: ReadonlyMap<ConnectionId, Dialogue>): Disbelief {
  const session = sessionOf(turn);
  const dialogue = session && open.get(session.connection);
  if (dialogue === undefined || !session!.isOpen || inspectionOf(turn.peer) === undefined) return undefined;
  const disbelief = firstOf(
    judgeAnswers(dialogue, session!),
    judgeWords(dialogue, session!, turn.peer.engine.usage.limits, turn.nowMs),
  );
  return disbelief && `connection ${session!.connection}: ${disbelief}`;
}

function judgeAnswers({ unanswered }: Dialogue, { fast, uploads }: PeerSession): Disbelief {
  if (!fast || unanswered.size <= uploads.pendingCount) return undefined;
  return `the peer waits for ${unanswered.size} answers, and ${uploads.pendingCount} of them are to come`;
}

function judgeWords(dialogue: Dialogue, { openedMs }: PeerSession, limits: Limits, nowMs: number): Disbelief {
  const trades = dialogue.gifts + dialogue.peer.blocks;
  const seconds = Math.ceil((nowMs - openedMs) / 1_000);
  const allowed =
    limits.messagesBurst + limits.messagesPerSecond * seconds + limits.messagesPerTrade * trades;
  return dialogue.words <= allowed
    ? undefined
    : `the peer has said ${dialogue.words} words, and ${allowed} are allowed`;
}
