/**
 * What is known of one peer, connected or not: its address, how it has done so far, and when it may be dialed.
 *
 * Left to others: which records there are (peer-directory.ts), and whose turn it is (dial-queue.ts).
 */
import type { PeerAddress, PeerOrigin } from '../contract.ts';

export interface PeerRecord {
  readonly key: string;
  readonly address: PeerAddress;
  /** By whom its address was first known. */
  readonly origin: PeerOrigin;
  /** False for a peer that came to us: the port it came from is not one it listens on. */
  readonly dialable: boolean;
  state: 'idle' | 'dialing' | 'connected';
  /** We are connected with whoever listens there, by way of another record: not dialed while that lasts. */
  held: boolean;
  /** Its turn to be dialed will come (dial-queue.ts). */
  queued: boolean;
  failures: number;
  nextDialMs: number;
  /** Not to be dialed before, whatever else happens. */
  notBeforeMs: number;
  bannedUntilMs: number;
  /** What it called itself last, in hexadecimal. */
  peerId: string | undefined;
  /** Verified pieces it had a part in: until the first, it is trusted with one piece alone. */
  goodPieces: number;
  /** It told us that it has everything: of no use to us once we have too. */
  isSeed: boolean;
  /** When the last connection with it ended. */
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
