/**
 * Self-connector: uses peer ids that are not its own. Attacks code that tells peers apart by peer id: a
 * connection to oneself is worthless, and a peer that copies an honest peer's id must not shut that peer out.
 *                                                                                                       BEP 3
 */
import { pick } from './choice.ts';
import type { Script } from './puppet.ts';

/** Echoes every byte; answers with the peer's own id; uses the id of another peer that it has met. */
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
    /** Peer ids that it has met, by host. */
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
        // It knows one more id now, so it reconnects to all other hosts with it, once each.
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
