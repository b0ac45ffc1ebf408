/**
 * The events of a session, and the names for a peer's violations. `Session` is the type that the swarm uses
 * for a peer: peer-session.ts.
 */
import type { Block, PieceIndex } from '../../../torrents/geometry.ts';
import type { WireViolation } from '../../wire/decoder.ts';
import type { Handshake } from '../../wire/handshake.ts';
import type { Sink } from '../pieces/fetching-piece.ts';
import type { ExtensionHandshake } from './extension-handshake.ts';
import type { MetadataMessage } from './metadata-exchange.ts';

/** A violation closes the connection. It is counted and shown, never thrown. */
export type Violation =
  | WireViolation
  | 'unknown-torrent'
  | 'connected-to-self'
  | 'connected-twice'
  | 'too-many-connections'
  | 'banned'
  | 'wrong-torrent'
  | 'torrent-offline'
  | 'too-many-rejects'
  | 'bitfield-spare-bits'
  | 'piece-out-of-range'
  | 'request-out-of-range'
  | 'block-out-of-range'
  | 'block-unasked'
  | 'too-many-requests'
  | 'too-many-messages'
  | 'fast-without-handshake'
  | 'extension-without-handshake'
  | 'extension-malformed'
  | 'metadata-flood';

/** Finds the swarm that the handshake names and lets it `open` the session, or returns why not. */
export type Doorkeeper<Session> = (
  session: Session,
  handshake: Handshake,
  nowMs: number,
) => Violation | undefined;

/** Events for the swarm once the session is open. A violation as result ends the connection. */
export interface SessionEvents<Session> {
  /** Something was received or flushed: more may be sent and requested. */
  advance(session: Session, nowMs: number): void;
  onPieces(session: Session, nowMs: number): void;
  onHave(session: Session, pieceIndex: PieceIndex, nowMs: number): void;
  onPeerChoking(session: Session, nowMs: number): void;
  onPeerInterested(session: Session, nowMs: number): void;
  onRequest(session: Session, block: Block): Violation | undefined;
  onCancel(session: Session, block: Block): void;
  onReject(session: Session, block: Block, nowMs: number): Violation | undefined;
  /** Undefined: we no longer need the block. */
  onBlockStart(session: Session, block: Block): Sink | undefined | Violation;
  onBlock(session: Session, block: Block, sink: Sink | undefined, nowMs: number): void;
  onExtensions(session: Session, extensions: ExtensionHandshake, nowMs: number): void;
  onMetadata(session: Session, message: MetadataMessage, nowMs: number): Violation | undefined;
}
