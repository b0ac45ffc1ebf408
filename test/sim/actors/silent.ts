/**
 * Silent: takes up connection slots without exchanging data. Attacks the connection table: it completes the
 * handshake, keeps the connection alive, and reconnects with another peer id when it is dropped.
 */
import type { PeerAddress } from '../../../client/engine/contract.ts';
import type { Line } from './line.ts';
import type { Script } from './puppet.ts';

/** Keep-alives alone; `interested`; `have all`; or a request for one byte every few seconds. */
export const silences = ['keep-alives', 'interest', 'offer', 'sips'] as const;

export interface SilentOptions {
  readonly silence?: (typeof silences)[number];
  /** Connections to each victim. */
  readonly linesMax?: number;
}

const keepAliveMs = 30_000;
const sipMs = 5_000;
/** Longest delay before it reconnects. Delays grow, since hours of this show no more than minutes. */
const awayMsMax = 60_000;

export function silent(options: SilentOptions = {}): Script {
  return (puppet) => {
    const { random } = puppet.stage;
    const silence = options.silence ?? silences[random.below(silences.length)]!;
    const linesMax = options.linesMax ?? 1 + random.below(3);
    let returns = 0;
    const met = new Set<string>();
    /** The first connection to a host opens the others. Each reconnects on its own. */
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
