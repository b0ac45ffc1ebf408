/** Trackers name us among the peers: we are none, are not dialed, and are not counted. */
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

describe('a client that a tracker names among the peers', () => {
  it('knows itself by its own id on both ends of the connection, even behind a router', () => {
    const { lab, answer } = open();
    answer([own]);
    meetOurselves(lab);
    expect(lab.status).toMatchObject({ peersKnown: 0, peers: [] });
  });

  it('does not count itself from then on, in what the tracker said before and in what it says next', () => {
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

  it('is not dialed again, by this torrent or another one', () => {
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

  it('is known at once when the tracker says where it saw us (BEP 24)', () => {
    const { answer, named, counted, dialed } = open();
    answer([own, other], { ownHost: own.host });
    expect([counted(), named(), dialed()]).toEqual([1, [1], [other]]);
  });

  it('believes that of this answer alone: a user who names the address has it dialed', () => {
    const { lab, answer, dialed } = open();
    answer([other], { ownHost: other.host });
    expect(dialed()).toEqual([]);
    lab.learn(other.host);
    expect(dialed()).toEqual([other]);
  });

  it('takes a peer at its own address with another port for a peer', () => {
    const { answer, counted } = open();
    answer([{ ...own, port: 7000 }], { ownHost: own.host });
    expect(counted()).toBe(1);
  });
});

describe('a peer that closes before its handshake', () => {
  const reasons = (lab: EngineLab) =>
    lab.reports.filter((report) => report.type === 'dial-failed').map(({ reason }) => reason);

  it.each(['closed by peer', 'ECONNRESET', 'EPIPE'])(
    'is told from one that nobody reached (%s)',
    (reason) => {
      const { lab, answer } = open();
      answer([other]);
      const { connection } = lab.answerDial();
      lab.tell({ type: 'closed', connection, reason });
      expect(reasons(lab)).toEqual(['closed-at-handshake']);
    },
  );

  it('is none that was never connected', () => {
    const { lab, answer } = open();
    answer([other]);
    lab.tell({ type: 'closed', connection: lab.dials[0]!.connection, reason: 'ECONNREFUSED' });
    expect(reasons(lab)).toEqual(['ECONNREFUSED']);
  });
});

describe('a tracker that has failed', () => {
  it('is said to be asked again in so many seconds, unless it never is', () => {
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
