/**
 * Silent: takes a seat and makes nothing of it. Attacks the table of connections: it shakes hands like a peer, keeps the
 * connection alive, and comes back under another name when it is let go.
 */
import type { PeerAddress } from '../../../client/engine/contract.ts';
import type { Line } from './line.ts';
import type { Script } from './puppet.ts';

/** Keep-alives alone; a claim of interest; a claim to have everything; a request for one byte now and then. */
export const silences = ['keep-alives', 'interest', 'offer', 'sips'] as const;

export interface SilentOptions {
  readonly silence?: (typeof silences)[number];
  /** Connections with each victim. */
  readonly linesMax?: number;
}

const keepAliveMs = 30_000;
const sipMs = 5_000;
/** It comes back after so long, each time a little later: a siege of hours shows no more than one of minutes. */
const awayMsMax = 60_000;

export function silent(options: SilentOptions = {}): Script {
  return (puppet) => {
    const { random } = puppet.stage;
    const silence = options.silence ?? silences[random.below(silences.length)]!;
    const linesMax = options.linesMax ?? 1 + random.below(3);
    let returns = 0;
    const met = new Set<string>();
    /** The first connection brings the others; each comes back by itself. */
    const dialOthers = (address: PeerAddress) => {
      if (met.has(address.host)) return;
      met.add(address.host);
      for (let i = 1; i < linesMax; i++) puppet.dial(address);
    };
    const newName = () => Uint8Array.from({ length: 20 }, () => random.below(256));
    const keepAlive = (line: Line) => {
      if (!line.isOpen) return;
      line.say((writer) => writer.keepAlive());
      puppet.after(keepAliveMs, () => keepAlive(line));
    };
    const sip = (line: Line) => {
      if (!line.isOpen) return;
      if (!line.peerChoking) line.say((writer) => writer.request(0, 0, 1));
      puppet.after(sipMs, () => sip(line));
    };
    return {
      dials: true,
      onConnected(line) {
        if (line.incoming) return;
        line.shakeHands(newName());
        dialOthers(line.address);
      },
      onHandshake(line) {
        if (!line.hasShaken) line.shakeHands(newName());
      },
      onOpen(line) {
        line.say((writer) => {
          if (silence === 'offer') writer.haveAll();
          else writer.haveNone();
          if (silence === 'interest' || silence === 'sips') writer.interested();
        });
        keepAlive(line);
        if (silence === 'sips') sip(line);
      },
      onClosed(line) {
        if (line.incoming) return;
        returns += 1;
        const awayMs = 1 + random.below(Math.min(awayMsMax, 500 * returns));
        puppet.comeBack(line.address, awayMs);
      },
    };
  };
}
