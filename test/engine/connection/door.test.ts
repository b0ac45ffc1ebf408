/** Which connections are accepted, which are refused, and the timeouts of silent ones. */
import { describe, expect, it } from 'vitest';
import { EngineLab, labPeerId } from '../engine-lab.ts';

describe('handshakes and timeouts of a connection', () => {
  it('a browser that connects is closed with not-bittorrent', () => {
    const peer = new EngineLab().connect();
    peer.sayBytes(Buffer.from('GET / HTTP/1.1\r\n'));
    expect(peer.closed).toBe('not-bittorrent');
  });

  it('a handshake with an unknown info-hash is closed with unknown-torrent', () => {
    const peer = new EngineLab().connect();
    peer.shakeHands({ infoHash: new Uint8Array(20) });
    expect(peer.closed).toBe('unknown-torrent');
    expect(peer.bytesHeard).toBe(0);
  });

  it('a dialed peer that answers for another torrent is closed with wrong-torrent', () => {
    const lab = new EngineLab();
    lab.learn('10.1.1.1');
    const peer = lab.answerDial();
    peer.shakeHands({ infoHash: new Uint8Array(20) });
    expect(peer.closed).toBe('wrong-torrent');
  });

  it('a handshake with our own peer id is closed with connected-to-self, and its address is not dialed again', () => {
    const lab = new EngineLab();
    lab.learn('10.1.1.1');
    const peer = lab.answerDial();
    peer.shakeHands({ peerId: labPeerId });
    expect(peer.closed).toBe('connected-to-self');
    lab.pass(60 * 60_000, 5_000);
    lab.learn('10.1.1.1');
    expect(lab.dials).toEqual([]);
  });

  it('a second incoming connection with the same peer id is closed with connected-twice', () => {
    const lab = new EngineLab();
    const peerId = new Uint8Array(20).fill(7);
    const address = { host: '10.1.1.1', port: 50_000 };
    const first = lab.join({ peerId, address });
    const second = lab.join({ peerId, address });
    expect(second.closed).toBe('connected-twice');
    expect(first.closed).toBeUndefined();
  });

  it('the same peer id from another host is accepted as another peer', () => {
    const lab = new EngineLab();
    const peerId = new Uint8Array(20).fill(7);
    lab.join({ peerId, has: 'none', address: { host: '10.6.6.6', port: 50_000 } });
    const honest = lab.join({ peerId, address: { host: '10.1.1.1', port: 50_000 } });
    expect(honest.closed).toBeUndefined();
    expect(honest.owed).not.toEqual([]);
  });

  it('the same peer id at another dialed port of one host is accepted as another peer', () => {
    const lab = new EngineLab();
    const peerId = new Uint8Array(20).fill(7);
    const peers = [6881, 6882].map((port) => ({ host: '10.1.1.1', port }));
    lab.tell({ type: 'peers-found', torrent: 1, peers, origin: 'user' });
    lab.answerDial().shakeHands({ peerId });
    const honest = lab.answerDial();
    honest.shakeHands({ peerId });
    expect(honest.closed).toBeUndefined();
    expect(lab.status.peers).toHaveLength(2);
  });

  it('a useless peer with a copied id does not keep another peer of its host out', () => {
    const lab = new EngineLab();
    const peerId = new Uint8Array(20).fill(7);
    const borrower = lab.join({ peerId, has: 'none', address: { host: '10.1.1.1', port: 50_000 } });
    for (let i = 0; i < 11; i++) {
      lab.pass(1_000);
      borrower.sayBytes(new Uint8Array(4));
    }
    const honest = lab.join({ peerId, address: { host: '10.1.1.1', port: 50_001 } });
    expect(honest.closed).toBeUndefined();
    expect(honest.owed).not.toEqual([]);
  });

  it('a second connection to a peer that serves us well, by another address, is closed with connected-twice', () => {
    const lab = new EngineLab();
    const peerId = new Uint8Array(20).fill(7);
    const first = lab.join({ peerId, address: { host: '10.1.1.1', port: 50_000 } });
    first.serve();
    lab.store();
    const second = lab.join({ peerId, address: { host: 'fd00::1', port: 50_000 } });
    expect(second.closed).toBe('connected-twice');
    expect(first.closed).toBeUndefined();
  });

  it.each([
    ['greater', 0xff, 'incoming'],
    ['smaller', 0x00, 'dialed'],
  ] as const)(
    'connected-twice: of two that dialed each other, the one the greater id dialed stays (theirs is %s)',
    (_, fill, stays) => {
      for (const incomingFirst of [true, false]) {
        const lab = new EngineLab();
        const peerId = new Uint8Array(20).fill(fill);
        const address = { host: '10.1.1.1', port: 50_000 };
        lab.learn('10.1.1.1');
        const incoming = incomingFirst ? lab.join({ peerId, address }) : undefined;
        const dialed = lab.answerDial();
        dialed.shakeHands({ peerId });
        const kept = incoming ?? lab.join({ peerId, address });
        expect({ incoming: kept.closed, dialed: dialed.closed }).toEqual({
          incoming: stays === 'incoming' ? undefined : 'connected-twice',
          dialed: stays === 'dialed' ? undefined : 'connected-twice',
        });
        expect(lab.status.peers).toHaveLength(1);
      }
    },
  );

  it('a connection beyond the cap in all, of one host or of one torrent is closed with too-many-connections', () => {
    const full = new EngineLab({ limits: { connectionsMax: 2, connectionsPerTorrentMax: 2 } });
    full.join();
    full.join();
    expect(full.join().closed).toBe('too-many-connections');

    const host = new EngineLab({ limits: { connectionsPerHostMax: 1 } });
    host.join({ address: { host: '10.9.9.9', port: 1 } });
    const second = { host: '10.9.9.9', port: 2 };
    expect(host.join({ address: second, peerId: new Uint8Array(20).fill(2) }).closed).toBe(
      'too-many-connections',
    );
    expect(host.join({ address: { host: '10.9.9.8', port: 2 } }).closed).toBeUndefined();

    const torrent = new EngineLab({ limits: { connectionsPerTorrentMax: 1 } });
    torrent.join();
    expect(torrent.join().closed).toBe('too-many-connections');
  });

  it('the seat of a peer that left is free again', () => {
    const lab = new EngineLab({ limits: { connectionsMax: 1, connectionsPerTorrentMax: 1 } });
    for (let i = 0; i < 5; i++) {
      const peer = lab.join();
      expect(peer.closed).toBeUndefined();
      if (i % 2 === 0) peer.hangUp();
      else peer.say({ type: 'have', index: 99 });
    }
    lab.connect().hangUp();
    expect(lab.join().closed).toBeUndefined();
  });

  it('a connection that sends no handshake is closed with handshake-timeout', () => {
    const lab = new EngineLab();
    const peer = lab.connect();
    peer.sayBytes(Uint8Array.of(19));
    lab.pass(9_000);
    expect(peer.closed).toBeUndefined();
    lab.pass(2_000);
    expect(peer.closed).toBe('handshake-timeout');
  });

  it('a dial without an answer is closed with dial-timeout, and the next dial begins', () => {
    const lab = new EngineLab({ limits: { dialsMax: 1 } });
    lab.learn('10.1.1.1', '10.1.1.2');
    const { connection } = lab.dials[0]!;
    lab.pass(11_000);
    expect(lab.closes.get(connection)).toEqual(['dial-timeout']);
    expect(lab.dials).toHaveLength(1);
  });

  it('a peer that sends nothing for three minutes is closed with silent', () => {
    const lab = new EngineLab();
    const peer = lab.join({ has: 'none' });
    lab.pass(179_000, 500);
    expect(peer.closed).toBeUndefined();
    lab.pass(2_000);
    expect(peer.closed).toBe('silent');
  });

  it('a quiet peer gets a keep-alive before two minutes are over', () => {
    const lab = new EngineLab();
    const peer = lab.join({ has: 'none' });
    lab.pass(119_000, 500);
    expect(peer.heardOf('keep-alive')).toHaveLength(1);
  });
});
