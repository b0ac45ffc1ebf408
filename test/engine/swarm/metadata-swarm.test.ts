/**
 * A torrent of which only the hash is known: the requests for its metadata, and the checks of what peers
 * send. BEP 9
 */
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
/** The ut_metadata id of these peers. */
const theirId = 9;

function newLab(limits: LabOptions['limits'] = {}): EngineLab {
  const lab = new EngineLab({ limits });
  lab.tell({ type: 'magnet-added', spec: { torrent, infoHash, trackers: [['http://t/announce']] } });
  return lab;
}

/** A peer that announces the info dictionary. */
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

/** Blocks requested from it. */
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
  it('the info dictionary is requested block by block, and passed on when its hash is right', () => {
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

  it('the info dictionary is passed on with the peers that a private torrent may have', () => {
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

  it('a complete info dictionary is not requested again, and passed on once', () => {
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

  it('the info dictionary is requested a few blocks at a time', () => {
    const lab = newLab({ metadataRequestsMax: 2 });
    const peer = join(lab);
    expect(asked(peer)).toEqual([0, 1]);
    say(peer, encodeMetadataBlock(infoBytes, 1));
    expect(asked(peer)).toEqual([0, 1, 2]);
  });

  it('a peer that withdraws its ut_metadata id gets no more requests', () => {
    const lab = newLab({ metadataRequestsMax: 1 });
    const peer = join(lab);
    const before = peer.heardOf('extended').length;
    peer.say({ type: 'extended', id: ourExtensionId.handshake, payload: Buffer.from('d1:mdee') });
    say(peer, encodeMetadataBlock(infoBytes, 0));
    expect(peer.heardOf('extended')).toHaveLength(before);
    lab.pass(defaultLimits.metadataTimeoutMs + 1_000);
    expect(peer.closed).toBe('stalled');
  });

  it('the info dictionary is fetched whole from each of a few peers, which proves who sent a wrong one', () => {
    const lab = newLab({ metadataSourcesMax: 2 });
    const peers = [join(lab), join(lab), join(lab)];
    expect(peers.map((peer) => asked(peer).length)).toEqual([3, 3, 0]);
    peers[0]!.hangUp();
    expect(asked(peers[2]!)).toEqual([0, 1, 2]);
  });

  it('a peer that sends a wrong info dictionary is banned, and another peer is asked', () => {
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

  it('an info dictionary of more than 8 MiB is not requested, and takes no memory', () => {
    const lab = newLab();
    const peer = join(lab, 8 * 1024 * 1024 + 1);
    expect(asked(peer)).toEqual([]);
    expect(peer.closed).toBeUndefined();
  });

  it('an info dictionary that one peer rejects is requested from another', () => {
    const lab = newLab({ metadataSourcesMax: 1 });
    const [first, second] = [join(lab), join(lab)];
    expect(asked(second)).toEqual([]);
    say(first, encodeMetadataReject(0));
    expect(asked(second)).toEqual([0, 1, 2]);
    expect(first.closed).toBeUndefined();
  });

  it('a peer that rejected a request is asked again after a while: it may have been busy', () => {
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

it('a slow peer may take until its time limit, and has more time when it is dialed again', () => {
  const lab = newLab({ metadataTimeoutMs: 5_000, metadataFetchMsMax: 20_000 });
  lab.tell({ type: 'peers-found', torrent, peers: [{ host: '10.1.1.1', port: 6881 }], origin: 'user' });
  /** One byte of its first block every two seconds. */
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
  // 20, 40 and 80 seconds; in between it is not redialed at once.
  for (const allowedMs of [20_000, 40_000, 80_000]) {
    expect(trickleFor(allowedMs - 4_000)).toBeUndefined();
    lab.pass(30_000);
    expect(lab.dials).toHaveLength(1);
  }
});

it('a slow incoming peer has more time for the info dictionary when it connects again', () => {
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

describe('a metadata block is a violation', () => {
  it.each<[string, Uint8Array]>([
    ['not requested', encodeMetadataBlock(infoBytes, 2)],
    ['cut short', encodeMetadataBlock(infoBytes, 0).slice(0, -1)],
    ['one byte too long', Buffer.concat([encodeMetadataBlock(infoBytes, 0), Buffer.alloc(1)])],
  ])('a metadata block is a violation when it is %s', (_, payload) => {
    const lab = newLab({ metadataRequestsMax: 2 });
    const peer = join(lab);
    say(peer, payload);
    expect(peer.closed).toBe('extension-malformed');
    expect(lab.checks).toEqual([]);
  });

  it('a metadata block that was received before is a violation', () => {
    const peer = join(newLab());
    const block = encodeMetadataBlock(infoBytes, 0);
    say(peer, block);
    expect(peer.closed).toBeUndefined();
    say(peer, block);
    expect(peer.closed).toBe('extension-malformed');
  });
});

describe('without the info dictionary', () => {
  it('a peer that requests the metadata gets a reject', () => {
    const peer = join(newLab());
    say(peer, Buffer.from('d8:msg_typei0e5:piecei0ee'));
    const answers = peer.heardOf('extended').map(({ payload }) => parseMetadataMessage(payload));
    expect(answers).toContainEqual({ type: 'reject', blockIndex: 0 });
  });

  it('no tracker counts us as a seed', () => {
    const lab = newLab();
    expect(lab.announces[0]).toMatchObject({ torrent, event: 'started' });
    expect(lab.announces[0]!.left).toBeGreaterThan(0);
  });

  it('a hash check that ends after the stop changes nothing', () => {
    const lab = newLab();
    sendAll(join(lab));
    const { connection } = lab.checks[0]!;
    lab.tell({ type: 'stopped', torrent });
    lab.tell({ type: 'metadata-checked', torrent, connection, isRight: true });
    expect(received(lab)).toBeUndefined();
  });
});
