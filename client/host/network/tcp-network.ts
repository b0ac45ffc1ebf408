/**
 * Peer connections over TCP. Reads go into one reused buffer and directly to the engine. The writes of one
 * event loop turn leave together. A block's header and payload are passed to the kernel without a copy.
 *
 * Invariant: a connection is in #connections until it is closed by either side; after that no fact names it.
 */
import net from 'node:net';
import type { ConnectionId, PeerAddress } from '../../engine/contract.ts';
import { defaultLimits } from '../../engine/limits.ts';
import { canReadInto, readInto } from '../disk/read-into.ts';
import type { FactSink, Network } from '../ports.ts';

/** Large reads: 256 KiB per call is several times as fast as Node's 64 KiB. */
const receiveBytes = 256 * 1024;
/** Connections that the kernel accepts before Node does: Node's default. */
const backlogMax = 511;
/**
 * Accepted sockets above which Node drops new connections without asking the engine. The engine chooses
 * better, so this leaves space for all its connections and a whole backlog that it has not seen yet.
 */
const socketsMax = defaultLimits.connectionsMax + defaultLimits.halfOpenMax + backlogMax;

interface Connection {
  readonly id: ConnectionId;
  readonly socket: net.Socket;
  corked: boolean;
  flushedBytes: number;
}

export class TcpNetwork implements Network {
  /** Called with every block whose bytes are no longer needed, sent or not. */
  onBlockSent: (payload: Uint8Array) => void = () => {};
  readonly #sink: FactSink;
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #server: net.Server;
  readonly #receiveBuffer = Buffer.allocUnsafeSlow(receiveBytes);
  #corked: Connection[] = [];
  #flushed: Connection[] = [];
  #accepted = 1;
  #stopping = false;

  readonly #readsInto: boolean;

  private constructor(sink: FactSink, readsInto: boolean) {
    this.#sink = sink;
    this.#readsInto = readsInto;
    this.#server = net.createServer({ noDelay: true, pauseOnConnect: readsInto }, (socket) =>
      this.#accept(socket),
    );
    this.#server.maxConnections = socketsMax;
  }

  /** Listens on the first free port of `ports`. Rejects with the system's error for the last one. */
  static async listen(
    sink: FactSink,
    host: string | undefined,
    ports: readonly number[],
  ): Promise<TcpNetwork> {
    const network = new TcpNetwork(sink, await canReadInto());
    for (const [i, port] of ports.entries()) {
      try {
        await network.#listen(host, port);
        return network;
      } catch (error) {
        if (i === ports.length - 1 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      }
    }
    throw new RangeError('no port to listen on was given');
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  get openCount(): number {
    return this.#connections.size;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { socket } of this.#connections.values()) socket.destroy();
    this.#connections.clear();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  dial(id: ConnectionId, address: PeerAddress): void {
    let socket: net.Socket;
    try {
      socket = net.connect({
        host: address.host,
        port: address.port,
        noDelay: true,
        onread: this.#onread(id),
      });
    } catch (error) {
      // An invalid address, such as a port above 65535, is reported like any failed dial.
      return this.#sink({ type: 'closed', connection: id, reason: (error as Error).message });
    }
    this.#adopt(id, socket);
    socket.once('connect', () => {
      if (this.#connections.has(id))
        this.#sink({ type: 'connected', connection: id, address, incoming: false });
    });
  }

  send(id: ConnectionId, bytes: Uint8Array): void {
    const connection = this.#connections.get(id);
    if (connection !== undefined) this.#write(connection, bytes);
  }

  sendBlock(id: ConnectionId, header: Uint8Array, payload: Uint8Array): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return this.onBlockSent(payload);
    this.#write(connection, header);
    this.#write(connection, payload, this.onBlockSent);
  }

  close(id: ConnectionId): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    // What was sent before the close goes to the kernel first: the last message may tell the peer why, as a
    // handshake does.
    if (connection.corked) connection.socket.uncork();
    connection.socket.destroy();
  }

  #listen(host: string | undefined, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const onError = (error: Error) => {
        this.#server.off('listening', onListening);
        reject(error);
      };
      const onListening = () => {
        this.#server.off('error', onError);
        // If accept runs out of descriptors, one connection is lost, and the program goes on.
        this.#server.on('error', () => {});
        resolve();
      };
      this.#server.once('error', onError);
      this.#server.once('listening', onListening);
      this.#server.listen({ port, backlog: backlogMax, ...(host === undefined ? {} : { host }) });
    });
  }

  #accept(accepted: net.Socket): void {
    const { remoteAddress, remotePort } = accepted;
    // The peer has disconnected already, or we are stopping.
    if (remoteAddress === undefined || remotePort === undefined || this.#stopping)
      return void accepted.destroy();
    const id = this.#accepted;
    this.#accepted += 2;
    const socket = this.#readsInto ? readInto(accepted, this.#onread(id)) : accepted;
    this.#adopt(id, socket);
    if (!this.#readsInto) socket.on('data', (bytes: Buffer) => this.#receive(id, bytes, bytes.length));
    const address = { host: plainHost(remoteAddress), port: remotePort };
    this.#sink({ type: 'connected', connection: id, address, incoming: true });
  }

  #adopt(id: ConnectionId, socket: net.Socket): void {
    this.#connections.set(id, { id, socket, corked: false, flushedBytes: 0 });
    let reason = 'closed by peer';
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reason = error.code ?? error.message;
    });
    socket.once('close', () => {
      if (this.#connections.delete(id)) this.#sink({ type: 'closed', connection: id, reason });
    });
  }

  /**
   * Received bytes are consumed before the callback returns, so one buffer serves all connections. Windows
   * reads ahead into every buffer, so each connection has its own there.
   */
  #onread(id: ConnectionId): net.OnReadOpts {
    const buffer = process.platform === 'win32' ? Buffer.allocUnsafeSlow(64 * 1024) : this.#receiveBuffer;
    return {
      buffer,
      callback: (count, bytes) => {
        this.#receive(id, bytes, count);
        return true;
      },
    };
  }

  #receive(connection: ConnectionId, bytes: Uint8Array, count: number): void {
    if (this.#connections.has(connection)) this.#sink({ type: 'received', connection, bytes, count });
  }

  /** All writes until the next turn of the event loop leave in one system call. */
  #write(connection: Connection, bytes: Uint8Array, done?: (bytes: Uint8Array) => void): void {
    const { socket } = connection;
    if (!connection.corked) {
      connection.corked = true;
      socket.cork();
      if (this.#corked.push(connection) === 1) process.nextTick(() => this.#uncorkAll());
    }
    socket.write(bytes, (error) => {
      done?.(bytes);
      if (error) return;
      if (connection.flushedBytes === 0 && this.#flushed.push(connection) === 1) {
        process.nextTick(() => this.#reportFlushed());
      }
      connection.flushedBytes += bytes.length;
    });
  }

  #uncorkAll(): void {
    const corked = this.#corked;
    this.#corked = [];
    for (const connection of corked) {
      connection.corked = false;
      connection.socket.uncork();
    }
  }

  /** One fact per connection, however many writes the kernel took. */
  #reportFlushed(): void {
    const flushed = this.#flushed;
    this.#flushed = [];
    for (const connection of flushed) {
      const bytes = connection.flushedBytes;
      connection.flushedBytes = 0;
      if (this.#connections.has(connection.id))
        this.#sink({ type: 'flushed', connection: connection.id, bytes });
    }
  }
}

/** IPv4 on a dual-stack socket arrives as ::ffff:1.2.3.4. */
function plainHost(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}
