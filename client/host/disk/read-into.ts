/**
 * Reads a connection directly into a buffer of ours, several times as fast as 'data' events. Node offers this
 * (`onread`) only for outgoing connections. For accepted ones, a new Socket takes over the accepted handle.
 * That is not documented, so it is tried on a real connection first, with 'data' events as the fallback.
 */
import net from 'node:net';

/**
 * Takes over an accepted connection. Requires that `canReadInto` answered true and that the server pauses on
 * connect.
 */
export function readInto(accepted: net.Socket, onread: net.OnReadOpts): net.Socket {
  const holder = accepted as unknown as { _handle: unknown };
  const handle = holder._handle;
  holder._handle = null;
  const socket = new net.Socket({ handle, onread } as net.SocketConstructorOpts);
  // The server counts the accepted connection until that one closes too.
  socket.once('close', () => accepted.destroy());
  socket.resume();
  return socket;
}

/** If it does not work, nothing arrives at all, so waiting longer would not help. */
const trialMsMax = 1_000;

let verdict: Promise<boolean> | undefined;

/** Whether it works here; tried once per process, in a few milliseconds. */
export function canReadInto(): Promise<boolean> {
  verdict ??= trial().catch(() => false);
  return verdict;
}

async function trial(): Promise<boolean> {
  const probe = Buffer.from('cicada');
  const buffer = Buffer.alloc(64);
  const server = net.createServer({ pauseOnConnect: true });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const sockets: net.Socket[] = [];
  try {
    return await new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(false), trialMsMax).unref();
      server.once('connection', (accepted) => {
        const callback = (count: number, bytes: Uint8Array) => {
          resolve(bytes.buffer === buffer.buffer && probe.equals(bytes.subarray(0, count)));
          return true;
        };
        const socket = readInto(accepted, { buffer, callback });
        socket.on('error', () => resolve(false));
        sockets.push(socket);
      });
      const client = net.connect(port, '127.0.0.1', () => client.write(probe));
      client.on('error', () => resolve(false));
      sockets.push(client);
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
