/**
 * Peer connections over TCP. Reads go into one reused buffer and straight to the engine; writes of one turn leave
 * together; a block's header and payload are handed to the kernel without being joined.
 *
 * Invariant: a connection is in #connections until it has closed or been closed; after that no fact names it.
 */
import net from 'node:net';
import type { ConnectionId, PeerAddress } from '../../engine/contract.ts';
import { defaultLimits } from '../../engine/limits.ts';
import { canReadInto, readInto } from '../disk/read-into.ts';
import type { FactSink, Network } from '../ports.ts';

/** Large reads: a quarter of a megabyte a call is several times as fast as Node's 64 KiB. */
const receiveBytes = 256 * 1024;
/** Connections that the kernel takes before Node does: Node's default. */
const backlogMax = 511;
/**
 * Accepted sockets, after which Node turns newcomers away without asking the engine. The engine decides better who stays,
 * so there is room for all it keeps and for a whole backlog that it has not looked at yet.
 */
const socketsMax = defaultLimits.connectionsMax + defaultLimits.halfOpenMax + backlogMax;

interface Connection {
  readonly id: ConnectionId;
  readonly socket: net.Socket;
  corked: boolean;
  flushedBytes: number;
}

export class TcpNetwork implements Network {
  /** Told of every block whose bytes are not needed any more, sent or not. */
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
      // A port beyond 65535 and the like: a dial that failed, like any other.
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
    // What was sent before the close is handed to the kernel first: our last words say why, a handshake say.
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
        // Running out of descriptors while accepting costs one connection, not the program.
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
    // It was gone before it was here, or we are going.
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

  /** Bytes are used up before the callback returns, so one buffer serves all; Windows reads ahead into each. */
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

  /** Everything written before the event loop goes on leaves in one system call. */
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

  /** One fact a connection, however many writes the kernel took. */
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
