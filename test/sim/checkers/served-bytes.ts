/**
 * A host sends exactly the requested blocks as its disk holds them. Left out: hosts whose disk returns wrong
 * bytes without an error.
 */
import type { Action, ReadId, TorrentId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import { readUint32 } from '../../../client/wire/message.ts';
import { type Block, blockBytesMax, type PieceIndex } from '../../../torrents/geometry.ts';
import { isLentBlock, lentOwn, lentPlace } from '../world/content.ts';
import { type Checker, type Disbelief, misremembers, type Turn } from './checker.ts';

interface Read {
  readonly block: Block;
  readonly torrent: TorrentId;
}

export function servesTheTruth(): Checker {
  /** Reads under way. */
  const reads = new WeakMap<Engine, Map<ReadId, Read>>();
  return {
    name: 'serves-the-truth',
    hears: ['block-read', 'block-unreadable', 'read-block', 'send-block'],
    onTurn(turn) {
      const { peer, fact, actions } = turn;
      const wanted = reads.get(peer.engine) ?? new Map<ReadId, Read>();
      reads.set(peer.engine, wanted);
      const read = fact.type === 'block-read' || fact.type === 'block-unreadable' ? fact.read : undefined;
      const block = read === undefined ? undefined : wanted.get(read);
      if (read !== undefined) wanted.delete(read);
      for (const action of actions) {
        if (action.type === 'read-block')
          wanted.set(action.read, { block: action.block, torrent: action.torrent });
        const disbelief = action.type === 'send-block' ? judge(turn, action, block) : undefined;
        if (disbelief !== undefined) return disbelief;
      }
      return undefined;
    },
  };
}

function judge(
  { world, peer }: Turn,
  { connection, header, payload }: Extract<Action, { type: 'send-block' }>,
  read: Read | undefined,
): Disbelief {
  const block = read?.block;
  const pieceIndex = readUint32(header, 5) as PieceIndex;
  const begin = readUint32(header, 9);
  const isWanted =
    block?.pieceIndex === pieceIndex && block.begin === begin && block.bytes === payload.length;
  if (!isWanted)
    return `sends ${payload.length} bytes at ${begin} of piece ${pieceIndex}, and was asked for others`;
  if (misremembers(peer) || peer.temper.wrongReadPpm > 0) return undefined;
  if (!isLentBlock(payload) || begin % blockBytesMax !== 0) return undefined;
  if (read!.torrent !== (peer.engine.torrentOf(connection) ?? read!.torrent))
    return `sends a block of torrent ${read!.torrent} on a connection for another`;
  const { content } = world.torrentOf(read!.torrent);
  const flavours = (peer.sides.find(({ id }) => id === read!.torrent) ?? peer).platter.flavours;
  const number = content.blockNumber(pieceIndex, begin / blockBytesMax);
  // Other checkers judge what the disk holds. This one judges what is sent.
  if (flavours[number] !== 0) return undefined;
  const flavour = content.flavourOf(number, lentOwn(), lentPlace(), payload.length);
  return flavour === 0 ? undefined : `sends wrong bytes of piece ${pieceIndex}, which its disk holds right`;
}
