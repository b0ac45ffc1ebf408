/**
 * Flooder: more of everything than anybody asked for. Attacks every queue, table and counter that has no end, and the
 * time one connection may cost the others.
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

/** More than the longest queue any client keeps (libtorrent's max_allowed_in_request_queue is 2,000). */
const defaultCount = 2_500;
/** Blocks are dear to send: enough to be more than crossed cancels can explain (1 MiB). */
const unaskedBlocks = 80;
/** A household has four; more are somebody filling a table. */
const connections = 12;
const pauseMs = 5_000;
/** Faster than a slow line can take it in. */
const chatterPauseMs = 250;
/** No message of any BEP. */
const nobodysId = 99;

export function flooder(options: FlooderOptions = {}): Script {
  return (puppet) => {
    const flood = options.flood ?? pick(floods, puppet.stage.random);
    return { dials: true, ...roles[flood](puppet, options.count ?? defaultCount) };
  };
}

/** Says the same again every few seconds while the line is open. */
function repeat(puppet: Puppet, line: Line, run: () => void, everyMs = pauseMs): void {
  if (!line.isOpen) return;
  run();
  puppet.after(everyMs, () => repeat(puppet, line, run, everyMs));
}

const roles: Readonly<Record<(typeof floods)[number], (puppet: Puppet, count: number) => Role>> = {
  /** Whether it is choked or not, and whatever the other side has. */
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

  /** Right ones: being right is no excuse. */
  'unasked-blocks': (puppet) => ({
    onOpen(line) {
      const { geometry } = puppet.stage.torrent;
      line.offerEverything();
      let sent = 0;
      // Asked or not, it sends block after block of the whole torrent.
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

  /** Changes its mind, and says again what everybody knows. */
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

  /** Nothing that is forbidden, of no use at all, and more than a slow line can carry. */
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
            writer.raw(Uint8Array.of(0, 0, 0, 1, nobodysId));
          }
        });
      repeat(puppet, line, everyWord, chatterPauseMs);
    },
  }),

  /** No BitTorrent at all. */
  garbage: (puppet, count) => ({
    onConnected: (line) => line.sendBytes(new Uint8Array(count).map(() => puppet.stage.random.below(256))),
  }),

  /** A length that would fill the memory of whoever believed it. */
  'long-message': () => ({
    onOpen: (line) =>
      line.sendBytes(
        Uint8Array.of(0x7f, 0xff, 0xff, 0xff, messageId.extended, ...new Array<number>(64).fill(255)),
      ),
  }),

  /** Many at once, and all of them silent. */
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

  /** The info dictionary, again and again. */
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
