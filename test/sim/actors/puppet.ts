/**
 * The hand that moves every actor: its connections, its handshakes, being listed by trackers and dialing whom they name.
 * What an actor makes of that is its role (poisoner.ts …): a handful of answers to what the other side says.
 *
 * Invariant: after `leave` nothing is said, nothing is open and no alarm is set.
 */
import type { AnnounceEvent, ConnectionId, Fact, PeerAddress } from '../../../client/engine/contract.ts';
import type { Handshake } from '../../../client/wire/handshake.ts';
import type { Message } from '../../../client/wire/message.ts';
import { Line, type LineEvents } from './line.ts';
import type { Actor, Stage } from './stage.ts';

/** What an actor makes of what it hears. */
export interface Role {
  /** It looks for victims where the trackers send it; otherwise it waits for them. */
  readonly dials?: boolean;
  /** The connection stands, nothing has been said. Without it the actor shakes hands if it has dialed. */
  onConnected?(line: Line): void;
  /** The other side has shaken hands. Without it the actor answers in kind if it has not yet. */
  onHandshake?(line: Line, handshake: Handshake): void;
  /** Both have shaken hands. */
  onOpen?(line: Line): void;
  onMessage?(line: Line, message: Message): void;
  /** A whole block has come. */
  onBlock?(line: Line, index: number, begin: number, bytes: number): void;
  /** Bytes as they came, for those who want no messages. */
  onBytes?(line: Line, bytes: Uint8Array): void;
  onClosed?(line: Line, reason: string): void;
}

/** A role, once it is known who plays it. */
export type Script = (puppet: Puppet) => Role;

/** An actor says again that it is here, before trackers forget it. */
const announceMs = 60_000;

export class Puppet implements Actor, LineEvents {
  readonly stage: Stage;
  readonly #role: Role;
  readonly #lines = new Map<ConnectionId, Line>();
  readonly #alarms = new Set<() => void>();
  /** By host, how many dials are to come. */
  readonly #returns = new Map<string, number>();
  #dialed = 0;
  #hasLeft = false;

  constructor(stage: Stage, script: Script) {
    this.stage = stage;
    this.#role = script(this);
    this.#announce('started');
  }

  /** As they are now: whoever walks them may dial and hang up. */
  get lines(): readonly Line[] {
    return [...this.#lines.values()];
  }

  dial(address: PeerAddress): void {
    if (this.#hasLeft) return;
    this.#dialed += 2;
    this.#lines.set(this.#dialed, new Line(this.stage, this, this.#dialed, address, false));
    this.stage.network.dial(this.#dialed, address);
  }

  /** `run`, in a while, unless the actor has left by then. */
  after(delayMs: number, run: () => void): void {
    if (this.#hasLeft) return;
    const cancel = this.stage.after(delayMs, () => {
      this.#alarms.delete(cancel);
      run();
    });
    this.#alarms.add(cancel);
  }

  /** It dials this address again, in a while. Until then a tracker that names the host does not bring it there once more. */
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

  /** It is done with this connection. */
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

  /** Once each, as long as they are connected or about to be; and not itself. */
  #meet(peer: PeerAddress): void {
    if (peer.host === this.stage.address.host || this.#returns.has(peer.host)) return;
    for (const line of this.#lines.values()) if (line.address.host === peer.host) return;
    this.dial(peer);
  }

  // LineEvents ------------------------------------------------------------------------------------------------------

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

  // Trackers --------------------------------------------------------------------------------------------------------

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
        // Not a seed's word: seeds are named only to those who lack something.
        left: geometry.totalBytes,
        event,
        peersWanted: event === 'stopped' ? 0 : 50,
      });
    }
    if (event !== 'stopped') this.after(announceMs, () => this.#announce(undefined));
  }
}
