/** Helpers for tests of the registry: a swarm is a few lines of `announce`. */
import { packAddress } from '../../../tracker/protocol/address.ts';
import type { AnnounceRequest } from '../../../tracker/protocol/announce-query.ts';
import { type AnnounceReply, replyEndpoints } from '../../../tracker/protocol/announce-reply.ts';
import { Registry, type RegistryOptions } from '../../../tracker/registry.ts';

export interface Announcement extends Partial<AnnounceRequest> {
  /** The torrent, named by any text. */
  readonly torrent?: string;
  /** The tracker's address on the peer's connection. */
  readonly via?: string;
}

export interface SwarmWorld {
  readonly registry: Registry;
  nowMs: number;
  /** The next result of `random`; the first choice by default. */
  random: (bound: number) => number;
  /** `from` is HOST/PORT. Throws if the tracker refuses. */
  announce(from: string, what?: Announcement): AnnounceReply;
  /** The peers in the reply, as HOST/PORT, sorted. */
  peersFor(from: string, what?: Announcement): string[];
  counts(torrent?: string): { complete: number; incomplete: number; downloaded: number };
}

export function hashOf(torrent: string): Uint8Array {
  return new Uint8Array(Buffer.from(torrent.padEnd(20, '.').slice(0, 20), 'latin1'));
}

export function swarmWorld(options: Partial<RegistryOptions> = {}): SwarmWorld {
  const registry = new Registry({ hashSeed: 1, ...options });
  const world: SwarmWorld = {
    registry,
    nowMs: 0,
    random: () => 0,
    announce(from, { torrent = 'album', via, ...fields } = {}) {
      const [host, port] = from.split('/') as [string, string];
      const request: AnnounceRequest = {
        infoHash: hashOf(torrent),
        peerId: hashOf(from),
        port: Number(port),
        uploaded: 0,
        downloaded: 0,
        left: 100,
        event: undefined,
        numWant: 50,
        compact: true,
        ...fields,
      };
      const local = via === undefined ? undefined : packAddress(via)!;
      const address = { remote: packAddress(host)!, ...(local && { local }) };
      const reply = registry.announce(request, address, world.nowMs, (bound) => world.random(bound));
      if ('failureReason' in reply) throw new Error(reply.failureReason);
      return reply;
    },
    peersFor(from, what) {
      return replyEndpoints(world.announce(from, what))
        .map(({ host, port }) => `${host}/${port}`)
        .sort();
    },
    counts(torrent = 'album') {
      const [counts] = registry.scrape([hashOf(torrent)]);
      const { complete, incomplete, downloaded } = counts!;
      return { complete, incomplete, downloaded };
    },
  };
  return world;
}
