/**
 * Flooder: sends more of everything than was requested. Attacks every queue, table and counter without a
 * limit, and the CPU time that one connection may cost the others.
 */
import {
  encodeMetadataRequest,
  metadataBlockBytes,
} from '../../../client/engine/connection/metadata-exchange.ts';
import { messageId } from '../../../client/wire/message.ts';
import { blockBytesMax } from '../../../torrents/geometry.ts';
import { pick } from './choice.ts';
import type { Line } from './line.ts';
import type { Puppet, Role, Script } from './puppet.ts';

/** What it sends too much of. */
export const floods = [
  'requests',
  'unasked-blocks',
  'small-talk',
  'chatter',
  'garbage',
  'long-message',
  'connections',
  'metadata-requests',
] as const;

export interface FlooderOptions {
  readonly flood?: (typeof floods)[number];
  readonly count?: number;
}

/** More than the longest request queue of any client (libtorrent's max_allowed_in_request_queue is 2,000). */
const defaultCount = 2_500;
/**
 * 1.25 MiB of blocks: more than crossed cancels can explain (1 MiB), and no more, since blocks are expensive
 * to send.
 */
const unaskedBlocks = 80;
/** A household may have four connections. More fill the table. */
const connections = 12;
const pauseMs = 5_000;
/** Faster than a slow link can receive. */
const chatterPauseMs = 250;
/** A message id that no BEP defines. */
const undefinedId = 99;

export function flooder(options: FlooderOptions = {}): Script {
  return (puppet) => {
    const flood = options.flood ?? pick(floods, puppet.stage.random);
    return { dials: true, ...roles[flood](puppet, options.count ?? defaultCount) };
  };
}

/** Repeats `run` every few seconds while the connection is open. */
function repeat(puppet: Puppet, line: Line, run: () => void, everyMs = pauseMs): void {
  if (!line.isOpen) return;
  run();
  puppet.after(everyMs, () => repeat(puppet, line, run, everyMs));
}

const roles: Readonly<Record<(typeof floods)[number], (puppet: Puppet, count: number) => Role>> = {
  /** Requests blocks whether or not it is choked and whether or not the peer has them. */
  requests: (puppet, count) => ({
    onOpen(line) {
      const { geometry } = puppet.stage.torrent;
      line.say((writer) => {
        writer.haveNone();
        writer.interested();
      });
      repeat(puppet, line, () =>
        line.say((writer) => {
          for (let n = 0; n < count; n++) {
            const pieceIndex = geometry.pieceIndex(puppet.stage.random.below(geometry.pieceCount))!;
            const blockIndex = puppet.stage.random.below(geometry.blockCount(pieceIndex));
            writer.request(
              pieceIndex,
              blockIndex * blockBytesMax,
              geometry.blockBytes(pieceIndex, blockIndex),
            );
          }
        }),
      );
    },
  }),

  /** The blocks are correct. That does not excuse sending them. */
  'unasked-blocks': (puppet) => ({
    onOpen(line) {
      const { geometry } = puppet.stage.torrent;
      line.offerEverything();
      let sent = 0;
      // Sends block after block of the whole torrent, none of them requested.
      while (sent < unaskedBlocks) {
        for (const pieceIndex of geometry.pieces()) {
          for (let i = 0; i < geometry.blockCount(pieceIndex) && sent < unaskedBlocks; i++, sent++) {
            const block = geometry.block(pieceIndex, i * blockBytesMax, geometry.blockBytes(pieceIndex, i));
            line.sendBlock(block!, true);
          }
        }
      }
    },
  }),

  /** Changes its state over and over, and repeats what the peer already knows. */
  'small-talk': (puppet, count) => ({
    onOpen(line) {
      line.say((writer) => writer.haveAll());
      repeat(puppet, line, () =>
        line.say((writer) => {
          for (let n = 0; n < count; n += 5) {
            writer.unchoke();
            writer.interested();
            writer.have(n % puppet.stage.torrent.geometry.pieceCount);
            writer.choke();
            writer.notInterested();
          }
        }),
      );
    },
  }),

  /** Useless messages that no BEP forbids, more of them than a slow link can carry. */
  chatter: (puppet, count) => ({
    onOpen(line) {
      line.say((writer) => writer.haveNone());
      const { geometry } = puppet.stage.torrent;
      const first = geometry.pieceIndex(0)!;
      const everyWord = () =>
        line.say((writer) => {
          for (let n = 0; n < count; n += 6) {
            writer.interested();
            writer.notInterested();
            writer.keepAlive();
            writer.cancel(first, 0, geometry.blockBytes(first, 0));
            writer.suggest(first);
            writer.raw(Uint8Array.of(0, 0, 0, 1, undefinedId));
          }
        });
      repeat(puppet, line, everyWord, chatterPauseMs);
    },
  }),

  /** Random bytes in place of a handshake. */
  garbage: (puppet, count) => ({
    onConnected: (line) => line.sendBytes(new Uint8Array(count).map(() => puppet.stage.random.below(256))),
  }),

  /** A length prefix for which a naive receiver would allocate 2 GiB. */
  'long-message': () => ({
    onOpen: (line) =>
      line.sendBytes(
        Uint8Array.of(0x7f, 0xff, 0xff, 0xff, messageId.extended, ...new Array<number>(64).fill(255)),
      ),
  }),

  /** Many connections at once, all of them silent. */
  connections: (puppet) => {
    const greeted = new Set<string>();
    return {
      onConnected(line) {
        if (line.incoming || greeted.has(line.address.host)) return;
        greeted.add(line.address.host);
        for (let n = 0; n < connections; n++) puppet.dial(line.address);
      },
      onHandshake: () => {},
    };
  },

  /** Requests the info dictionary over and over. */
  'metadata-requests': (puppet, count) => ({
    onOpen: (line) => line.introduce(undefined),
    onMessage(line, message) {
      if (message.type !== 'extended' || message.id !== 0) return;
      const id = line.extensions?.utMetadataId;
      if (id === undefined) return;
      const blocks = Math.ceil(puppet.stage.torrent.infoBytes.length / metadataBlockBytes);
      line.say((writer) => {
        for (let n = 0; n < count / 10; n++) writer.extended(id, encodeMetadataRequest(n % blocks));
      });
    },
  }),
};
