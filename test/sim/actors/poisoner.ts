/**
 * Poisoner: claims to have every piece, serves every request, and sends wrong data. Attacks the promise that
 * unverified data is neither kept nor uploaded, and the search for the culprit: alone it is caught at its
 * first piece; if only some of its blocks are wrong, honest peers share its corrupt pieces and its guilt must
 * be proved.
 */
import type { Script } from './puppet.ts';

export interface PoisonerOptions {
  /** One block in this many is wrong. 1: all of them. */
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
