/**
 * Runs every actor: its connections and handshakes, its announces, and dials to the peers that trackers name.
 * What an actor does on events is its role (poisoner.ts and the other actors).
 *
 * Invariant: after `leave` nothing is sent, no connection is open and no timer is set.
 */
import type { AnnounceEvent, ConnectionId, Fact, PeerAddress } from '../../../client/engine/contract.ts';
import type { Handshake } from '../../../client/wire/handshake.ts';
import type { Message } from '../../../client/wire/message.ts';
import { Line, type LineEvents } from './line.ts';
import type { Actor, Stage } from './stage.ts';

/** How an actor reacts to events. */
export interface Role {
  /** Whether it dials the peers that trackers name. Otherwise it waits for incoming connections. */
  readonly dials?: boolean;
  /** Connected, and nothing sent yet. Default: an actor that dialed sends its handshake. */
  onConnected?(line: Line): void;
  /** The peer's handshake has been received. Default: the actor sends its own unless it has already. */
  onHandshake?(line: Line, handshake: Handshake): void;
  /** Both handshakes are done. */
  onOpen?(line: Line): void;
  onMessage?(line: Line, message: Message): void;
  /** A whole block has been received. */
  onBlock?(line: Line, index: number, begin: number, bytes: number): void;
  /** Received bytes as they are. Replaces the decoding into messages. */
  onBytes?(line: Line, bytes: Uint8Array): void;
  onClosed?(line: Line, reason: string): void;
}

/** Makes the role of one actor. */
export type Script = (puppet: Puppet) => Role;

/** Announce interval, short enough that trackers do not drop the actor. */
const announceMs = 60_000;

export class Puppet implements Actor, LineEvents {
  readonly stage: Stage;
  readonly #role: Role;
  readonly #lines = new Map<ConnectionId, Line>();
  readonly #alarms = new Set<() => void>();
  /** By host: how many scheduled reconnects are pending. */
  readonly #returns = new Map<string, number>();
  #dialed = 0;
  #hasLeft = false;

  constructor(stage: Stage, script: Script) {
    this.stage = stage;
    this.#role = script(this);
    this.#announce('started');
  }

  /** A copy, so that a caller may dial and close connections while it iterates. */
  get lines(): readonly Line[] {
    return [...this.#lines.values()];
  }

  dial(address: PeerAddress): void {
    if (this.#hasLeft) return;
    this.#dialed += 2;
    this.#lines.set(this.#dialed, new Line(this.stage, this, this.#dialed, address, false));
    this.stage.network.dial(this.#dialed, address);
  }

  /** Calls `run` after a delay, unless the actor has left by then. */
  after(delayMs: number, run: () => void): void {
    if (this.#hasLeft) return;
    const cancel = this.stage.after(delayMs, () => {
      this.#alarms.delete(cancel);
      run();
    });
    this.#alarms.add(cancel);
  }

  /** Dials this address again after a delay. Until then the host is not dialed because a tracker names it. */
  comeBack(address: PeerAddress, delayMs: number): void {
    const { host } = address;
    this.#returns.set(host, (this.#returns.get(host) ?? 0) + 1);
    this.after(delayMs, () => {
      const left = this.#returns.get(host)! - 1;
      if (left > 0) this.#returns.set(host, left);
      else this.#returns.delete(host);
      this.dial(address);
    });
  }

  leave(): void {
    if (this.#hasLeft) return;
    this.#announce('stopped');
    this.#hasLeft = true;
    for (const cancel of this.#alarms) cancel();
    this.#alarms.clear();
    for (const line of this.#lines.values()) line.close();
    this.#lines.clear();
  }

  hear(fact: Fact): void {
    if (this.#hasLeft) return;
    switch (fact.type) {
      case 'connected':
        return this.#onConnected(fact.connection, fact.address, fact.incoming);
      case 'received':
        return this.#onReceived(fact.connection, fact.bytes, fact.count);
      case 'closed':
        return this.#onClosed(fact.connection, fact.reason);
      case 'announced':
        if (this.#role.dials) for (const peer of fact.answer.peers) this.#meet(peer);
    }
  }

  /** Closes a connection of the actor's own accord. `onClosed` is not called. */
  hangUp(line: Line): void {
    line.close();
    this.#lines.delete(line.connection);
  }

  #onConnected(connection: ConnectionId, address: PeerAddress, incoming: boolean): void {
    const line = this.#lines.get(connection) ?? new Line(this.stage, this, connection, address, incoming);
    this.#lines.set(connection, line);
    if (this.#role.onConnected !== undefined) this.#role.onConnected(line);
    else if (!incoming) line.shakeHands();
  }

  #onReceived(connection: ConnectionId, bytes: Uint8Array, count: number): void {
    const line = this.#lines.get(connection);
    if (line === undefined) return;
    if (this.#role.onBytes !== undefined) this.#role.onBytes(line, bytes.subarray(0, count));
    else line.hear(bytes, count);
  }

  #onClosed(connection: ConnectionId, reason: string): void {
    const line = this.#lines.get(connection);
    if (line === undefined) return;
    this.#lines.delete(connection);
    line.isOpen = false;
    this.#role.onClosed?.(line, reason);
  }

  /** Dials a peer that it is neither connected to nor about to dial, and never itself. */
  #meet(peer: PeerAddress): void {
    if (peer.host === this.stage.address.host || this.#returns.has(peer.host)) return;
    for (const line of this.#lines.values()) if (line.address.host === peer.host) return;
    this.dial(peer);
  }

  // LineEvents ----------------------------------------------------------------------------------------------

  onHandshake(line: Line, handshake: Handshake): void {
    if (this.#role.onHandshake !== undefined) this.#role.onHandshake(line, handshake);
    else if (!line.hasShaken) line.shakeHands();
    if (line.hasShaken) this.#role.onOpen?.(line);
  }

  onMessage(line: Line, message: Message): void {
    this.#role.onMessage?.(line, message);
  }

  onBlock(line: Line, index: number, begin: number, bytes: number): void {
    this.#role.onBlock?.(line, index, begin, bytes);
  }

  // Trackers ------------------------------------------------------------------------------------------------

  #announce(event: AnnounceEvent): void {
    const { torrent, announcer, peerId, address } = this.stage;
    if (torrent.trackers.length === 0) return;
    const { infoHash, geometry, trackers } = torrent;
    for (const tracker of trackers) {
      announcer.announce({
        torrent: torrent.id,
        tracker,
        infoHash,
        peerId,
        port: address.port,
        uploaded: 0,
        downloaded: 0,
        // Not 0: trackers name seeds only to leechers.
        left: geometry.totalBytes,
        event,
        peersWanted: event === 'stopped' ? 0 : 50,
      });
    }
    if (event !== 'stopped') this.after(announceMs, () => this.#announce(undefined));
  }
}
