/** Whose addresses a torrent is told, and what becomes of those that a private one must not have.  BEP 27 */
import { describe, expect, it } from 'vitest';
import type { PeerOrigin } from '../../../client/engine/contract.ts';
import { EngineLab } from '../engine-lab.ts';

const trackers = [['http://tracker.test/announce']];
const address = { host: '10.1.1.1', port: 6881 };

function dialsOf(isPrivate: boolean, origin: PeerOrigin): number {
  const lab = new EngineLab({ private: isPrivate });
  lab.tell({ type: 'peers-found', torrent: 1, peers: [address], origin });
  return lab.dials.length;
}

describe('a private torrent', () => {
  it.each(['tracker', 'user'] as const)('dials an address that comes from a %s', (origin) => {
    expect(dialsOf(true, origin)).toBe(1);
  });

  it.each(['lan', 'pex', 'dht'] as const)(
    'refuses an address that comes from %s, and forgets it',
    (origin) => {
      expect(dialsOf(true, origin)).toBe(0);
      const lab = new EngineLab({ private: true });
      lab.tell({ type: 'peers-found', torrent: 1, peers: [address], origin });
      expect(lab.status.peersKnown).toBe(0);
    },
  );

  it('dials what its tracker names, also what it refused from others before', () => {
    const lab = new EngineLab({ private: true, trackers });
    lab.tell({ type: 'peers-found', torrent: 1, peers: [address], origin: 'pex' });
    const answer = { peers: [address], intervalSeconds: 1800 };
    lab.tell({ type: 'announced', torrent: 1, tracker: trackers[0]![0]!, answer });
    expect(lab.dials.map((dial) => dial.address)).toEqual([address]);
    lab.answerDial().shakeHands();
    expect(lab.status.peers.map(({ origin }) => origin)).toEqual(['tracker']);
  });

  it('takes in a peer that comes to it, which knows the torrent already', () => {
    const lab = new EngineLab({ private: true });
    lab.join();
    expect(lab.status.peers.map(({ origin }) => origin)).toEqual(['incoming']);
  });
});

describe('any other torrent', () => {
  it.each(['tracker', 'user', 'lan', 'pex', 'dht'] as const)(
    'dials an address that comes from %s',
    (origin) => {
      expect(dialsOf(false, origin)).toBe(1);
    },
  );

  it('keeps the origin by which an address was first known', () => {
    const lab = new EngineLab();
    for (const origin of ['dht', 'user'] as const)
      lab.tell({ type: 'peers-found', torrent: 1, peers: [address], origin });
    const peer = lab.answerDial();
    peer.shakeHands();
    expect(lab.status.peers.map(({ origin }) => origin)).toEqual(['dht']);
  });
});
