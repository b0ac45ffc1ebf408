/** A host's messages are judged by a model that knows only the BEPs. */
import { describe, expect, it } from 'vitest';
import { encodeHandshake } from '../../../../client/wire/handshake.ts';
import { encodePieceHeader, MessageWriter } from '../../../../client/wire/message.ts';
import { Geometry } from '../../../../torrents/geometry.ts';
import { Conversation } from './conversation.ts';
import { hex } from './reader.ts';

const geometry = new Geometry(5 * 32_768 - 100, 32_768);
const infoHash = new Uint8Array(20).fill(1);
const [ours, theirs] = [new Uint8Array(20).fill(2), new Uint8Array(20).fill(3)];

function scene({ fast = true, extended = true } = {}) {
  const torrent = {
    geometry,
    infoHash: hex(infoHash),
    infoBytes: undefined,
    uploaded: 0,
    downloaded: 0,
    unsure: 0,
  };
  const conversation = new Conversation(
    {
      peerId: hex(ours),
      port: 6_881,
      queueMax: 100,
      keepAliveMs: 100_000,
      metadataTimeoutMs: 10_000,
      metadataBytesMax: 100_000,
      talk: { messagesBurst: 20, messagesPerSecond: 2, messagesPerTrade: 4, blindHavesMax: 5 },
      torrentOf: (name) => (name === torrent.infoHash ? torrent : undefined),
      has: () => true,
      isSated: () => false,
    },
    false,
    0,
  );
  let nowMs = 0;
  conversation.say(encodeHandshake({ infoHash, peerId: ours, fast: true, extended: true }), nowMs);
  conversation.hear(encodeHandshake({ infoHash, peerId: theirs, fast, extended }), 68);
  const bytes = (write: (writer: MessageWriter) => void) => {
    const writer = new MessageWriter();
    write(writer);
    return writer.take();
  };
  return {
    conversation,
    torrent,
    wait: (ms: number) => {
      nowMs += ms;
    },
    /** Returns why the connection has to end after the peer sent this. */
    hear: (write: (writer: MessageWriter) => void) => {
      const said = bytes(write);
      conversation.beginTurn(nowMs);
      conversation.hear(said, said.length);
      return conversation.reason;
    },
    /** Returns the fault when the host sends this. */
    say: (write: (writer: MessageWriter) => void) => {
      conversation.say(bytes(write), nowMs);
      return conversation.fault;
    },
  };
}

describe('messages of a host', () => {
  it('a host sends exactly one of bitfield, have-all and have-none, and sends it first', () => {
    expect(scene().say((w) => w.haveNone())).toBeUndefined();
    expect(scene().say((w) => w.interested())).toMatch(/word number 1/);
    const twice = scene();
    twice.say((w) => w.haveAll());
    expect(twice.say((w) => w.haveNone())).toMatch(/word number 2/);
    expect(scene({ fast: false }).say((w) => w.interested())).toBeUndefined();
  });

  it('a host uses no extension that the peer does not support', () => {
    expect(scene({ fast: false }).say((w) => w.haveAll())).toMatch(/fast-without-handshake/);
    const plain = scene({ extended: false });
    plain.say((w) => w.haveNone());
    expect(plain.say((w) => w.extended(0, Buffer.from('de')))).toMatch(/extension-without-handshake/);
  });

  it('a host requests only from a peer that has the piece and does not choke the host', () => {
    const asking = scene();
    asking.say((w) => w.haveNone());
    asking.hear((w) => w.have(2));
    asking.say((w) => w.interested());
    expect(asking.say((w) => w.request(2, 0, 16_384))).toMatch(/chokes/);
    const other = scene();
    other.say((w) => w.haveNone());
    other.hear((w) => w.unchoke());
    expect(other.say((w) => w.request(2, 0, 16_384))).toMatch(/not told of that piece/);
  });

  it('a host serves and rejects only pending requests', () => {
    const serving = scene();
    serving.say((w) => w.haveAll());
    serving.hear((w) => w.request(0, 0, 16_384));
    serving.say((w) => w.unchoke());
    serving.conversation.say(encodePieceHeader(0, 0, 16_384), 0);
    serving.conversation.say(new Uint8Array(16_384), 0);
    expect([serving.conversation.fault, serving.torrent.uploaded]).toEqual([undefined, 16_384]);
    expect(serving.say((w) => w.reject(0, 0, 16_384))).toMatch(/waits for no answer/);
  });

  it('a host sends a keep-alive only after a silence', () => {
    const quiet = scene();
    quiet.wait(100_000);
    expect(quiet.say((w) => w.keepAlive())).toBeUndefined();
    quiet.wait(99_999);
    expect(quiet.say((w) => w.keepAlive())).toMatch(/alive 99999 ms after/);
  });

  it('a host sets only the reserved bits of extensions that it supports', () => {
    const wrong = encodeHandshake({ infoHash, peerId: ours, fast: true, extended: true });
    wrong[20] = 1;
    const { host } = scene().conversation;
    const conversation = new Conversation(host, false, 0);
    conversation.say(wrong, 0);
    expect(conversation.fault).toMatch(/reserved bits/);
  });
});

describe('messages that end a connection', () => {
  it('a connection ends with the first message over the allowance', () => {
    const talk = scene();
    const chat = (count: number) =>
      talk.hear((w) => {
        for (let n = 0; n < count; n++) w.keepAlive();
      });
    expect(chat(20)).toBeUndefined();
    talk.wait(1_999);
    expect(chat(2)).toBeUndefined();
    talk.hear((w) => w.have(1));
    expect(talk.hear((w) => w.have(1))).toBe('too-many-messages');
  });

  it.each<[string, { fast?: boolean }, (w: MessageWriter) => void]>([
    ['piece-out-of-range', {}, (w) => w.have(5)],
    ['request-out-of-range', {}, (w) => w.request(4, 32_768, 1)],
    ['message-length-wrong', {}, (w) => w.raw(Uint8Array.of(0, 0, 0, 2, 1, 1))],
    ['bitfield-spare-bits', {}, (w) => w.bitfield(Uint8Array.of(0b0000_0100))],
    ['bitfield-length-wrong', {}, (w) => w.bitfield(Uint8Array.of(0, 0))],
    ['fast-without-handshake', { fast: false }, (w) => w.haveAll()],
    ['message-too-long', {}, (w) => w.raw(Uint8Array.of(0, 1, 0, 2, 20))],
    ['block-too-long', {}, (w) => w.raw(Uint8Array.of(0, 0, 0x40, 10, 7))],
    ['block-out-of-range', {}, (w) => w.raw(encodePieceHeader(4, 32_760, 16_384))],
  ])('%s', (reason, speaks, write) => {
    expect(scene(speaks).hear(write)).toBe(reason);
  });

  it('unknown messages and requests for the last block of a piece do not end a connection', () => {
    const { hear } = scene();
    expect(hear((w) => w.raw(Uint8Array.of(0, 0, 0, 2, 99, 0)))).toBeUndefined();
    expect(hear((w) => w.request(4, 16_384, 16_284))).toBeUndefined();
  });
});
