/**
 * Addresses at which we reached ourselves. Trackers list us among the peers, and behind a router we do not
 * know our public address. Shared by all torrents: one dial to ourselves is enough for all of them.
 *
 * Invariant: it contains only addresses that we dialed and that answered with our own peer id. A peer that
 * copies our id only keeps its own address from being dialed.
 */
import type { PeerAddress } from '../contract.ts';

/**
 * A machine has a few addresses, each seen through a few routers. A full list drops the oldest, which is
 * dialed once more.
 */
const addressesMax = 64;

export class OwnAddresses {
  readonly #keys = new Set<string>();
  readonly #port: number;

  /** `port`: the port that we announce and under which trackers list us. */
  constructor(port: number) {
    this.#port = port;
  }

  add(address: PeerAddress): void {
    this.#keys.add(keyOf(address));
    if (this.#keys.size > addressesMax) this.#keys.delete(this.#keys.values().next().value!);
  }

  /**
   * All peers but ourselves. `ownHost`: the address at which the tracker saw us. It counts for this list
   * alone: a tracker must not be able to hide a peer that another source names.
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
