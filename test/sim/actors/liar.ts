/**
 * Liar: says that it has everything and invites everybody to ask, and then sends nothing. Attacks whatever waits: a
 * request that is refused or forgotten has to go to somebody else, and a liar's word must not count for ever.
 */
import { pick } from './choice.ts';
import type { Script } from './puppet.ts';

/** It refuses each request, or answers none, or invites and at once chokes again. */
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
