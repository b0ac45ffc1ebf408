/**
 * Half-open: connects and never comes to a handshake, from as many connections as it can have, and comes back at once
 * when one of them is closed. A dial to it is taken and never answered. Attacks whatever is kept for those who have not
 * said yet what they want.
 */
import type { PeerAddress } from '../../../client/engine/contract.ts';
import { encodeHandshake } from '../../../client/wire/handshake.ts';
import type { Script } from './puppet.ts';

export interface HalfOpenOptions {
  /** Bytes of a handshake that it says, below 68. */
  readonly bytes?: number;
  /** Connections with each victim. */
  readonly linesMax?: number;
}

/** It comes back after so long, each time a little later: a flood of an hour shows no more than one of a few minutes. */
const awayMsMin = 20;
const awayMsMax = 120_000;
/** All its connections count, some three dozen: within a minute it comes back some two hundred times. */
const awayMsGrowth = 300;

export function halfOpen(options: HalfOpenOptions = {}): Script {
  return (puppet) => {
    const { random, torrent, peerId } = puppet.stage;
    const bytes = options.bytes ?? random.below(68);
    const linesMax = options.linesMax ?? 1 + random.below(6);
    let floods = 0;
    const met = new Set<string>();
    /** The first connection brings the others; each comes back by itself. */
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
