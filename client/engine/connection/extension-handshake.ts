/** The handshake of the extension protocol: encodes ours, and parses and checks a peer's. BEP 10 21 */
import { BencodeError, scanPrefix } from '../../../torrents/bencode/bencode.ts';
import { encode } from '../../../torrents/bencode/bencode-encode.ts';

/** The ids under which peers send us extended messages; 0 is the handshake itself. */
export const ourExtensionId = { handshake: 0, utMetadata: 1 } as const;

export interface ExtensionHandshake {
  /** Requests that the peer queues at most. */
  readonly reqq: number | undefined;
  /** The peer's name for its program, for display: at most 64 characters, without unprintable ones. */
  readonly client: string | undefined;
  /** The port that the peer listens on. */
  readonly port: number | undefined;
  /** The peer downloads nothing. BEP 21 */
  readonly uploadOnly: boolean;
  /** Size of the info dictionary in bytes. BEP 9 */
  readonly metadataBytes: number | undefined;
  /** The id under which the peer expects ut_metadata. Undefined: the peer does not support it. */
  readonly utMetadataId: number | undefined;
}

/** Real handshakes have about 200 bytes; some list many extensions. */
const handshakeLimits = { bytesMax: 16 * 1024, tokensMax: 1_000, depthMax: 8 };

export function encodeExtensionHandshake(ours: {
  client: string;
  reqq: number;
  port: number;
  uploadOnly: boolean;
  metadataBytes: number | undefined;
}): Uint8Array {
  return encode({
    m: { ut_metadata: ourExtensionId.utMetadata },
    v: ours.client,
    reqq: ours.reqq,
    p: ours.port,
    ...(ours.uploadOnly ? { upload_only: 1 } : {}),
    ...(ours.metadataBytes === undefined ? {} : { metadata_size: ours.metadataBytes }),
  });
}

/** Undefined when the payload is not a dictionary. An invalid field counts as missing. */
export function parseExtensionHandshake(payload: Uint8Array): ExtensionHandshake | undefined {
  try {
    const message = scanPrefix(payload, handshakeLimits);
    if (message.kind !== 'dict') return undefined;
    const within = (name: string, min: number, max: number) => {
      const value = message.get(name)?.integer;
      return value !== undefined && value >= min && value <= max ? value : undefined;
    };
    const utMetadataId = message.get('m')?.get('ut_metadata')?.integer;
    return {
      reqq: within('reqq', 1, 1_000_000),
      client:
        message
          .get('v')
          ?.text?.replace(/[^\x20-\x7e\u00a0-\ud7ff]/g, '')
          .slice(0, 64) || undefined,
      port: within('p', 1, 65_535),
      uploadOnly: message.get('upload_only')?.integer === 1,
      metadataBytes: within('metadata_size', 1, Number.MAX_SAFE_INTEGER),
      utMetadataId:
        utMetadataId !== undefined && utMetadataId >= 1 && utMetadataId <= 255 ? utMetadataId : undefined,
    };
  } catch (error) {
    if (error instanceof BencodeError) return undefined;
    throw error;
  }
}
