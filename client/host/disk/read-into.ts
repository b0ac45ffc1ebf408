/**
 * Reading a connection straight into a buffer of ours, several times as fast as 'data' events. Node offers that
 * (`onread`) for connections one makes; for those one accepts there is a way around: a new Socket on the accepted one's
 * handle. It is not documented, so it is tried on a real connection before it is used, and 'data' events are the
 * way back.
 */
import net from 'node:net';

/** Takes the accepted connection over. Only after `canReadInto` has said yes; the server must pause on connect. */
export function readInto(accepted: net.Socket, onread: net.OnReadOpts): net.Socket {
  const holder = accepted as unknown as { _handle: unknown };
  const handle = holder._handle;
  holder._handle = null;
  const socket = new net.Socket({ handle, onread } as net.SocketConstructorOpts);
  // The server counts the connection it accepted, until that one closes too.
  socket.once('close', () => accepted.destroy());
  socket.resume();
  return socket;
}

/** A broken way would deliver nothing at all: waiting longer would not help. */
const trialMsMax = 1_000;

let verdict: Promise<boolean> | undefined;

/** Whether it works here; tried once a process, in a few milliseconds. */
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
