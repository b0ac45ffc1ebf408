/**
 * What is known of one peer, connected or not: its address, its history, and when it may be dialed.
 *
 * Left to others: which records exist (peer-directory.ts), and the order of dials (dial-queue.ts).
 */
import type { PeerAddress, PeerOrigin } from '../contract.ts';

export interface PeerRecord {
  readonly key: string;
  readonly address: PeerAddress;
  /** The origin by which its address first became known. */
  readonly origin: PeerOrigin;
  /** False for an incoming peer: it does not listen on its source port. */
  readonly dialable: boolean;
  state: 'idle' | 'dialing' | 'connected';
  /** The peer at this address is connected through another record: not dialed while that lasts. */
  held: boolean;
  /** The record is in dial-queue.ts. */
  queued: boolean;
  failures: number;
  nextDialMs: number;
  /** Not dialed before this time in any case. */
  notBeforeMs: number;
  bannedUntilMs: number;
  /** The peer id that it sent last, in hexadecimal. */
  peerId: string | undefined;
  /** Verified pieces with a block from this peer. While 0, the peer gets only one piece at a time. */
  goodPieces: number;
  /**
   * The peer has announced all pieces, or that it downloads nothing more. Not needed once we are complete,
   * too.
   */
  isSeed: boolean;
  /** When the last connection ended. */
  leftMs: number;
}

export function newRecord(
  key: string,
  address: PeerAddress,
  origin: PeerOrigin,
  dialable: boolean,
  nowMs: number,
): PeerRecord {
  return {
    key,
    address,
    origin,
    dialable,
    state: 'idle',
    held: false,
    queued: false,
    failures: 0,
    nextDialMs: nowMs,
    notBeforeMs: 0,
    bannedUntilMs: 0,
    peerId: undefined,
    goodPieces: 0,
    isSeed: false,
    leftMs: 0,
  };
}
