/**
 * An honest host sends only what the BEPs allow at that point, understands what it receives, and closes a
 * connection over a message only when the message breaks a rule, and for the right reason.       BEP 3 6 9 10
 */
import type { PeerSession } from '../../../../client/engine/connection/peer-session.ts';
import type { Checker, Disbelief, Turn } from '../checker.ts';
import type { Conversation } from './conversation.ts';
import { wireReasons } from './law.ts';
import { type Overheard, overhear, overheardOf } from './overheard.ts';
import { hex } from './reader.ts';

export function speaksByTheBook(): Checker {
  return {
    name: 'speaks-by-the-book',
    hears: [
      'added',
      'magnet-added',
      'connected',
      'received',
      'closed',
      'send',
      'send-block',
      'check-metadata',
      'close',
    ],
    onTurn(turn) {
      const all = overhear(turn);
      const disbelief = judgeWords(turn, all) ?? judgeUnderstanding(turn, all);
      all.forgetEnded();
      return disbelief;
    },
    inspect(peer) {
      for (const [connection, conversation] of overheardOf(peer.engine)?.conversations ?? []) {
        const session = peer.engine.usage.sessions.get(connection);
        const disbelief = session?.isOpen ? judgePieces(session, conversation) : undefined;
        if (disbelief !== undefined) return `connection ${connection}: ${disbelief}`;
      }
      return undefined;
    },
  };
}

function judgeWords({ actions }: Turn, { conversations }: Overheard): Disbelief {
  for (const action of actions) {
    if (action.type !== 'send' && action.type !== 'send-block' && action.type !== 'check-metadata') continue;
    const fault = conversations.get(action.connection)?.fault;
    if (fault !== undefined) return `on connection ${action.connection} it ${fault}`;
  }
  return undefined;
}

function judgeUnderstanding(turn: Turn, { conversations, ended }: Overheard): Disbelief {
  const { fact, peer } = turn;
  if (fact.type !== 'received') return undefined;
  const { connection } = fact;
  const conversation = conversations.get(connection);
  if (conversation === undefined || conversation.isStray) return undefined;
  const given = ended.get(connection);
  const { reason } = conversation;
  const disbelief =
    given === undefined
      ? reason === undefined
        ? judgeBeliefs(peer.engine.usage.sessions.get(connection), conversation)
        : `goes on with a peer that broke a rule: ${reason}`
      : (wireReasons.has(given) && given !== reason) ||
          (given === 'extension-malformed' && !conversation.extension.hasSpoken)
        ? `ends it for ${given}, and ${reason ?? 'nothing'} was wrong`
        : undefined;
  return disbelief && `connection ${connection}: ${disbelief}`;
}

/** Compares the host's state with what the peer has sent. */
function judgeBeliefs(session: PeerSession | undefined, said: Conversation): Disbelief {
  if (session === undefined || !session.isOpen || said.torrent === undefined) return undefined;
  const { extensions } = session;
  const own =
    // Judged once: a peer has only one id.
    (said.isKnown ? undefined : differs('its id', hex(session.peerId!), said.peerId)) ??
    differs('the fast extension', session.fast, said.fast) ??
    differs('the extension protocol', session.extended, said.extended) ??
    differs('reqq', extensions?.reqq, said.extension.reqq) ??
    differs('its port', extensions?.port, said.extension.listenPort) ??
    differs('ut_metadata', extensions?.utMetadataId, said.extension.utMetadata) ??
    differs('metadata_size', extensions?.metadataBytes, said.extension.metadataBytes) ??
    differs('upload_only', extensions?.uploadOnly ?? false, said.extension.uploadOnly);
  said.isKnown = true;
  const { metadataWaiting } = said.extension;
  if (metadataWaiting > 0) return `leaves ${metadataWaiting} requests for metadata without an answer`;
  if (own !== undefined || said.torrent.geometry === undefined) return own;
  return (
    differs('choking', session.peerChoking, said.peerChoking) ??
    differs('interest', session.peerInterested, said.peerInterested) ??
    differs('how much it has sent', session.down.total, said.payloadIn) ??
    differs('how many pieces it has', session.pieces.count, said.peerHas.size) ??
    differs('whether it is choked', session.amChoking, said.amChoking) ??
    differs('whether it was told of interest', session.amInterested, said.amInterested)
  );
}

function differs(what: string, believed: unknown, meant: unknown): Disbelief {
  return believed === meant ? undefined : `believes of ${what}: ${believed}, and the peer has said ${meant}`;
}

function judgePieces({ pieces }: PeerSession, { peerHas, torrent }: Conversation): Disbelief {
  for (const pieceIndex of torrent?.geometry?.pieces() ?? []) {
    if (pieces.has(pieceIndex) !== peerHas.has(pieceIndex))
      return `believes that the peer has ${pieces.has(pieceIndex) ? '' : 'no '}piece ${pieceIndex}`;
  }
  return undefined;
}
