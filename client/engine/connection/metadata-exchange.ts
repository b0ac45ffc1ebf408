/** The messages of ut_metadata: peers exchange the info dictionary in blocks of 16 KiB. BEP 9 */
import { BencodeError, scanPrefix } from '../../../torrents/bencode/bencode.ts';
import { encode } from '../../../torrents/bencode/bencode-encode.ts';

/** BEP 9: "16kiB"; only the last block may be shorter. */
export const metadataBlockBytes = 16 * 1024;

export type MetadataMessage =
  | { readonly type: 'request'; readonly blockIndex: number }
  | { readonly type: 'data'; readonly blockIndex: number; readonly bytes: Uint8Array }
  | { readonly type: 'reject'; readonly blockIndex: number };

const kinds = ['request', 'data', 'reject'] as const;
const headerLimits = { bytesMax: metadataBlockBytes + 1024, tokensMax: 64, depthMax: 4 };

export function metadataBlockCount(metadataBytes: number): number {
  return Math.ceil(metadataBytes / metadataBlockBytes);
}

export function encodeMetadataRequest(blockIndex: number): Uint8Array {
  return encode({ msg_type: 0, piece: blockIndex });
}

export function encodeMetadataReject(blockIndex: number): Uint8Array {
  return encode({ msg_type: 2, piece: blockIndex });
}

/** `infoBytes`: the whole info dictionary. The block must exist. */
export function encodeMetadataBlock(infoBytes: Uint8Array, blockIndex: number): Uint8Array {
  const block = infoBytes.subarray(blockIndex * metadataBlockBytes, (blockIndex + 1) * metadataBlockBytes);
  const header = encode({ msg_type: 1, piece: blockIndex, total_size: infoBytes.length });
  const message = new Uint8Array(header.length + block.length);
  message.set(header);
  message.set(block, header.length);
  return message;
}

/** Undefined: the message violates BEP 9. The caller ignores a message of unknown type. */
export function parseMetadataMessage(payload: Uint8Array): MetadataMessage | 'unknown-type' | undefined {
  try {
    const header = scanPrefix(payload, headerLimits);
    const type = header.get('msg_type')?.integer;
    const blockIndex = header.get('piece')?.integer;
    if (type === undefined || blockIndex === undefined || blockIndex < 0) return undefined;
    const kind = kinds[type];
    if (kind === undefined) return 'unknown-type';
    if (kind === 'data') return { type: kind, blockIndex, bytes: payload.subarray(header.end) };
    return { type: kind, blockIndex };
  } catch (error) {
    if (error instanceof BencodeError) return undefined;
    throw error;
  }
}
