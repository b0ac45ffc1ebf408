/**
 * What every Network must do (client/host/ports.ts), as tests for each implementation. A bench provides hosts
 * on one network and lets time pass.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionId, Fact, PeerAddress } from '../../client/engine/contract.ts';
import { Prng } from '../../client/engine/prng.ts';
import type { Network } from '../../client/host/ports.ts';

export interface NetworkBench {
  /** A new host. Its network's facts go to `sink`. */
  join(sink: (fact: Fact) => void): Promise<{ readonly network: Network; readonly address: PeerAddress }>;
  /** An address on which no host listens. */
  readonly deadAddress: PeerAddress;
  /** Lets time pass until the condition holds. Rejects if it never does. */
  until(condition: () => boolean): Promise<void>;
  /** Lets time pass until all data in transit has arrived. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

/** A host and the facts it received, with received bytes copied out of the borrowed buffer. */
class Host {
  readonly facts: Fact[] = [];
  network!: Network;
  address!: PeerAddress;
  onFact: (fact: Fact) => void = () => {};

  readonly sink = (fact: Fact): void => {
    if (fact.type !== 'received') this.facts.push(fact);
    else this.facts.push({ ...fact, bytes: new Uint8Array(fact.bytes.subarray(0, fact.count)) });
    this.onFact(fact);
  };

  /** The facts of one connection, by type. */
  of<T extends Fact['type']>(type: T, connection?: ConnectionId): Extract<Fact, { type: T }>[] {
    return this.facts.filter(
      (f): f is Extract<Fact, { type: T }> =>
        f.type === type && (connection === undefined || ('connection' in f && f.connection === connection)),
    );
  }

  received(connection: ConnectionId): Buffer {
    return Buffer.concat(this.of('received', connection).map((f) => f.bytes));
  }

  flushedBytes(connection: ConnectionId): number {
    return this.of('flushed', connection).reduce((sum, f) => sum + f.bytes, 0);
  }
}

export function networkContract(name: string, open: () => Promise<NetworkBench>): void {
  describe(`${name} as a network`, () => {
    let bench: NetworkBench;
    let lastDial: ConnectionId;

    beforeEach(async () => {
      bench = await open();
      lastDial = 0;
    });
    afterEach(() => bench.stop());

    async function join(): Promise<Host> {
      const host = new Host();
      Object.assign(host, await bench.join(host.sink));
      return host;
    }

    /** Connects two hosts. Returns the connection ids at both ends. */
    async function connect(from: Host, to: Host): Promise<[ConnectionId, ConnectionId]> {
      lastDial += 2;
      const before = to.of('connected').length;
      from.network.dial(lastDial, to.address);
      await bench.until(
        () => from.of('connected', lastDial).length === 1 && to.of('connected').length === before + 1,
      );
      return [lastDial, to.of('connected').at(-1)!.connection];
    }

    it('both ends are told that they are connected, under ids that never collide', async () => {
      const [a, b] = [await join(), await join()];
      const [dialed, accepted] = await connect(a, b);
      expect(a.facts).toEqual([
        { type: 'connected', connection: dialed, address: b.address, incoming: false },
      ]);
      expect(b.of('connected')).toMatchObject([{ incoming: true, address: { host: a.address.host } }]);
      expect([dialed % 2, accepted % 2]).toEqual([0, 1]);
    });

    it('a dial to an address where no host listens is answered with `closed`, once', async () => {
      const a = await join();
      a.network.dial(2, bench.deadAddress);
      await bench.until(() => a.facts.length > 0);
      await bench.settle();
      expect(a.facts).toMatchObject([{ type: 'closed', connection: 2 }]);
    });

    it.each([1, 2, 3])('bytes arrive as they were sent, in any packets (seed %i)', async (seed) => {
      const [a, b] = [await join(), await join()];
      const [from, to] = await connect(a, b);
      const random = new Prng(seed);
      const sent: Uint8Array[] = [];
      for (let i = 0; i < 60; i++) {
        const bytes = Uint8Array.from({ length: 1 + random.below(i % 7 === 0 ? 40_000 : 200) }, () =>
          random.below(256),
        );
        if (i % 3 === 0) {
          const header = Uint8Array.from({ length: 13 }, () => random.below(256));
          sent.push(header.slice(), bytes.slice());
          a.network.sendBlock(from, header, bytes);
        } else {
          sent.push(bytes.slice());
          a.network.send(from, bytes);
        }
        if (i % 10 === 9) await bench.settle();
      }
      const expected = Buffer.concat(sent);
      await bench.until(() => b.received(to).length >= expected.length);
      expect(b.received(to).equals(expected)).toBe(true);
    });

    it('flushed bytes are reported, and add up to what was sent', async () => {
      const [a, b] = [await join(), await join()];
      const [from, to] = await connect(a, b);
      let sent = 0;
      for (let i = 0; i < 20; i++) {
        a.network.send(from, new Uint8Array(1_000 + i));
        a.network.sendBlock(from, new Uint8Array(13), new Uint8Array(16_384));
        sent += 1_000 + i + 13 + 16_384;
      }
      await bench.until(() => a.flushedBytes(from) >= sent && b.received(to).length >= sent);
      await bench.settle();
      expect(a.flushedBytes(from)).toBe(sent);
      for (const { bytes } of a.of('flushed')) expect(bytes).toBeGreaterThan(0);
    });

    it('both directions work at once, and connections are separate', async () => {
      const [a, b, c] = [await join(), await join(), await join()];
      const [ab, ba] = await connect(a, b);
      const [cb, bc] = await connect(c, b);
      const fill = (value: number) => new Uint8Array(50_000).fill(value);
      a.network.send(ab, fill(1));
      c.network.send(cb, fill(2));
      b.network.send(ba, fill(3));
      b.network.send(bc, fill(4));
      const ends: [Host, ConnectionId, number][] = [
        [b, ba, 1],
        [b, bc, 2],
        [a, ab, 3],
        [c, cb, 4],
      ];
      await bench.until(() => ends.every(([host, id]) => host.received(id).length === 50_000));
      for (const [host, id, value] of ends)
        expect(host.received(id).equals(Buffer.from(fill(value)))).toBe(true);
    });

    it('a close is reported to the other end once, as its last fact, and not to the closing end', async () => {
      const [a, b] = [await join(), await join()];
      const [from, to] = await connect(a, b);
      a.network.send(from, Uint8Array.of(1, 2, 3));
      await bench.until(() => b.received(to).length === 3);
      a.network.close(from);
      const told = a.facts.length;
      await bench.until(() => b.of('closed', to).length > 0);
      await bench.settle();
      expect(b.of('closed', to)).toHaveLength(1);
      expect(b.facts.at(-1)).toMatchObject({ type: 'closed', connection: to });
      expect(a.facts.slice(told)).toEqual([]);
    });

    it('no fact of a connection follows its close, even with data in transit', async () => {
      const [a, b] = [await join(), await join()];
      const [from, to] = await connect(a, b);
      b.network.send(to, new Uint8Array(500_000));
      a.network.send(from, new Uint8Array(500_000));
      await bench.until(() => a.of('received', from).length > 0);
      a.network.close(from);
      const told = a.facts.length;
      await bench.until(() => b.of('closed', to).length > 0);
      await bench.settle();
      expect(a.facts.slice(told)).toEqual([]);
    });

    it('a connection may be closed from within a fact', async () => {
      const [a, b] = [await join(), await join()];
      const [from, to] = await connect(a, b);
      b.onFact = (fact) => {
        if (fact.type === 'received') b.network.close(to);
      };
      a.network.send(from, new Uint8Array(300_000));
      await bench.until(() => a.of('closed', from).length > 0);
      await bench.settle();
      expect(b.of('received', to)).toHaveLength(1);
      expect(b.of('closed', to)).toEqual([]);
    });

    it('a dial that is closed before it is answered gives no fact', async () => {
      const [a, b] = [await join(), await join()];
      a.network.dial(2, b.address);
      a.network.close(2);
      await bench.settle();
      expect(a.facts).toEqual([]);
    });

    it('calls for an unknown connection are ignored', async () => {
      const a = await join();
      a.network.send(98, Uint8Array.of(1));
      a.network.sendBlock(98, Uint8Array.of(1), Uint8Array.of(2));
      a.network.close(98);
      a.network.close(98);
      await bench.settle();
      expect(a.facts).toEqual([]);
    });

    it('every connection has its own id, also after others have ended', async () => {
      const [a, b] = [await join(), await join()];
      const ids = new Set<ConnectionId>();
      for (let i = 0; i < 5; i++) {
        const [from, to] = await connect(a, b);
        ids.add(to);
        if (i % 2 === 0) a.network.close(from);
      }
      expect(ids.size).toBe(5);
    });
  });
}
