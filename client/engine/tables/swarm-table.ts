/**
 * The torrents of one engine, by id and by info-hash. A torrent is a Swarm, or a MetadataSwarm until its info
 * dictionary is known. BEP 9
 */
import { latin1 } from '../../../torrents/byte-text.ts';
import type { TorrentId } from '../contract.ts';
import { MetadataSwarm } from '../swarm/metadata-swarm.ts';
import { Swarm } from '../swarm/swarm.ts';

export class SwarmTable {
  readonly #byId = new Map<TorrentId, Swarm | MetadataSwarm>();
  readonly #byInfoHash = new Map<string, Swarm | MetadataSwarm>();

  get size(): number {
    return this.#byId.size;
  }

  /** In the order in which they were added. */
  values(): MapIterator<Swarm | MetadataSwarm> {
    return this.#byId.values();
  }

  get(torrent: TorrentId): Swarm | MetadataSwarm | undefined {
    return this.#byId.get(torrent);
  }

  /** Undefined also while only the info-hash is known. */
  swarm(torrent: TorrentId): Swarm | undefined {
    const swarm = this.#byId.get(torrent);
    return swarm instanceof Swarm ? swarm : undefined;
  }

  /** Undefined also once the info dictionary is known. */
  magnet(torrent: TorrentId): MetadataSwarm | undefined {
    const swarm = this.#byId.get(torrent);
    return swarm instanceof MetadataSwarm ? swarm : undefined;
  }

  /** Where an incoming peer belongs; `infoHash`: 20 bytes. */
  byInfoHash(infoHash: Uint8Array): Swarm | MetadataSwarm | undefined {
    return this.#byInfoHash.get(latin1(infoHash));
  }

  add(swarm: Swarm | MetadataSwarm): void {
    this.#byId.set(swarm.spec.torrent, swarm);
    // A torrent replaces a magnet link with the same hash: incoming peers are then served.
    const infoHash = latin1(swarm.spec.infoHash);
    const isFirst = !(this.#byInfoHash.get(infoHash) instanceof Swarm);
    if (isFirst) this.#byInfoHash.set(infoHash, swarm);
  }

  remove(swarm: Swarm | MetadataSwarm): void {
    this.#byId.delete(swarm.spec.torrent);
    const infoHash = latin1(swarm.spec.infoHash);
    if (this.#byInfoHash.get(infoHash) === swarm) this.#byInfoHash.delete(infoHash);
  }
}
