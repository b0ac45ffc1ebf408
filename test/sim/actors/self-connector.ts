/**
 * Self-connector: it has no name of its own. Attacks whoever tells peers apart by what they call themselves: an echo of
 * ourselves is not worth a connection, and whoever borrows an honest peer's name must not shut that peer out.     BEP 3
 */
import { pick } from './choice.ts';
import type { Script } from './puppet.ts';

/** Every byte comes back; the other side's own name; the name of somebody it has met. */
export const borrowings = ['echo', 'namesake', 'impostor'] as const;

export interface SelfConnectorOptions {
  readonly borrowing?: (typeof borrowings)[number];
}

const keepAliveMs = 60_000;

export function selfConnector(options: SelfConnectorOptions = {}): Script {
  return (puppet) => {
    const borrowing = options.borrowing ?? pick(borrowings, puppet.stage.random);
    if (borrowing === 'echo') {
      return { dials: true, onConnected: () => {}, onBytes: (line, bytes) => line.sendBytes(bytes.slice()) };
    }
    if (borrowing === 'namesake') {
      return { onConnected: () => {}, onHandshake: (line, { peerId }) => line.shakeHands(peerId) };
    }
    /** Whom it has met, by host. */
    const names = new Map<string, Uint8Array>();
    return {
      dials: true,
      onConnected(line) {
        if (line.incoming) return;
        const others = [...names].filter(([host]) => host !== line.address.host);
        line.shakeHands(others.length === 0 ? undefined : pick(others, puppet.stage.random)[1]);
      },
      onHandshake(line, { peerId }) {
        const { host } = line.address;
        const isStranger = !names.has(host);
        names.set(host, peerId);
        const others = [...names].filter(([other]) => other !== host);
        if (!line.hasShaken)
          line.shakeHands(others.length === 0 ? undefined : pick(others, puppet.stage.random)[1]);
        // Now that it knows one name more, it goes back to everybody else under it, once each.
        if (!isStranger) return;
        const dialed = puppet.lines.filter((other) => !other.incoming).map((other) => other.address);
        const elsewhere = new Map(dialed.map((address) => [address.host, address]));
        elsewhere.delete(host);
        for (const address of elsewhere.values()) puppet.dial(address);
      },
      onOpen(line) {
        line.say((writer) => writer.haveNone());
        const live = () => {
          if (!line.isOpen) return;
          line.say((writer) => writer.keepAlive());
          puppet.after(keepAliveMs, live);
        };
        live();
      },
    };
  };
}
