/**
 * What a session tells of what its peer says, and the words for what a peer did wrong. A session is whatever the swarm knows a
 * peer by: peer-session.ts.
 */
import type { Block, PieceIndex } from '../../../torrents/geometry.ts';
import type { WireViolation } from '../../wire/decoder.ts';
import type { Handshake } from '../../wire/handshake.ts';
import type { Sink } from '../pieces/fetching-piece.ts';
import type { ExtensionHandshake } from './extension-handshake.ts';
import type { MetadataMessage } from './metadata-exchange.ts';

/** What a peer did wrong. The connection closes with it; it is counted and shown, never thrown. */
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

/** Finds the swarm the handshake names and has it take the session in (`open`), or says why not. */
export type Doorkeeper<Session> = (
  session: Session,
  handshake: Handshake,
  nowMs: number,
) => Violation | undefined;

/** What the swarm is told once the session is open. A violation as answer ends the connection. */
export interface SessionEvents<Session> {
  /** Something has come or left: it may be sent and asked for more. */
  advance(session: Session, nowMs: number): void;
  onPieces(session: Session, nowMs: number): void;
  onHave(session: Session, pieceIndex: PieceIndex, nowMs: number): void;
  onPeerChoking(session: Session, nowMs: number): void;
  onPeerInterested(session: Session, nowMs: number): void;
  onRequest(session: Session, block: Block): Violation | undefined;
  onCancel(session: Session, block: Block): void;
  onReject(session: Session, block: Block, nowMs: number): Violation | undefined;
  /** Undefined: the block is of no use any more. */
  onBlockStart(session: Session, block: Block): Sink | undefined | Violation;
  onBlock(session: Session, block: Block, sink: Sink | undefined, nowMs: number): void;
  onExtensions(session: Session, extensions: ExtensionHandshake, nowMs: number): void;
  onMetadata(session: Session, message: MetadataMessage, nowMs: number): Violation | undefined;
}
