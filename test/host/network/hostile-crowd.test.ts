/**
 * A real seed is found first by 200 hostile connections of every kind from fifty addresses. An honest
 * download completes beside them. The test never waits for time, only for the seed's own state.
 */
import net from 'node:net';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ActiveTorrent } from '../../../client/host/active-torrent.ts';
import type { Client } from '../../../client/host/client.ts';
import { openClient } from '../../../client/host/open-client.ts';
import { encodeHandshake } from '../../../client/wire/handshake.ts';
import { MessageWriter } from '../../../client/wire/message.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { differenceOf, TemporaryFolder, writeAlbum } from '../../e2e/shared-folder.ts';

const MiB = 1024 * 1024;
const pieceLength = 64 * 1024;
let temporary: TemporaryFolder;
let source: string;
let metainfo: Metainfo;
let seeder: Client;
let seeding: ActiveTorrent;
const clients: Client[] = [];
const sockets = new Set<net.Socket>();
let isOver: boolean;

beforeEach(async () => {
  isOver = false;
  temporary = new TemporaryFolder();
  source = temporary.in('source', 'Album');
  writeAlbum(source, 8 * MiB, 4);
  ({ metainfo } = await createTorrent(source, { pieceLength }));
  seeder = await openClient({ port: 0, host: '0.0.0.0', threads: 2 });
  clients.push(seeder);
  seeding = await seeder.seed(metainfo, { path: source, verify: false });
});
afterEach(async () => {
  isOver = true;
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all(clients.splice(0).map((client) => client.close()));
  temporary[Symbol.dispose]();
});

/** Connection `i` of the crowd: four to an address, one address to a network. */
const localAddress = (i: number) => `127.0.${1 + (i >> 2)}.1`;

function connect(i: number): net.Socket {
  const socket = net.connect({ host: '127.0.0.1', port: seeder.port, localAddress: localAddress(i) });
  sockets.add(socket);
  socket.on('error', () => {});
  socket.once('close', () => sockets.delete(socket));
  return socket;
}

function handshake(i: number): Uint8Array {
  const peerId = Buffer.from(`-XX0001-${String(i).padStart(12, '0')}`);
  return encodeHandshake({ infoHash: metainfo.infoHash, peerId, fast: true, extended: false });
}

function words(write: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  write(writer);
  return writer.take();
}

const kinds: Record<string, (i: number) => void> = {
  'silent, with keep-alives': (i) => {
    const socket = connect(i).resume();
    socket.write(handshake(i));
    socket.write(words((writer) => writer.keepAlive()));
  },
  'half a handshake': (i) => void connect(i).resume().write(handshake(i).subarray(0, 40)),
  garbage: (i) => void connect(i).resume().write(Buffer.alloc(200, i)),
  'interest and no request': (i) => {
    const socket = connect(i).resume();
    socket.write(handshake(i));
    socket.write(words((writer) => writer.interested()));
  },
  'requests, and never reads': (i) => {
    const socket = connect(i);
    socket.write(handshake(i));
    socket.write(words((writer) => writer.interested()));
    socket.once('data', () => {
      socket.pause();
      const all = (writer: MessageWriter) => {
        for (let piece = 0; piece < 100; piece++) writer.request(piece, 0, 16_384);
      };
      socket.write(words(all));
    });
  },
  'comes back whenever it is let go': (i) => {
    const again = () => {
      if (isOver) return;
      const socket = connect(i).resume();
      socket.write(handshake(i).subarray(0, 1 + (i % 60)));
      socket.once('close', () => setImmediate(again));
    };
    again();
  },
};

/** How many of each kind. The silent ones come first and take all slots. */
const crowd: readonly (readonly [kind: keyof typeof kinds, count: number])[] = [
  ['silent, with keep-alives', 80],
  ['interest and no request', 12],
  ['requests, and never reads', 4],
  ['half a handshake', 32],
  ['garbage', 24],
  ['comes back whenever it is let go', 48],
];

// macOS has only 127.0.0.1 of 127.0.0.0/8.
describe.skipIf(process.platform === 'darwin')('an honest download', () => {
  it('a download completes beside 200 hostile connections of every kind', { timeout: 60_000 }, async () => {
    let i = 0;
    for (const [kind, count] of crowd) {
      for (const end = i + count; i < end; i++) kinds[kind]!(i);
      if (i === 80) await vi.waitUntil(() => seeding.status().peers.length === 80, { timeout: 20_000 });
    }
    expect(i).toBe(200);
    const client = await openClient({ port: 0, host: '127.0.0.1', threads: 2 });
    clients.push(client);
    const peers = [{ host: '127.0.0.1', port: seeder.port }];
    const download = await client.download(metainfo, { folder: temporary.in('out'), peers });
    await download.completed;
    expect(differenceOf(source, temporary.in('out', 'Album'))).toBeUndefined();
    // It was served while the table was full, not after the crowd had gone.
    expect(seeding.status().peers.length).toBeGreaterThan(70);
  });
});
