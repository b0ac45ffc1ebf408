/**
 * Who gave how much of a torrent: a peer as a source, over all its connections.
 *
 * Invariant: a source's bytes never shrink, though its connections come and go.
 */
import type { PeerAddress, Report } from '../../engine/contract.ts';
import type { PeerStatus } from '../../engine/status.ts';
import { addressText } from './address-text.ts';

/** Payload bytes. */
export interface SourceFigures {
  readonly address: string;
  readonly bytes: number;
  readonly downBps: number;
  readonly connected: boolean;
  /** It has sent data that did not match. */
  readonly lied: boolean;
}

interface Source {
  readonly address: string;
  /** Of connections that have ended. */
  before: number;
  /** Of the present one. */
  now: number;
  downBps: number;
  connected: boolean;
  lied: boolean;
}

const newSource = { before: 0, now: 0, downBps: 0, connected: true, lied: false };

export class SourceTally {
  readonly #sources = new Map<string, Source>();

  /** Answers its address as text. */
  onConnected(address: PeerAddress): string {
    const source = this.#source(address);
    source.connected = true;
    return source.address;
  }

  onDropped({ address, reason, downloaded }: Extract<Report, { type: 'peer-dropped' }>): Source {
    const source = this.#source(address);
    source.before += downloaded;
    Object.assign(source, { now: 0, downBps: 0, connected: false });
    source.lied ||= reason === 'sent-corrupt-data';
    return source;
  }

  /** The most generous first. To be called often enough to see every peer's bytes. */
  figures(peers: readonly PeerStatus[]): SourceFigures[] {
    for (const peer of peers) {
      const source = this.#source(peer.address);
      source.now = peer.downloaded;
      source.downBps = peer.downBps;
    }
    return [...this.#sources.values()]
      .map(({ before, now, ...source }) => ({ ...source, bytes: before + now }))
      .sort((a, b) => b.bytes - a.bytes);
  }

  #source(peer: PeerAddress): Source {
    const address = addressText(peer);
    const source = this.#sources.get(address) ?? { address, ...newSource };
    this.#sources.set(address, source);
    return source;
  }
}
