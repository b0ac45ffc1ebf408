/**
 * Half-open: connects and never completes a handshake, with as many connections as it can get, and reconnects
 * soon after one is closed. It accepts connections and never answers on them. Attacks the memory and slots
 * that a peer keeps for connections before the handshake.
 */
import type { PeerAddress } from '../../../client/engine/contract.ts';
import { encodeHandshake } from '../../../client/wire/handshake.ts';
import type { Script } from './puppet.ts';

export interface HalfOpenOptions {
  /** Bytes of the handshake that it sends, fewer than 68. */
  readonly bytes?: number;
  /** Connections to each victim. */
  readonly linesMax?: number;
}

/**
 * Delay before it reconnects. The delay grows, since a flood of an hour shows no more than one of a few
 * minutes.
 */
const awayMsMin = 20;
const awayMsMax = 120_000;
/**
 * Growth of the longest delay per closed connection. With some three dozen connections that makes some two
 * hundred reconnects in the first minute.
 */
const awayMsGrowth = 300;

export function halfOpen(options: HalfOpenOptions = {}): Script {
  return (puppet) => {
    const { random, torrent, peerId } = puppet.stage;
    const bytes = options.bytes ?? random.below(68);
    const linesMax = options.linesMax ?? 1 + random.below(6);
    let floods = 0;
    const met = new Set<string>();
    /** The first connection to a host opens the others. Each reconnects on its own. */
    const dialOthers = (address: PeerAddress) => {
      if (met.has(address.host)) return;
      met.add(address.host);
      for (let i = 1; i < linesMax; i++) puppet.dial(address);
    };
    const handshake = encodeHandshake({ infoHash: torrent.infoHash, peerId, fast: true, extended: true });
    return {
      dials: true,
      onConnected(line) {
        if (line.incoming) return;
        line.sendBytes(handshake.slice(0, bytes));
        dialOthers(line.address);
      },
      onHandshake() {},
      onClosed(line) {
        if (line.incoming) return;
        floods += 1;
        const awayMs = awayMsMin + random.below(Math.min(awayMsMax, awayMsGrowth * floods));
        puppet.comeBack(line.address, awayMs);
      },
    };
  };
}
