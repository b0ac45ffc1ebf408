/** A torrent of which only the hash is known: what peers are asked for, and what is done with what they send.  BEP 9 */
import { describe, expect, it } from 'vitest';
import { ourExtensionId } from '../../../client/engine/connection/extension-handshake.ts';
import {
  encodeMetadataBlock,
  encodeMetadataReject,
  metadataBlockBytes,
  parseMetadataMessage,
} from '../../../client/engine/connection/metadata-exchange.ts';
import type { PeerAddress } from '../../../client/engine/contract.ts';
import { defaultLimits } from '../../../client/engine/limits.ts';
import { uint32 } from '../../wire/reference-encoder.ts';
import { EngineLab, type LabOptions, type ScriptedPeer } from '../engine-lab.ts';

const torrent = 2;
const infoHash = new Uint8Array(20).fill(0xcd);
/** Three blocks, the last one short. */
const infoBytes = Uint8Array.from({ length: 2 * metadataBlockBytes + 100 }, (_, i) => i & 255);
/** Under which these peers want the messages. */
const theirId = 9;

function newLab(limits: LabOptions['limits'] = {}): EngineLab {
  const lab = new EngineLab({ limits });
  lab.tell({ type: 'magnet-added', spec: { torrent, infoHash, trackers: [['http://t/announce']] } });
  return lab;
}

/** A peer that has the info dictionary, as it says. */
function join(
  lab: EngineLab,
  bytes: number | undefined = infoBytes.length,
  from?: PeerAddress,
): ScriptedPeer {
  const peer = lab.connect(from);
  peer.shakeHands({ infoHash, extended: true, has: 'silent', chokes: true });
  const size = bytes === undefined ? '' : `13:metadata_sizei${bytes}e`;
  const payload = Buffer.from(`d1:md11:ut_metadatai${theirId}ee${size}e`);
  peer.say({ type: 'extended', id: ourExtensionId.handshake, payload });
  return peer;
}

/** Blocks it has been asked for. */
function asked(peer: ScriptedPeer): number[] {
  return peer
    .heardOf('extended')
    .filter(({ id }) => id === theirId)
    .map(({ payload }) => parseMetadataMessage(payload))
    .flatMap((message) =>
      typeof message === 'object' && message.type === 'request' ? [message.blockIndex] : [],
    );
}

const say = (peer: ScriptedPeer, payload: Uint8Array) =>
  peer.say({ type: 'extended', id: ourExtensionId.utMetadata, payload });
const sendAll = (peer: ScriptedPeer, bytes = infoBytes) => {
  for (const blockIndex of [0, 1, 2]) say(peer, encodeMetadataBlock(bytes, blockIndex));
};
const received = (lab: EngineLab) => lab.reports.find(({ type }) => type === 'metadata-received');

describe('the info dictionary', () => {
  it('is asked of a peer that has it, block by block, and passed on when its hash is right', () => {
    const lab = newLab();
    const peer = join(lab);
    expect(asked(peer)).toEqual([0, 1, 2]);
    sendAll(peer);
    expect(lab.checks).toHaveLength(1);
    expect(received(lab)).toBeUndefined();
    const [{ connection, bytes }] = lab.checks as [(typeof lab.checks)[0]];
    expect(bytes).toEqual(infoBytes);
    lab.tell({ type: 'metadata-checked', torrent, connection, isRight: true });
    expect(received(lab)).toMatchObject({ torrent, infoBytes });
  });

  it('is passed on with addresses that a private torrent may have, since it may be of one', () => {
    const lab = newLab();
    const hosts = { user: '10.2.2.1', dht: '10.2.2.2', tracker: '10.2.2.3', pex: '10.2.2.4' } as const;
    for (const origin of ['user', 'dht', 'tracker', 'pex'] as const)
      lab.tell({ type: 'peers-found', torrent, peers: [{ host: hosts[origin], port: 6881 }], origin });
    expect(lab.dials).toHaveLength(4);
    sendAll(join(lab));
    lab.tell({
      type: 'metadata-checked',
      torrent,
      connection: lab.checks[0]!.connection,
      isRight: true,
    });
    expect(received(lab)).toMatchObject({
      peers: [
        { host: hosts.user, port: 6881 },
        { host: hosts.tracker, port: 6881 },
      ],
    });
  });

  it('that is here is asked of nobody any more, and passed on once', () => {
    const lab = newLab();
    const [first, second] = [join(lab), join(lab)];
    sendAll(first);
    sendAll(second);
    for (const { connection } of [...lab.checks]) {
      lab.tell({ type: 'metadata-checked', torrent, connection, isRight: true });
    }
    lab.pass(5_000);
    expect(asked(join(lab))).toEqual([]);
    expect(lab.reports.filter(({ type }) => type === 'metadata-received')).toHaveLength(1);
  });

  it('is asked for a few blocks at a time', () => {
    const lab = newLab({ metadataRequestsMax: 2 });
    const peer = join(lab);
    expect(asked(peer)).toEqual([0, 1]);
    say(peer, encodeMetadataBlock(infoBytes, 1));
    expect(asked(peer)).toEqual([0, 1, 2]);
  });

  it('is asked no further of a peer that takes back the number under which it is asked', () => {
    const lab = newLab({ metadataRequestsMax: 1 });
    const peer = join(lab);
    const before = peer.heardOf('extended').length;
    peer.say({ type: 'extended', id: ourExtensionId.handshake, payload: Buffer.from('d1:mdee') });
    say(peer, encodeMetadataBlock(infoBytes, 0));
    expect(peer.heardOf('extended')).toHaveLength(before);
    lab.pass(defaultLimits.metadataTimeoutMs + 1_000);
    expect(peer.closed).toBe('stalled');
  });

  it('is fetched whole from each of a few peers, so that a wrong one has one author', () => {
    const lab = newLab({ metadataSourcesMax: 2 });
    const peers = [join(lab), join(lab), join(lab)];
    expect(peers.map((peer) => asked(peer).length)).toEqual([3, 3, 0]);
    peers[0]!.hangUp();
    expect(asked(peers[2]!)).toEqual([0, 1, 2]);
  });

  it('that is wrong bans who sent it, and somebody else is asked', () => {
    const lab = newLab({ metadataSourcesMax: 1 });
    const liar = join(lab);
    const honest = join(lab);
    sendAll(liar, infoBytes.toReversed());
    const { connection } = lab.checks[0]!;
    lab.tell({ type: 'metadata-checked', torrent, connection, isRight: false });
    expect(liar.closed).toBe('sent-corrupt-metadata');
    expect(received(lab)).toBeUndefined();
    expect(asked(honest)).toEqual([0, 1, 2]);
    const again = lab.connect(liar.address);
    again.shakeHands({ infoHash, extended: true, has: 'silent', chokes: true });
    expect(again.closed).toBe('banned');
  });

  it('of more than 8 MiB is not asked for, and no memory is held for it', () => {
    const lab = newLab();
    const peer = join(lab, 8 * 1024 * 1024 + 1);
    expect(asked(peer)).toEqual([]);
    expect(peer.closed).toBeUndefined();
  });

  it('that a peer refuses is asked of another', () => {
    const lab = newLab({ metadataSourcesMax: 1 });
    const [first, second] = [join(lab), join(lab)];
    expect(asked(second)).toEqual([]);
    say(first, encodeMetadataReject(0));
    expect(asked(second)).toEqual([0, 1, 2]);
    expect(first.closed).toBeUndefined();
  });

  it('that a peer refuses is asked of it again after a while: it may have been busy', () => {
    const lab = newLab();
    const peer = join(lab);
    say(peer, encodeMetadataReject(0));
    lab.pass(defaultLimits.metadataTimeoutMs - 1_000);
    expect(asked(peer)).toEqual([0, 1, 2]);
    lab.pass(2_000);
    expect(asked(peer)).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it.each([
    ['says nothing', () => {}],
    [
      'trickles',
      (peer: ScriptedPeer, round: number) => {
        if (round < 2) say(peer, encodeMetadataBlock(infoBytes, round));
      },
    ],
  ] as const)('is asked of another when the first one %s', (_, act) => {
    const lab = newLab({ metadataSourcesMax: 1, metadataFetchMsMax: 15_000 });
    const [slow, other] = [join(lab), join(lab)];
    for (let round = 0; round < 3; round++) {
      if (slow.closed === undefined) act(slow, round);
      lab.pass(6_000);
    }
    expect(slow.closed).toBe('stalled');
    expect(asked(other)).toEqual([0, 1, 2]);
  });
});

it('the info dictionary over a slow line is waited for while it comes, and longer the next time', () => {
  const lab = newLab({ metadataTimeoutMs: 5_000, metadataFetchMsMax: 20_000 });
  lab.tell({ type: 'peers-found', torrent, peers: [{ host: '10.1.1.1', port: 6881 }], origin: 'user' });
  /** A byte of its first block every two seconds. */
  const trickleFor = (ms: number) => {
    const peer = lab.answerDial();
    peer.shakeHands({ infoHash, extended: true, has: 'silent', chokes: true });
    const hello = `d1:md11:ut_metadatai${theirId}ee13:metadata_sizei${infoBytes.length}e`;
    peer.say({ type: 'extended', id: ourExtensionId.handshake, payload: Buffer.from(`${hello}e`) });
    peer.sayBytes(uint32(metadataBlockBytes));
    peer.sayBytes(Uint8Array.of(20));
    for (let passed = 0; passed < ms && peer.closed === undefined; passed += 2_000) {
      peer.sayBytes(Uint8Array.of(0));
      lab.pass(2_000);
    }
    return peer.closed;
  };
  // 20, 40 and 80 seconds; in between it is not dialed at once.
  for (const allowedMs of [20_000, 40_000, 80_000]) {
    expect(trickleFor(allowedMs - 4_000)).toBeUndefined();
    lab.pass(30_000);
    expect(lab.dials).toHaveLength(1);
  }
});

it('the info dictionary of a slow peer that cannot be dialed has more time when that peer comes again', () => {
  const lab = newLab({ metadataTimeoutMs: 5_000, metadataFetchMsMax: 20_000 });
  for (const [round, allowedMs] of [20_000, 40_000, 80_000].entries()) {
    const peer = join(lab, infoBytes.length, { host: '10.1.1.1', port: 50_000 + round });
    peer.sayBytes(uint32(metadataBlockBytes));
    peer.sayBytes(Uint8Array.of(20));
    const trickleUntil = (untilMs: number) => {
      for (let passed = 0; passed < untilMs && peer.closed === undefined; passed += 2_000) {
        peer.sayBytes(Uint8Array.of(0));
        lab.pass(2_000);
      }
    };
    trickleUntil(allowedMs - 4_000);
    expect(peer.closed).toBeUndefined();
    trickleUntil(8_000);
    expect(peer.closed).toBe('stalled');
  }
});

describe('a block of it is refused, and its sender with it,', () => {
  it.each<[string, Uint8Array]>([
    ['that was not asked for', encodeMetadataBlock(infoBytes, 2)],
    ['that is cut short', encodeMetadataBlock(infoBytes, 0).slice(0, -1)],
    ['that is one byte too long', Buffer.concat([encodeMetadataBlock(infoBytes, 0), Buffer.alloc(1)])],
  ])('%s', (_, payload) => {
    const lab = newLab({ metadataRequestsMax: 2 });
    const peer = join(lab);
    say(peer, payload);
    expect(peer.closed).toBe('extension-malformed');
    expect(lab.checks).toEqual([]);
  });

  it('that came already', () => {
    const peer = join(newLab());
    const block = encodeMetadataBlock(infoBytes, 0);
    say(peer, block);
    expect(peer.closed).toBeUndefined();
    say(peer, block);
    expect(peer.closed).toBe('extension-malformed');
  });
});

describe('without the info dictionary', () => {
  it('who asks us for it is refused', () => {
    const peer = join(newLab());
    say(peer, Buffer.from('d8:msg_typei0e5:piecei0ee'));
    const answers = peer.heardOf('extended').map(({ payload }) => parseMetadataMessage(payload));
    expect(answers).toContainEqual({ type: 'reject', blockIndex: 0 });
  });

  it('no tracker takes us for a seed', () => {
    const lab = newLab();
    expect(lab.announces[0]).toMatchObject({ torrent, event: 'started' });
    expect(lab.announces[0]!.left).toBeGreaterThan(0);
  });

  it('a check that ends after the user has stopped it changes nothing', () => {
    const lab = newLab();
    sendAll(join(lab));
    const { connection } = lab.checks[0]!;
    lab.tell({ type: 'stopped', torrent });
    lab.tell({ type: 'metadata-checked', torrent, connection, isRight: true });
    expect(received(lab)).toBeUndefined();
  });
});
