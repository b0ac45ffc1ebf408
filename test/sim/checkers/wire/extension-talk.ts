/**
 * What is said through the extension protocol: how the two introduce themselves, and the metadata that one asks of the
 * other.                                                                                                   BEP 9 10 21
 */
import { count, settle } from './counts.ts';
import { leadingDict, numberIn } from './extension.ts';
import type { Host, Torrent } from './host.ts';

const metadataBlock = 16 * 1024;

export class ExtensionTalk {
  /** What the peer has said of itself. */
  reqq: number | undefined;
  utMetadata: number | undefined;
  uploadOnly = false;
  listenPort: number | undefined;
  metadataBytes: number | undefined;
  /** Blocks of metadata the peer has asked for, and how often. */
  readonly #metadataWanted = new Map<number, number>();
  /** What it has called ut_metadata in this turn: what is said in it leaves when it is over. */
  readonly #names = new Set<number | undefined>([undefined]);
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  beginTurn(): void {
    if (this.#names.size === 1) return;
    this.#names.clear();
    this.#names.add(this.utMetadata);
  }

  /** The peer has said it. */
  hear(body: Uint8Array): void {
    if (body[0] === 0) this.#introduced(body.subarray(1));
    else this.#askedMetadata(body);
  }

  #introduced(payload: Uint8Array): void {
    const said = leadingDict(payload);
    if (said === undefined || said.end !== payload.length) return;
    const { dict } = said;
    const within = (name: string, max: number) => {
      const value = numberIn(dict.get(name));
      return value !== undefined && value >= 1 && value <= max ? value : undefined;
    };
    this.reqq = within('reqq', 1_000_000);
    this.listenPort = within('p', 65_535);
    this.metadataBytes = within('metadata_size', Number.MAX_SAFE_INTEGER);
    this.uploadOnly = dict.get('upload_only') === 1;
    const m = dict.get('m');
    const wanted = m instanceof Map ? numberIn(m.get('ut_metadata')) : undefined;
    this.utMetadata = wanted !== undefined && wanted >= 1 && wanted <= 255 ? wanted : undefined;
    this.#names.add(this.utMetadata);
  }

  #askedMetadata(body: Uint8Array): void {
    // 1 is what the host calls ut_metadata.
    if (body[0] !== 1) return;
    const dict = leadingDict(body.subarray(1))?.dict;
    const piece = numberIn(dict?.get('piece'));
    if (dict?.get('msg_type') !== 0 || piece === undefined || this.utMetadata === undefined) return;
    count(this.#metadataWanted, piece);
  }

  /** The host has said it: what is wrong with that. */
  judge(body: Uint8Array, torrent: Torrent): string | undefined {
    const said = leadingDict(body.subarray(1));
    if (said === undefined) return `says an extended message ${body[0]} without a dictionary`;
    const { dict, end } = said;
    if (body[0] === 0) {
      const m = dict.get('m');
      const isRight =
        m instanceof Map &&
        m.get('ut_metadata') === 1 &&
        dict.get('p') === this.#host.port &&
        dict.get('reqq') === this.#host.queueMax &&
        dict.get('metadata_size') === torrent.infoBytes?.length &&
        (dict.get('upload_only') === 1) === this.#host.isSated(torrent) &&
        end === body.length - 1;
      return isRight ? undefined : 'introduces itself wrongly';
    }
    if (!this.#names.has(body[0]))
      return `says extended message ${body[0]}, and the peer calls ut_metadata ${this.utMetadata}`;
    const [type, piece] = [dict.get('msg_type'), numberIn(dict.get('piece'))];
    if (piece === undefined) return 'names no block of the metadata';
    if (type === 0) return torrent.geometry === undefined ? undefined : 'asks for metadata that it has';
    if (!settle(this.#metadataWanted, piece))
      return `answers for block ${piece} of the metadata, which waits for no answer`;
    const infoBytes = torrent.infoBytes;
    if (type === 2) return undefined;
    if (type !== 1 || infoBytes === undefined) return `says metadata message ${type}`;
    const right = infoBytes.subarray(piece * metadataBlock, (piece + 1) * metadataBlock);
    const sent = body.subarray(1 + end);
    const isRight =
      dict.get('total_size') === infoBytes.length &&
      sent.length === right.length &&
      sent.every((byte, at) => byte === right[at]);
    return isRight ? undefined : `sends block ${piece} of the metadata wrongly`;
  }

  /** Metadata the peer has asked for, and not heard of since. */
  get metadataWaiting(): number {
    let sum = 0;
    for (const count of this.#metadataWanted.values()) sum += count;
    return sum;
  }
}
