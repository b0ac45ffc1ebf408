/**
 * The whole engine with peers that hardly do more than a handshake: who is accepted, who is refused and why,
 * and which addresses are dialed when. Peer ids are borrowed, ours included. Peers dial while they are
 * dialed, flood, fall silent, reconnect, and announce their listen port.                             BEP 3 10
 */
import {
  encodeExtensionHandshake,
  ourExtensionId,
} from '../../../client/engine/connection/extension-handshake.ts';
import type { Action, Fact, PeerAddress, PieceBuffer } from '../../../client/engine/contract.ts';
import { Engine } from '../../../client/engine/engine.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { encodeHandshake } from '../../../client/wire/handshake.ts';
import { MessageWriter } from '../../../client/wire/message.ts';
import { Geometry } from '../../../torrents/geometry.ts';
import { type Contact, DoorModel, keyOf } from './door-model.ts';
import { differ, limitsWith, oneOf, type Part, rarely } from './part.ts';

const hosts = ['10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8::2'];
const ourId = 'm'.repeat(20);
/** Some are smaller than our id, some greater; two differ in one byte only. */
const ids = ['a'.repeat(20), `${'a'.repeat(19)}b`, 'z'.repeat(20), 'y'.repeat(20)];
const infoHash = new Uint8Array(20).fill(7);
const noMemory = {
  allocate: (bytes: number): PieceBuffer => ({ bytes }),
  write() {},
  copy() {},
  release() {},
};

class Play {
  readonly #random: Prng;
  readonly #limits: Limits;
  readonly #engine: Engine;
  readonly #model: DoorModel;
  #nowMs = 1_000;
  #tickedMs = 1_000;
  #came = 1;

  constructor(random: Prng) {
    this.#random = random;
    const few = {
      requestsOutstandingMax: 1,
      requestsReqqMax: 1,
      uploadQueueMax: 1,
      requestsOutstandingMin: 1,
    };
    this.#limits = limitsWith({
      ...{ ...few, messagesBurst: 8, messagesPerSecond: 1, tickMs: 500, keepAliveMs: 5_000 },
      ...{ idleTimeoutMs: 12_000 + random.below(9_000), handshakeTimeoutMs: 2_000 + random.below(4_000) },
      answerGraceMs: 2_000,
      ...{ dialTimeoutMs: 2_000 + random.below(4_000), stallTimeoutMs: 1_000 + random.below(4_000) },
      ...{ redialFirstMs: 300 + random.below(1_000), redialMaxMs: 2_000 + random.below(9_000) },
      ...{
        dialFailuresMax: 2 + random.below(4),
        hostFullWaitMs: 1,
        connectionsPerHostMax: 1 + random.below(3),
      },
      ...{ banMs: 4_000 + random.below(20_000), hostBanFirstMs: 500 + random.below(3_000) },
      ...{
        halfOpenPerHostMax: 20,
        halfOpenMax: 100,
        seatGraceMs: 900_000,
        seatWaitMs: 900_000,
        seatTurnMs: 900_000,
      },
    });
    const peerId = Buffer.from(ourId);
    this.#engine = new Engine({
      peerId,
      port: 9,
      seed: random.next(),
      memory: noMemory,
      limits: this.#limits,
    });
    this.#model = new DoorModel(this.#limits, ourId);
    const geometry = new Geometry(4 * 16_384, 16_384);
    this.#engine.handle(
      { type: 'added', spec: { torrent: 1, infoHash, geometry, trackers: [], private: false } },
      this.#nowMs,
    );
  }

  run(): string | undefined {
    for (let step = 0; step < 50; step++) {
      this.#nowMs += this.#random.below(oneOf(this.#random, [20, 400, 700, 3_000]));
      const wrong = this.#step();
      if (wrong !== undefined) return `at ${this.#nowMs}: ${wrong}`;
      // The model does not follow two connections with one peer any further: it is for the peer to end one.
      const open = [...this.#model.contacts.values()].filter(({ state }) => state === 'open');
      const names = new Set(open.map(({ id, address }) => `${id} ${address.host}`));
      if (names.size < open.length) return undefined;
    }
    return undefined;
  }

  #address(): PeerAddress {
    return { host: oneOf(this.#random, hosts), port: 1 + this.#random.below(3) };
  }

  #any(...states: Contact['state'][]): Contact | undefined {
    const those = [...this.#model.contacts.values()].filter(({ state }) => states.includes(state));
    return those[this.#random.below(Math.max(1, those.length))];
  }

  #step(): string | undefined {
    const [random, model, nowMs] = [this.#random, this.#model, this.#nowMs];
    const act = random.below(10);
    if (act < 2) {
      const peers = Array.from({ length: 1 + random.below(4) }, () => this.#address());
      model.learn(peers, nowMs);
      return this.#tell({ type: 'peers-found', torrent: 1, peers, origin: 'user' });
    }
    if (act < 3) {
      const connection = this.#came;
      this.#came += 2;
      const address = { host: oneOf(random, hosts), port: 40_000 + connection };
      const contact = model.came(connection, address, nowMs);
      const wrong = this.#tell({ type: 'connected', connection, address, incoming: true });
      return (
        wrong ?? (model.contacts.has(connection) && !rarely(random, 3) ? this.#shake(contact) : undefined)
      );
    }
    if (act < 5) {
      const contact = this.#any('dialing');
      if (contact === undefined) return this.#tell({ type: 'woke' });
      const { connection, address } = contact;
      if (rarely(random, 3)) {
        model.end(contact, nowMs);
        return this.#tell({ type: 'closed', connection, reason: 'refused' });
      }
      Object.assign(contact, { state: 'half-open', connectedMs: nowMs, heardMs: nowMs });
      return this.#tell({ type: 'connected', connection, address, incoming: false });
    }
    if (act < 7) {
      const contact = this.#any('half-open');
      if (contact === undefined) return this.#tell({ type: 'woke' });
      if (!rarely(random, 4)) return this.#shake(contact);
      model.end(contact, nowMs);
      return this.#tell({ type: 'closed', connection: contact.connection, reason: 'reset' });
    }
    if (act < 9) {
      const contact = this.#any('open');
      return contact === undefined ? this.#tell({ type: 'woke' }) : this.#talk(contact);
    }
    return this.#tell({ type: 'woke' });
  }

  #shake(contact: Contact): string | undefined {
    const [random, model, nowMs] = [this.#random, this.#model, this.#nowMs];
    const id = rarely(random, 8) ? ourId : oneOf(random, ids);
    const { reason, leaving } = model.shakes(contact, id, nowMs);
    const expected = new Map<number, string>();
    if (reason === undefined) {
      if (leaving !== undefined) expected.set(leaving.connection, 'connected-twice');
      model.open(contact, leaving, nowMs);
    } else {
      expected.set(contact.connection, reason);
      const isTwice = reason === 'connected-twice' && contact.spot !== undefined;
      if (isTwice) model.hold(contact.spot!, leaving!, nowMs);
      model.end(contact, nowMs, isTwice);
    }
    const handshake = { infoHash, peerId: Buffer.from(id), fast: true, extended: true };
    return this.#hear(contact, encodeHandshake(handshake), expected);
  }

  #talk(contact: Contact): string | undefined {
    const [random, model, nowMs] = [this.#random, this.#model, this.#nowMs];
    const { connection } = contact;
    if (rarely(random, 3)) {
      model.end(contact, nowMs);
      return this.#tell({ type: 'closed', connection, reason: 'reset' });
    }
    contact.heardMs = nowMs;
    if (rarely(random, 4)) {
      // More messages than a peer may send at once, even after a long silence.
      const writer = new MessageWriter();
      for (let i = 0; i < 100; i++) writer.keepAlive();
      model.ban(contact, nowMs);
      const closes = new Map<number, string>();
      // Two incoming connections from one host with one peer id are one entry in the directory.
      for (const other of [...model.contacts.values()]) {
        const isOne = other.id === contact.id && other.address.host === contact.address.host;
        const areOne =
          other.state === 'open' && isOne && other.spot === undefined && contact.spot === undefined;
        if (other !== contact && !areOne) continue;
        closes.set(other.connection, 'too-many-messages');
        model.end(other, nowMs);
      }
      return this.#hear(contact, writer.take(), closes);
    }
    const port = 1 + random.below(3);
    const words = { client: 'Actor', reqq: 9, port, uploadOnly: false, metadataBytes: undefined };
    const writer = new MessageWriter();
    contact.words += 1;
    // At most twice: more would exceed the message allowance.
    if (contact.words > 2) {
      contact.isWanted = true;
      writer.have(0);
    } else {
      model.listensAt(contact, port, nowMs);
      writer.extended(ourExtensionId.handshake, encodeExtensionHandshake(words));
    }
    return this.#hear(contact, writer.take());
  }

  #hear(
    { connection }: Contact,
    bytes: Uint8Array,
    closes?: ReadonlyMap<number, string>,
  ): string | undefined {
    return this.#tell({ type: 'received', connection, bytes, count: bytes.length }, closes);
  }

  /** One fact, the tick that may follow, and the engine's actions. */
  #tell(fact: Fact, closes: ReadonlyMap<number, string> = new Map()): string | undefined {
    const [model, nowMs] = [this.#model, this.#nowMs];
    const actions = this.#engine.handle(fact, nowMs);
    const expected = new Map(closes);
    const isLook = nowMs - this.#tickedMs >= this.#limits.tickMs;
    if (isLook) {
      this.#tickedMs = nowMs;
      for (const [contact, reason] of model.timeouts(nowMs)) {
        expected.set(contact.connection, reason);
        model.end(contact, nowMs);
      }
    }
    return this.#judge(actions, expected, isLook);
  }

  #judge(
    actions: readonly Action[],
    expected: ReadonlyMap<number, string>,
    isLook: boolean,
  ): string | undefined {
    const nowMs = this.#nowMs;
    const closed = new Map<number, string>();
    for (const action of actions) {
      if (action.type === 'close') closed.set(action.connection, action.reason);
      if (action.type !== 'dial') continue;
      const wrong = this.#model.dialed(action.connection, action.address, nowMs);
      if (wrong !== undefined) return `dials ${keyOf(action.address)}, ${wrong}`;
    }
    const late = isLook ? this.#model.overdue(nowMs) : undefined;
    const textOf = (ends: ReadonlyMap<number, string>) =>
      [...ends]
        .sort(([a], [b]) => a - b)
        .map(([connection, reason]) => `${connection} ${reason}`)
        .join(', ');
    const open = [...this.#model.contacts.values()].filter(({ state }) => state === 'open');
    return (
      differ('closes', textOf(closed), textOf(expected)) ??
      differ('peers', this.#engine.status(1)!.peers.length, open.length) ??
      (late && `has not dialed ${keyOf(late.address)}, due for ${nowMs - late.byMs} ms`)
    );
  }
}

export const doors: readonly Part[] = [{ name: 'doors', play: (random) => new Play(random).run() }];
