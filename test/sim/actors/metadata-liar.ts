/**
 * Metadata liar: a peer that has only the info-hash requests the info dictionary from it, and receives
 * another one, or never all of it. Attacks magnet links: metadata must not be used before its hash is
 * checked, one peer must not delay the others, and a claimed size must not be allocated.             BEP 9 10
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
 * Wrong bytes of the right length; an absurd size; a block that was not requested; blocks too short; no
 * answer; rejects; the first block for every request; or it withdraws ut_metadata and sends the (wrong) block
 * all the same.
 */
export const metadataLies = [
  ...(['wrong', 'huge', 'unasked', 'short', 'silent', 'refuses', 'again', 'mute'] as const),
];

export interface MetadataLiarOptions {
  readonly lie?: (typeof metadataLies)[number];
}

/** 2 GiB: what a client that believes it would have to allocate. */
const hugeBytes = 2 ** 31;
const noExtension = new TextEncoder().encode('d1:mdee');
/** A data message with one byte, for a block far past the end. */
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
        // Requests the metadata itself, as a peer that lacks it does.
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
