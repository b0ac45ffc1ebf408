/** Trackers list us among the peers: our own address is neither dialed nor counted. */
import { describe, expect, it } from 'vitest';
import type { PeerAddress, TrackerAnswer } from '../../../client/engine/contract.ts';
import { EngineLab, labInfoHash, labPeerId } from '../engine-lab.ts';

const tracker = 'http://t/announce';
/** The lab listens on 6881. */
const own: PeerAddress = { host: '203.0.113.9', port: 6881 };
const other: PeerAddress = { host: '198.51.100.1', port: 6881 };

function open() {
  const lab = new EngineLab({ trackers: [[tracker]] });
  const answer = (peers: readonly PeerAddress[], more: Partial<TrackerAnswer> = {}) => {
    lab.tell({ type: 'announced', torrent: 1, tracker, answer: { peers, intervalSeconds: 1_800, ...more } });
  };
  const named = () => lab.reports.filter((r) => r.type === 'tracker-answered').map(({ peers }) => peers);
  const dialed = () => lab.dials.map(({ address }) => address);
  return { lab, answer, named, dialed, counted: () => lab.status.trackers[0]!.peers };
}

/** The two ends of a connection to ourselves. */
function meetOurselves(lab: EngineLab): void {
  const outer = lab.answerDial();
  const inner = lab.connect({ host: '192.0.2.1', port: 50_000 });
  inner.shakeHands({ peerId: outer.handshake!.peerId, has: 'silent' });
  expect([inner.closed, inner.handshake?.peerId]).toEqual(['connected-to-self', labPeerId]);
  outer.shakeHands({ peerId: inner.handshake!.peerId, has: 'silent' });
  expect(outer.closed).toBe('connected-to-self');
}

describe('a client that a tracker lists among the peers', () => {
  it('a client recognizes itself by its own peer id on both ends of a connection, even behind a router', () => {
    const { lab, answer } = open();
    answer([own]);
    meetOurselves(lab);
    expect(lab.status).toMatchObject({ peersKnown: 0, peers: [] });
  });

  it('our own address is no longer counted, in earlier and later replies of the tracker', () => {
    const { lab, answer, named, counted } = open();
    answer([own, other]);
    expect([counted(), lab.status.peersKnown]).toEqual([2, 2]);
    lab.dials.sort((a) => (a.address === own ? -1 : 1));
    meetOurselves(lab);
    expect([counted(), lab.status.peersKnown]).toEqual([1, 1]);
    lab.pass(1_800_000, 30_000);
    answer([own, other]);
    expect([counted(), named()]).toEqual([1, [2, 1]]);
  });

  it('our own address is not dialed again, by any torrent', () => {
    const { lab, answer, dialed } = open();
    answer([own]);
    meetOurselves(lab);
    const torrent = 2;
    lab.tell({ type: 'added', spec: { ...lab.spec, torrent, infoHash: labInfoHash.map((b) => b ^ 1) } });
    lab.tell({ type: 'peers-found', torrent, peers: [own, other], origin: 'user' });
    lab.learn(own.host);
    lab.pass(600_000, 30_000);
    expect(dialed().filter(({ host }) => host === own.host)).toEqual([]);
  });

  it('our own address is recognized at once when the tracker sends it (BEP 24)', () => {
    const { answer, named, counted, dialed } = open();
    answer([own, other], { ownHost: own.host });
    expect([counted(), named(), dialed()]).toEqual([1, [1], [other]]);
  });

  it('our address as a tracker saw it counts for its reply alone: a user may still name it', () => {
    const { lab, answer, dialed } = open();
    answer([other], { ownHost: other.host });
    expect(dialed()).toEqual([]);
    lab.learn(other.host);
    expect(dialed()).toEqual([other]);
  });

  it('an address that differs from ours in its port is another peer', () => {
    const { answer, counted } = open();
    answer([{ ...own, port: 7000 }], { ownHost: own.host });
    expect(counted()).toBe(1);
  });
});

describe('a peer that closes before its handshake', () => {
  const reasons = (lab: EngineLab) =>
    lab.reports.filter((report) => report.type === 'dial-failed').map(({ reason }) => reason);

  it.each(['closed by peer', 'ECONNRESET', 'EPIPE'])(
    'a dial that connected and was then closed is reported as closed-at-handshake (%s)',
    (reason) => {
      const { lab, answer } = open();
      answer([other]);
      const { connection } = lab.answerDial();
      lab.tell({ type: 'closed', connection, reason });
      expect(reasons(lab)).toEqual(['closed-at-handshake']);
    },
  );

  it('a dial that never connected is reported with its own reason', () => {
    const { lab, answer } = open();
    answer([other]);
    lab.tell({ type: 'closed', connection: lab.dials[0]!.connection, reason: 'ECONNREFUSED' });
    expect(reasons(lab)).toEqual(['ECONNREFUSED']);
  });
});

describe('a tracker that has failed', () => {
  it('a failed tracker reports in how many seconds it is asked again, unless never', () => {
    const { lab } = open();
    lab.tell({ type: 'announce-failed', torrent: 1, tracker, reason: 'HTTP 503', retryInSeconds: 300 });
    expect(lab.reports.at(-1)).toMatchObject({ type: 'tracker-failed', retryInSeconds: 300 });
    expect(lab.status.trackers[0]!.retryInSeconds).toBe(300);
    lab.pass(100_000, 10_000);
    expect(lab.status.trackers[0]!.retryInSeconds).toBe(200);
    const { lab: hopeless } = open();
    hopeless.tell({ type: 'announce-failed', torrent: 1, tracker, reason: 'no', retryInSeconds: 'never' });
    expect(hopeless.status.trackers[0]!.retryInSeconds).toBeUndefined();
    expect(hopeless.reports.at(-1)).toMatchObject({ type: 'tracker-failed', retryInSeconds: undefined });
  });
});
