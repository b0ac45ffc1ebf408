/** Which origins of addresses a torrent accepts, and that a private one drops the others. BEP 27 */
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
  it.each(['tracker', 'user'] as const)('a private torrent dials an address from a %s', (origin) => {
    expect(dialsOf(true, origin)).toBe(1);
  });

  it.each(['lan', 'pex', 'dht'] as const)(
    'a private torrent refuses an address from %s and does not store it',
    (origin) => {
      expect(dialsOf(true, origin)).toBe(0);
      const lab = new EngineLab({ private: true });
      lab.tell({ type: 'peers-found', torrent: 1, peers: [address], origin });
      expect(lab.status.peersKnown).toBe(0);
    },
  );

  it("a private torrent dials its tracker's peers, even those it refused from other origins", () => {
    const lab = new EngineLab({ private: true, trackers });
    lab.tell({ type: 'peers-found', torrent: 1, peers: [address], origin: 'pex' });
    const answer = { peers: [address], intervalSeconds: 1800 };
    lab.tell({ type: 'announced', torrent: 1, tracker: trackers[0]![0]!, answer });
    expect(lab.dials.map((dial) => dial.address)).toEqual([address]);
    lab.answerDial().shakeHands();
    expect(lab.status.peers.map(({ origin }) => origin)).toEqual(['tracker']);
  });

  it('a private torrent accepts an incoming peer, which knows the torrent already', () => {
    const lab = new EngineLab({ private: true });
    lab.join();
    expect(lab.status.peers.map(({ origin }) => origin)).toEqual(['incoming']);
  });
});

describe('a public torrent', () => {
  it.each(['tracker', 'user', 'lan', 'pex', 'dht'] as const)(
    'a public torrent dials an address from %s',
    (origin) => {
      expect(dialsOf(false, origin)).toBe(1);
    },
  );

  it('an address keeps the origin by which it first became known', () => {
    const lab = new EngineLab();
    for (const origin of ['dht', 'user'] as const)
      lab.tell({ type: 'peers-found', torrent: 1, peers: [address], origin });
    const peer = lab.answerDial();
    peer.shakeHands();
    expect(lab.status.peers.map(({ origin }) => origin)).toEqual(['dht']);
  });
});
