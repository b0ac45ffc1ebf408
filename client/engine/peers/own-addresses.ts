/**
 * Addresses at which we reached ourselves: trackers name us among the peers, and behind a router we do not know how we are
 * seen from outside. Shared by all torrents: one dial to ourselves is enough for all of them.
 *
 * Invariant: only an address that was dialed and answered with our own peer id is in it. A peer that borrows our id keeps
 * its own address from being dialed, and no other.
 */
import type { PeerAddress } from '../contract.ts';

/** A machine has a few addresses, each seen through a few routers. A full list forgets the first: it is dialed once more. */
const addressesMax = 64;

export class OwnAddresses {
  readonly #keys = new Set<string>();
  readonly #port: number;

  /** `port`: that trackers are told, and list us under. */
  constructor(port: number) {
    this.#port = port;
  }

  add(address: PeerAddress): void {
    this.#keys.add(keyOf(address));
    if (this.#keys.size > addressesMax) this.#keys.delete(this.#keys.values().next().value!);
  }

  /**
   * All of them but ourselves. `ownHost`: where the tracker that named them saw us. It is believed for this list alone: what
   * a tracker says must not keep us from a peer that is known from elsewhere.
   */
  others(peers: readonly PeerAddress[], ownHost?: string): readonly PeerAddress[] {
    const isSelf = (peer: PeerAddress) =>
      (peer.port === this.#port && peer.host === ownHost) || this.#keys.has(keyOf(peer));
    return peers.some(isSelf) ? peers.filter((peer) => !isSelf(peer)) : peers;
  }
}

function keyOf({ host, port }: PeerAddress): string {
  return `${host} ${port}`;
}
