/**
 * Liar: claims to have every piece, unchokes every peer, and sends no block. Attacks what waits for an
 * answer: a rejected or ignored request has to go to another peer, and the liar must not keep pieces
 * reserved.
 */
import { pick } from './choice.ts';
import type { Script } from './puppet.ts';

/** It rejects each request, answers none, or unchokes and chokes again at the first request. */
export const liarManners = ['refuses', 'ignores', 'chokes'] as const;

export interface LiarOptions {
  readonly manner?: (typeof liarManners)[number];
}

const chokeAgainMs = 400;

export function liar(options: LiarOptions = {}): Script {
  return (puppet) => {
    const manner = options.manner ?? pick(liarManners, puppet.stage.random);
    return {
      dials: true,
      onOpen: (line) => line.offerEverything(),
      onMessage(line, message) {
        if (message.type !== 'request') return;
        if (manner === 'refuses') {
          line.say((writer) => writer.reject(message.index, message.begin, message.length));
        } else if (manner === 'chokes' && !line.amChoking) {
          line.amChoking = true;
          line.say((writer) => writer.choke());
          puppet.after(chokeAgainMs, () => line.offerEverything());
        }
      },
    };
  };
}
