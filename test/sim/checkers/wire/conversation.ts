/**
 * A model of one connection, written from the BEPs alone, as an observer of both hosts would keep it: what
 * each has announced, which requests are pending, and whether the host's next message is legal.  BEP 3 6 9 10
 */
import type { Geometry } from '../../../../torrents/geometry.ts';
import { count, settle, settleOlder } from './counts.ts';
import { ExtensionTalk } from './extension-talk.ts';
import type { Host, Torrent } from './host.ts';
import { areOurBits, bitOf, isBlock, isKnown, ourExtended, ourFast, reasonToEnd } from './law.ts';
import { type Heard, id, placeOf, u32, WireReader } from './reader.ts';
import { WordsLeft } from './words-left.ts';

/** What is wrong with the host's messages, or with the host's record of the peer's messages. */
type Fault = string | undefined;

export class Conversation {
  readonly host: Host;
  readonly incoming: boolean;
  /** Known once either side has sent its handshake. */
  torrent: Torrent | undefined;
  /** The handshake named a torrent that the host does not have: the connection is judged no further. */
  isStray = false;
  /** The checker has compared the client name that the host recorded for this peer. */
  isKnown = false;
  /** What the peer sent through the extension protocol. */
  readonly extension: ExtensionTalk;
  peerId: string | undefined;
  fast = false;
  extended = false;
  peerChoking = true;
  /** How often the peer has choked the host. */
  chokes = 0;
  peerInterested = false;
  readonly peerHas = new Set<number>();
  /** Pieces that the peer has suggested, the oldest first (BEP 6). */
  readonly peerSuggested = new Set<number>();
  /** Payload bytes of blocks received, partial blocks included. */
  payloadIn = 0;
  /** Byte counts of payload received in this turn; 0 marks the end of a block. */
  readonly runs: number[] = [];
  /** Blocks received that answered a request. */
  blocksSettled = 0;
  /** Requests that the host has cancelled. */
  cancels = 0;
  /** Requests rejected since the last block that answered a request. */
  refusals = 0;
  /** Why the host has to close the connection. Once it is set, no further message is read. */
  reason: string | undefined;
  /** The first fault in the host's messages. */
  fault: Fault;
  /** Pieces that the host has announced, by bitfield, have-all or have. */
  readonly told = new Set<number>();
  hasShaken = false;
  amChoking = true;
  amInterested = false;
  /** Pending requests of the host, by block: how many of each. */
  readonly asked = new Map<string, number>();
  /** Cancelled requests, by block, that no block or reject has answered (BEP 6). */
  readonly #takenBack = new Map<string, number>();
  /**
   * Blocks of which it is unclear whether an answer is due, for example because one began to arrive before
   * the host requested it.
   */
  readonly unclear = new Set<string>();
  /** The block that is arriving, and whether the host requested it while it arrived. */
  #arriving = { place: '', wasAsked: false };
  /** Pending requests of the peer, by block. */
  readonly wanted = new Map<string, number>();
  /** The peer did not choke the host at some time of this turn. The host's messages leave at its end. */
  #wasUnchoked = false;
  #saidPieces = false;
  #words = 0;
  /** When the host last sent something. */
  #spokeMs: number;
  #nowMs: number;
  readonly #wordsLeft: WordsLeft;
  readonly #us: WireReader;
  readonly #them: WireReader;

  constructor(host: Host, incoming: boolean, nowMs: number) {
    this.host = host;
    this.incoming = incoming;
    this.#spokeMs = nowMs;
    this.#nowMs = nowMs;
    this.#wordsLeft = new WordsLeft(host.talk, nowMs);
    this.extension = new ExtensionTalk(host);
    this.#us = new WireReader((heard) => {
      this.fault ??= this.#judge(heard);
    });
    this.#them = new WireReader((heard) => this.#hear(heard));
  }

  beginTurn(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#wasUnchoked = !this.peerChoking;
    if (this.runs.length > 0) this.runs.length = 0;
    this.extension.beginTurn(nowMs);
  }

  hear(bytes: Uint8Array, count: number): void {
    this.#them.read(bytes, count);
  }

  say(bytes: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#us.read(bytes, bytes.length);
    this.#spokeMs = nowMs;
  }

  /** The host hands over this metadata, received from the peer, to be checked. */
  check(metadata: Uint8Array): void {
    this.fault ??= this.extension.judgeMetadata(metadata);
  }

  // What the peer sends -------------------------------------------------------------------------------------

  #hear(heard: Heard): void {
    if (this.reason !== undefined || this.isStray) return;
    const geometry = this.torrent?.geometry;
    const { fast, extended } = this;
    const isTalk = heard.what === 'message' && isKnown(heard.id) && heard.id !== id.have;
    if (isTalk || heard.what === 'keep-alive') this.#spend(1);
    this.reason ??= reasonToEnd(heard, { geometry, fast, extended });
    if (this.reason !== undefined) return;
    switch (heard.what) {
      case 'head':
        if (!isKnown(heard.id)) this.#spendUnknown(heard.length - 1);
        return;
      case 'handshake':
        this.#name(heard.infoHash);
        this.peerId = heard.peerId;
        this.fast = (heard.reserved[7]! & ourFast) !== 0;
        this.extended = (heard.reserved[5]! & ourExtended) !== 0;
        return;
      case 'block-begins':
        this.#arriving = { place: `${heard.index}/${heard.begin}/${heard.bytes}`, wasAsked: false };
        return;
      case 'payload':
        this.payloadIn += heard.bytes;
        this.runs.push(heard.bytes);
        return;
      case 'block-ends':
        this.#wordsLeft.trade();
        return this.#noteBlock(heard);
      case 'message':
        return this.#note(heard.id, heard.body);
    }
  }

  #noteBlock({ index, begin, bytes }: Extract<Heard, { what: 'block-ends' }>): void {
    if (this.torrent?.geometry !== undefined) this.torrent.downloaded += bytes;
    this.runs.push(0);
    const place = `${index}/${begin}/${bytes}`;
    if (this.#arriving.wasAsked) this.unclear.add(place);
    else this.unclear.delete(place);
    this.#arriving.place = '';
    if (!settle(this.asked, place)) return void settle(this.#takenBack, place);
    this.blocksSettled += 1;
    this.refusals = 0;
  }

  #note(which: number, body: Uint8Array): void {
    switch (which) {
      case id.choke:
        this.peerChoking = true;
        this.chokes += 1;
        this.unclear.clear();
        return this.asked.clear();
      case id.unchoke:
        this.peerChoking = false;
        this.#wasUnchoked = true;
        return;
      case id.interested:
      case id.notInterested:
        this.peerInterested = which === id.interested;
        return;
      case id.have:
        return this.#onHave(u32(body, 0));
      case id.bitfield:
        for (let bit = 0; bit < (this.torrent?.geometry?.pieceCount ?? 0); bit++)
          if (bitOf(body, bit)) this.peerHas.add(bit);
        return;
      case id.haveAll:
        for (let bit = 0; bit < (this.torrent?.geometry?.pieceCount ?? 0); bit++) this.peerHas.add(bit);
        return;
      case id.suggest:
        return void this.peerSuggested.add(u32(body, 0));
      case id.request:
        return count(this.wanted, placeOf(body));
      case id.cancel:
        // With BEP 6 a cancelled request still gets an answer. Without it the answer may be missing.
        if (!this.fast) this.wanted.delete(placeOf(body));
        return;
      case id.reject:
        if (settleOlder(this.#takenBack, this.asked, this.unclear, placeOf(body))) this.refusals += 1;
        return;
      case id.extended:
        this.extension.hear(body, this.torrent);
        if (this.extension.isMalformed) this.reason = 'extension-malformed';
        // The host has assigned the extended message numbers 0 and 1 only.
        else if (body[0]! > 1) this.#spendUnknown(body.length - 1);
        return;
    }
  }

  /** Announcing a new piece is free of charge; announcing a piece twice is not. */
  #onHave(index: number): void {
    if (this.torrent?.geometry === undefined) {
      if (!this.#wordsLeft.takeBlindHave(this.#nowMs)) this.reason = 'too-many-messages';
    } else if (this.peerHas.has(index)) this.#spend(1);
    this.peerHas.add(index);
  }

  #spendUnknown(bytes: number): void {
    this.#spend(1 + Math.floor(bytes / 1_024));
  }

  #spend(words: number): void {
    if (!this.#wordsLeft.take(words, this.#nowMs)) this.reason = 'too-many-messages';
  }

  #name(infoHash: string): void {
    this.torrent ??= this.host.torrentOf(infoHash);
    this.isStray = this.torrent?.infoHash !== infoHash;
  }

  // What the host sends -------------------------------------------------------------------------------------

  #judge(heard: Heard): Fault {
    if (this.isStray) return undefined;
    const geometry = this.torrent?.geometry;
    switch (heard.what) {
      case 'not-bittorrent':
        return 'says what is no BitTorrent';
      case 'handshake':
        return this.#judgeHandshake(heard);
      case 'keep-alive': {
        const silentMs = this.#nowMs - this.#spokeMs;
        return silentMs >= this.host.keepAliveMs
          ? undefined
          : `says that it is alive ${silentMs} ms after its last word`;
      }
      case 'head': {
        // The same rules hold for the host: a peer would close the connection otherwise.
        const reason = reasonToEnd(heard, { geometry, fast: this.fast, extended: this.extended });
        return reason && `says what others end a connection for: ${reason} (message ${heard.id})`;
      }
      case 'message':
        return this.#judgeMessage(heard.id, heard.body);
      case 'block-ends':
        return this.#judgeBlock(heard.index, heard.begin, heard.bytes);
      default:
        return undefined;
    }
  }

  #judgeHandshake({ reserved, infoHash, peerId }: Extract<Heard, { what: 'handshake' }>): Fault {
    this.hasShaken = true;
    const { host } = this;
    if (this.incoming && this.peerId === undefined) return 'shakes hands before the one who came';
    if (this.torrent === undefined) this.#name(infoHash);
    if (infoHash !== this.torrent?.infoHash) return 'shakes hands for another torrent';
    if (peerId !== host.peerId) return 'shakes hands under another name';
    return areOurBits(reserved) ? undefined : `says with its reserved bits ${reserved.join(' ')}`;
  }

  #judgeMessage(which: number, body: Uint8Array): Fault {
    if (this.peerId === undefined) return `says ${which} before the handshake of the other side`;
    const geometry = this.torrent?.geometry;
    const terms = { geometry, fast: this.fast, extended: this.extended };
    const reason = reasonToEnd({ what: 'message', id: which, body }, terms);
    if (reason !== undefined) return `says what others end a connection for: ${reason} (message ${which})`;
    this.#words += 1;
    const tellsPieces = which === id.bitfield || which === id.haveAll || which === id.haveNone;
    // BEP 6: exactly one of the three, as first message. BEP 3: a bitfield is first or absent.
    if (tellsPieces ? this.#saidPieces || this.#words > 1 : this.fast && !this.#saidPieces)
      return `says ${which} as its word number ${this.#words}`;
    if (tellsPieces) this.#saidPieces = true;
    return this.#judgeTalk(which, body, geometry);
  }

  #judgeTalk(which: number, body: Uint8Array, geometry: Geometry | undefined): Fault {
    switch (which) {
      case id.choke:
        this.amChoking = true;
        return undefined;
      case id.unchoke:
        this.amChoking = false;
        return undefined;
      case id.interested:
      case id.notInterested:
        this.amInterested = which === id.interested;
        return undefined;
      case id.bitfield:
        for (let bit = 0; bit < (geometry?.pieceCount ?? 0); bit++) if (bitOf(body, bit)) this.told.add(bit);
        return this.told.size === 0 ? 'sends an empty bitfield' : undefined;
      case id.haveAll:
        for (let bit = 0; bit < (geometry?.pieceCount ?? 0); bit++) this.told.add(bit);
        return undefined;
      case id.haveNone:
        return undefined;
      case id.have:
        this.#wordsLeft.trade();
        return void this.told.add(u32(body, 0));
      case id.suggest:
        return this.host.has(this.torrent!, u32(body, 0))
          ? undefined
          : `suggests piece ${u32(body, 0)}, which it has not`;
      case id.request:
        return this.#judgeRequest(body, geometry);
      case id.cancel: {
        this.cancels += 1;
        this.unclear.delete(placeOf(body));
        // Also legal after a choke, because both cross. The answer may have arrived in this turn already.
        if (settle(this.asked, placeOf(body)) && this.fast) count(this.#takenBack, placeOf(body));
        return undefined;
      }
      case id.reject:
        return settle(this.wanted, placeOf(body))
          ? undefined
          : `rejects ${placeOf(body)}, which waits for no answer`;
      case id.extended:
        return this.extension.judge(body, this.torrent!, this.#nowMs);
      default:
        return `says message ${which}, which it has no use for`;
    }
  }

  #judgeRequest(body: Uint8Array, geometry: Geometry | undefined): Fault {
    const [index, begin, bytes] = [u32(body, 0), u32(body, 4), u32(body, 8)];
    const place = placeOf(body);
    if (geometry === undefined || !isBlock(geometry, index, begin, bytes)) return `asks for ${place}`;
    if (!this.#wasUnchoked) return `asks for ${place} while the peer chokes it`;
    if (!this.peerHas.has(index)) return `asks for ${place}, and the peer has not told of that piece`;
    if (!this.amInterested) return `asks for ${place} and is not interested`;
    count(this.asked, place);
    if (place === this.#arriving.place) this.#arriving.wasAsked = true;
    return undefined;
  }

  #judgeBlock(index: number, begin: number, bytes: number): Fault {
    const place = `${index}/${begin}/${bytes}`;
    if (this.amChoking) return `sends ${place} to a peer it chokes`;
    this.#wordsLeft.trade();
    if (this.torrent !== undefined) this.torrent.uploaded += bytes;
    return settle(this.wanted, place) ? undefined : `sends ${place}, which waits for no answer`;
  }
}
