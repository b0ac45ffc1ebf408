/**
 * What we send through the extension protocol: our client name, whether we download anything, and the info
 * dictionary for peers that have only the hash. BEP 9 10 21
 */
import type { Context } from '../context.ts';
import { clientName } from '../swarm/swarm-peers.ts';
import { encodeExtensionHandshake, ourExtensionId } from './extension-handshake.ts';
import {
  encodeMetadataBlock,
  encodeMetadataReject,
  type MetadataMessage,
  metadataBlockCount,
} from './metadata-exchange.ts';
import type { PeerSession } from './peer-session.ts';
import type { Violation } from './session-events.ts';

export class ExtensionMessages {
  readonly #infoBytes: Uint8Array | undefined;
  readonly #context: Context;
  #introduction: Uint8Array | undefined;
  #saysUploadOnly = false;

  constructor(infoBytes: Uint8Array | undefined, context: Context) {
    this.#infoBytes = infoBytes;
    this.#context = context;
  }

  /** Called right after the handshake, and again when `uploadOnly` changes. */
  introduce(session: PeerSession, uploadOnly: boolean): void {
    // Every peer gets the same bytes, so they are encoded once per change.
    if (this.#introduction === undefined || this.#saysUploadOnly !== uploadOnly) {
      this.#introduction = this.#encode(uploadOnly);
      this.#saysUploadOnly = uploadOnly;
    }
    session.sendExtended(ourExtensionId.handshake, this.#introduction);
  }

  #encode(uploadOnly: boolean): Uint8Array {
    const { limits, port } = this.#context;
    return encodeExtensionHandshake({
      client: clientName,
      reqq: limits.uploadQueueMax,
      port,
      uploadOnly,
      metadataBytes: this.#infoBytes?.length,
    });
  }

  /** Answers a peer that requests a block of the info dictionary. */
  onMetadata(session: PeerSession, message: MetadataMessage): Violation | undefined {
    const id = session.extensions?.utMetadataId;
    if (message.type !== 'request' || id === undefined) return undefined;
    const infoBytes = this.#infoBytes;
    const { uploadWindowBytes, metadataCopiesMax } = this.#context.limits;
    const blockCount = infoBytes === undefined ? 0 : metadataBlockCount(infoBytes.length);
    const isBusy = session.uploads.pendingBytes >= uploadWindowBytes;
    if (infoBytes === undefined || message.blockIndex >= blockCount || isBusy) {
      session.sendExtended(id, encodeMetadataReject(message.blockIndex));
    } else {
      if (session.metadataBlocksSent >= blockCount * metadataCopiesMax) return 'metadata-flood';
      session.sendMetadataBlock(id, encodeMetadataBlock(infoBytes, message.blockIndex));
    }
    return undefined;
  }
}
