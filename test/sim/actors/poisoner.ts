/**
 * Poisoner: says that it has everything, serves whoever asks, and what it sends is wrong. Attacks the promise that
 * nothing unverified is kept or passed on, and whoever decides who is to blame: alone it is caught at its first piece;
 * one that is wrong only now and then shares its pieces with honest peers, and guilt has to be proved.
 */
import type { Script } from './puppet.ts';

export interface PoisonerOptions {
  /** One block in so many is wrong; 1: every one. */
  readonly wrongOneIn?: number;
}

export function poisoner(options: PoisonerOptions = {}): Script {
  return ({ stage }) => {
    const { random, torrent } = stage;
    const wrongOneIn = options.wrongOneIn ?? [1, 1, 4, 16][random.below(4)]!;
    return {
      dials: true,
      onOpen: (line) => line.offerEverything(),
      onMessage(line, message) {
        if (message.type !== 'request') return;
        const block = torrent.geometry.block(message.index, message.begin, message.length);
        if (block !== undefined) line.sendBlock(block, random.below(wrongOneIn) > 0);
      },
    };
  };
}
