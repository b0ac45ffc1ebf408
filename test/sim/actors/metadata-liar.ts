/**
 * Metadata liar: whoever has only the hash asks it for the info dictionary, and it gives another one, or never all of
 * it. Attacks the magnet link: nothing may be believed before its hash is checked, no peer may hold up the others, and a
 * number must not become memory.                                                                           BEP 9 10
 */
import { ourExtensionId } from '../../../client/engine/connection/extension-handshake.ts';
import {
  encodeMetadataBlock,
  encodeMetadataReject,
  encodeMetadataRequest,
  parseMetadataMessage,
} from '../../../client/engine/connection/metadata-exchange.ts';
import { pick } from './choice.ts';
import type { Script } from './puppet.ts';

/**
 * Wrong bytes of the right length; an absurd length; a block that was not asked for; blocks too short; no answer; no block at
 * all; the first block again and again; or it does not want to be asked any more, and answers all the same.
 */
export const metadataLies = [
  ...(['wrong', 'huge', 'unasked', 'short', 'silent', 'refuses', 'again', 'mute'] as const),
];

export interface MetadataLiarOptions {
  readonly lie?: (typeof metadataLies)[number];
}

/** What a client that believes it would have to allocate: 2 GiB. */
const hugeBytes = 2 ** 31;
const noExtension = new TextEncoder().encode('d1:mdee');
/** A data message of one byte, of a block far behind the end. */
const noSuchBlock = new TextEncoder().encode('d8:msg_typei1e5:piecei9999e10:total_sizei1ee!');

export function metadataLiar(options: MetadataLiarOptions = {}): Script {
  return ({ stage }) => {
    const { infoBytes } = stage.torrent;
    const lie = options.lie ?? pick(metadataLies, stage.random);
    const wrong = infoBytes.slice();
    wrong[stage.random.below(wrong.length)]! ^= 1;
    return {
      dials: true,
      onOpen(line) {
        line.say((writer) => writer.haveNone());
        line.introduce(lie === 'huge' ? hugeBytes : infoBytes.length);
        // Of one that looks for it itself.
        line.say((writer) => writer.extended(ourExtensionId.utMetadata, encodeMetadataRequest(0)));
      },
      onMessage(line, message) {
        const id = line.extensions?.utMetadataId;
        if (message.type !== 'extended' || message.id === 0 || id === undefined) return;
        const asked = parseMetadataMessage(message.payload);
        if (asked === undefined || asked === 'unknown-type' || asked.type !== 'request') return;
        if (lie === 'silent' || lie === 'huge') return;
        if (lie === 'refuses')
          return line.say((writer) => writer.extended(id, encodeMetadataReject(asked.blockIndex)));
        if (lie === 'mute') line.say((writer) => writer.extended(ourExtensionId.handshake, noExtension));
        const block = encodeMetadataBlock(wrong, lie === 'again' ? 0 : asked.blockIndex);
        const payload = lie === 'unasked' ? noSuchBlock : lie === 'short' ? block.slice(0, -1) : block;
        line.say((writer) => writer.extended(id, payload));
      },
    };
  };
}
