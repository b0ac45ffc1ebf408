/**
 * How many bytes each peer sent, over all its connections.
 *
 * Invariant: a peer's bytes never shrink, though its connections come and go.
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
  /** The peer has sent corrupt data. */
  readonly lied: boolean;
}

interface Source {
  readonly address: string;
  /** Of ended connections. */
  before: number;
  /** Of the current connection. */
  now: number;
  downBps: number;
  connected: boolean;
  lied: boolean;
}

const newSource = { before: 0, now: 0, downBps: 0, connected: true, lied: false };

export class SourceTally {
  readonly #sources = new Map<string, Source>();

  /** Returns the address as text. */
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

  /** The peers that sent most come first. To be called often enough to see every peer's bytes. */
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
