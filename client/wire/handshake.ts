/** The 68 bytes that open every peer connection. BEP 3 6 10 */
import { smallCopy } from './small-bytes.ts';

export const handshakeBytes = 68;
const protocolName = Uint8Array.from('\x13BitTorrent protocol', (c) => c.charCodeAt(0));

export interface Handshake {
  /** Fast extension, reserved bit 62: byte 7, mask 0x04.  BEP 6 */
  readonly fast: boolean;
  /** Extension protocol, reserved bit 43: byte 5, mask 0x10.  BEP 10 */
  readonly extended: boolean;
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** 20 bytes; clients put their name and version in the first eight. */
  readonly peerId: Uint8Array;
}

export function encodeHandshake(handshake: Handshake): Uint8Array {
  const bytes = new Uint8Array(handshakeBytes);
  bytes.set(protocolName, 0);
  if (handshake.extended) bytes[25] = 0x10;
  if (handshake.fast) bytes[27] = 0x04;
  bytes.set(handshake.infoHash, 28);
  bytes.set(handshake.peerId, 48);
  return bytes;
}

/** True while the first `count` bytes can still become a handshake. */
export function mayBeHandshake(bytes: Uint8Array, count: number): boolean {
  const compared = Math.min(count, protocolName.length);
  for (let i = 0; i < compared; i++) if (bytes[i] !== protocolName[i]) return false;
  return true;
}

/** `bytes` has exactly 68 bytes and has passed mayBeHandshake. The result owns its bytes. */
export function decodeHandshake(bytes: Uint8Array): Handshake {
  return {
    fast: ((bytes[27] ?? 0) & 0x04) !== 0,
    extended: ((bytes[25] ?? 0) & 0x10) !== 0,
    infoHash: bytes.slice(28, 48),
    peerId: smallCopy(bytes, 48, 68),
  };
}
