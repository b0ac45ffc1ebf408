/**
 * The extension protocol on one connection: the extended handshakes, and requests for metadata.   BEP 9 10 21
 */
import { count, settle } from './counts.ts';
import { leadingDict, numberIn } from './extension.ts';
import type { Host, Torrent } from './host.ts';

const metadataBlock = 16 * 1024;

export class ExtensionTalk {
  /** What the peer's extended handshake contained. */
  reqq: number | undefined;
  utMetadata: number | undefined;
  uploadOnly = false;
  listenPort: number | undefined;
  metadataBytes: number | undefined;
  /** The peer has sent an extended message in this turn. */
  hasSpoken = false;
  /** The peer has sent an extended message that is no dictionary. */
  isMalformed = false;
  /** Metadata blocks that the host has requested and not received. */
  readonly #metadataAsked = new Set<number>();
  /** Metadata blocks that the peer sent while the host had only the info-hash. */
  readonly #metadataSent = new Map<number, Uint8Array>();
  #refusedMs = Number.NEGATIVE_INFINITY;
  #nowMs = 0;
  /** Metadata sizes that the peer announced before, and replaced in this turn. */
  readonly #sizes = new Set<number | undefined>();
  /** Metadata blocks that the peer has requested, and how often. */
  readonly #metadataWanted = new Map<number, number>();
  /** Numbers that were valid for ut_metadata in this turn: the host's messages of a turn leave at its end. */
  readonly #names = new Set<number | undefined>([undefined]);
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  beginTurn(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#sizes.clear();
    this.hasSpoken = false;
    if (this.#names.size === 1) return;
    this.#names.clear();
    this.#names.add(this.utMetadata);
  }

  /** The peer has sent this message. */
  hear(body: Uint8Array, torrent: Torrent | undefined): void {
    // 1 is the host's number for ut_metadata. Other numbers are not judged.
    if (body[0]! > 1) return;
    this.hasSpoken = true;
    if (leadingDict(body.subarray(1)) === undefined) this.isMalformed = true;
    else if (body[0] === 0) this.#introduced(body.subarray(1));
    else this.#onMetadata(body.subarray(1), torrent?.geometry === undefined);
  }

  #introduced(payload: Uint8Array): void {
    const said = leadingDict(payload);
    if (said === undefined) return;
    const { dict } = said;
    const within = (name: string, max: number) => {
      const value = numberIn(dict.get(name));
      return value !== undefined && value >= 1 && value <= max ? value : undefined;
    };
    this.reqq = within('reqq', 1_000_000);
    this.listenPort = within('p', 65_535);
    this.#sizes.add(this.metadataBytes);
    this.metadataBytes = within('metadata_size', Number.MAX_SAFE_INTEGER);
    this.uploadOnly = dict.get('upload_only') === 1;
    const m = dict.get('m');
    const wanted = m instanceof Map ? numberIn(m.get('ut_metadata')) : undefined;
    this.utMetadata = wanted !== undefined && wanted >= 1 && wanted <= 255 ? wanted : undefined;
    this.#names.add(this.utMetadata);
  }

  #onMetadata(payload: Uint8Array, isBlind: boolean): void {
    const said = leadingDict(payload);
    const piece = numberIn(said?.dict.get('piece'));
    if (said === undefined || piece === undefined) return;
    const type = said.dict.get('msg_type');
    if (type === 0 && this.utMetadata !== undefined) count(this.#metadataWanted, piece);
    if (!isBlind) return;
    if (type === 1) {
      this.#metadataAsked.delete(piece);
      this.#metadataSent.set(piece, payload.slice(said.end));
    } else if (type === 2 && this.#metadataAsked.has(piece)) {
      this.#metadataAsked.clear();
      this.#refusedMs = this.#nowMs;
    }
  }

  /** The metadata that the host checks must be the metadata that the peer sent. */
  judgeMetadata(metadata: Uint8Array): string | undefined {
    for (let piece = 0; piece * metadataBlock < metadata.length; piece++) {
      const taken = metadata.subarray(piece * metadataBlock, (piece + 1) * metadataBlock);
      const sent = this.#metadataSent.get(piece);
      if (sent === undefined || sent.length !== taken.length || sent.some((byte, at) => byte !== taken[at]))
        return `checks a block ${piece} of metadata that the peer has not sent`;
    }
    return undefined;
  }

  /** The host has sent this message: returns what is wrong with it. */
  judge(body: Uint8Array, torrent: Torrent, nowMs: number): string | undefined {
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
    if (type === 0)
      return torrent.geometry === undefined
        ? this.#judgeAsking(piece, nowMs)
        : 'asks for metadata that it has';
    if (!settle(this.#metadataWanted, piece))
      return `answers for block ${piece} of the metadata, which waits for no answer`;
    const infoBytes = torrent.infoBytes;
    if (type === 2) return undefined;
    if (type !== 1 || infoBytes === undefined) return `says metadata message ${type}`;
    const right = infoBytes.subarray(piece * metadataBlock, (piece + 1) * metadataBlock);
    const sent = body.subarray(1 + end);
    const isRight =
      right.length > 0 &&
      dict.get('total_size') === infoBytes.length &&
      sent.length === right.length &&
      sent.every((byte, at) => byte === right[at]);
    return isRight ? undefined : `sends block ${piece} of the metadata wrongly`;
  }

  #judgeAsking(piece: number, nowMs: number): string | undefined {
    const sizes = [...this.#sizes, this.metadataBytes].filter((size) => size !== undefined);
    const { metadataBytesMax, metadataTimeoutMs } = this.#host;
    if (piece === 0 && !sizes.some((size) => size <= metadataBytesMax))
      return `asks for metadata of ${this.metadataBytes} bytes`;
    if (piece === 0 && nowMs - this.#refusedMs < metadataTimeoutMs)
      return `asks again for metadata that was refused ${nowMs - this.#refusedMs} ms ago`;
    this.#metadataAsked.add(piece);
    return undefined;
  }

  /** How many metadata requests of the peer are unanswered. */
  get metadataWaiting(): number {
    let sum = 0;
    for (const count of this.#metadataWanted.values()) sum += count;
    return sum;
  }
}
