/**
 * The peer directory and its dials beside a plain list of records, which is searched anew each time for who
 * may be dialed and who has to wait.
 */
import type { PeerAddress } from '../../../client/engine/contract.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { PeerDirectory } from '../../../client/engine/peers/peer-directory.ts';
import type { PeerRecord } from '../../../client/engine/peers/peer-record.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { AddressBook, isFree, type Known, keyOf } from './address-book.ts';
import { differ, limitsWith, OverheardChance, oneOf, type Part, rarely } from './part.ts';

const hosts = ['10.0.0.1', '10.0.0.2', '10.0.1.1', '2001:db8::1', '2001:db8::2', '127.0.0.1'];
const ids = ['aa', 'bb', 'cc'];

class Play {
  readonly #random: Prng;
  readonly #chance: OverheardChance;
  readonly #limits: Limits;
  readonly #directory: PeerDirectory;
  readonly #book: AddressBook;
  #nowMs = 1_000;
  #dials = 0;
  #wantsSeeds = true;

  constructor(random: Prng) {
    this.#random = random;
    this.#chance = new OverheardChance(random);
    const redialFirstMs = 1 + random.below(1_000);
    this.#limits = limitsWith({
      ...{ peersKnownMax: rarely(random, 3) ? 2 + random.below(5) : 500 },
      ...{
        redialFirstMs,
        redialMaxMs: redialFirstMs + random.below(9_000),
        dialFailuresMax: 2 + random.below(4),
      },
      ...{ banMs: 1_000 + random.below(20_000), hostBanFirstMs: 1 + random.below(4_000) },
      ...{
        seedMemoryMs: random.below(9_000),
        hostFullWaitMs: 1 + random.below(900),
        connectionsPerHostMax: 1 + random.below(3),
      },
    });
    this.#directory = new PeerDirectory(this.#limits, this.#chance.asPrng);
    this.#book = new AddressBook(this.#limits, this.#chance);
  }

  run(): string | undefined {
    for (let step = 0; step < 60; step++) {
      this.#nowMs += this.#random.below(oneOf(this.#random, [50, 1_000, 1_000, 9_000]));
      this.#chance.drawn.length = 0;
      const wrong = this.#step() ?? this.#judge();
      if (wrong !== undefined) return `at ${this.#nowMs}: ${wrong}`;
    }
    return undefined;
  }

  #address(): PeerAddress {
    return { host: oneOf(this.#random, hosts), port: 1 + this.#random.below(3) };
  }

  #isIn(state: PeerRecord['state']): Known | undefined {
    const those = this.#book.list.filter((known) => known.state === state && known.record !== undefined);
    return those[this.#random.below(Math.max(1, those.length))];
  }

  #step(): string | undefined {
    const [directory, book, nowMs, random] = [this.#directory, this.#book, this.#nowMs, this.#random];
    switch (random.below(10)) {
      case 0: {
        const addresses = Array.from({ length: 1 + random.below(4) }, () => this.#address());
        directory.learn(addresses, 'tracker', nowMs);
        return void book.learn(addresses, nowMs);
      }
      case 1:
      case 2:
      case 3:
        return this.#dial();
      case 4:
      case 5:
        return this.#endDial();
      case 6:
        return this.#comeIn();
      case 7:
        return this.#endConnection();
      case 8: {
        const known = this.#isIn('connected');
        if (known === undefined) return undefined;
        const address = rarely(random, 2)
          ? this.#address()
          : { host: known.address.host, port: 1 + random.below(3) };
        directory.alias(address, known.record!, nowMs);
        return void book.alias(address, known, nowMs);
      }
      default: {
        if (!rarely(random, 3)) return undefined;
        directory.redialSeeds(nowMs);
        for (const known of book.list)
          if (known.isSeed && known.failures === 0) known.dueMs = Math.min(known.dueMs, nowMs);
        return undefined;
      }
    }
  }

  #dial(): string | undefined {
    const [book, nowMs, random] = [this.#book, this.#nowMs, this.#random];
    if (rarely(random, 6)) this.#wantsSeeds = !this.#wantsSeeds;
    const wantsSeeds = this.#wantsSeeds;
    const full = rarely(random, 2) ? oneOf(random, hosts) : undefined;
    const record = this.#directory.next(nowMs, wantsSeeds, (host) => host === full);
    const mayBe = book.list.filter(
      (known) =>
        known.isDialable &&
        isFree(known) &&
        Math.max(known.dueMs, known.notBeforeMs, known.bannedUntilMs) <= nowMs,
    );
    const hasRoom = ({ address: { host } }: Known) => host !== full && !book.bans.isBannedHost(host, nowMs);
    const wanted = mayBe.filter((known) => wantsSeeds || !known.isSeed);
    const ready = wanted.filter(hasRoom);
    const sure = ready.filter(({ passedMs }) => nowMs - passedMs >= this.#limits.hostFullWaitMs);
    for (const known of wanted) if (!hasRoom(known)) known.passedMs = nowMs;
    const isTurnOfFailed = (this.#dials + 1) % 4 === 0;
    const placed = sure.filter(({ wasHeld }) => !wasHeld);
    const [due] = sure;
    if (record === undefined) return due && `dials no peer, and ${due.key} is due since ${due.dueMs}`;
    const known = ready.find(({ key }) => key === record.key);
    if (known === undefined) return `dials ${record.key}, which is not due, or has no room`;
    this.#dials += 1;
    const isPlaced = !known.wasHeld;
    known.wasHeld = false;
    known.record = record;
    record.state = known.state = 'dialing';
    if (!isPlaced) return undefined;
    const better = placed.find(({ failures }) =>
      isTurnOfFailed ? failures > known.failures : failures < known.failures,
    );
    if (better !== undefined)
      return `dials ${known.key} with ${known.failures} failures before ${better.key} with ${better.failures}`;
    return undefined;
  }

  #endDial(): string | undefined {
    const [directory, book, nowMs, random] = [this.#directory, this.#book, this.#nowMs, this.#random];
    const known = this.#isIn('dialing');
    if (known === undefined) return undefined;
    const { record } = known;
    const connected = this.#isIn('connected');
    const end = (worked: boolean) => {
      directory.release(record!, worked, nowMs);
      book.release(known, worked, nowMs);
    };
    switch (random.below(4)) {
      case 0:
        return void end(false);
      case 1:
        if (connected === undefined) return void end(false);
        directory.hold(record!, connected.record!, nowMs);
        book.hold(known, connected, nowMs);
        return void end(true);
      case 2:
        if (!rarely(random, 3)) return undefined;
        // The address was our own.
        directory.forget(record!);
        book.remove(known);
        return void end(false);
      default: {
        const id = oneOf(random, ids);
        const wrong = this.#meet(known, id);
        if (wrong !== undefined) return wrong;
        if (known.bannedUntilMs > nowMs) return void end(false);
        return this.#join(known);
      }
    }
  }

  /** The peer has sent its peer id. */
  #meet(known: Known, id: string): string | undefined {
    const nowMs = this.#nowMs;
    const isBanned = this.#directory.isBannedAs(known.record!, Buffer.from(id, 'hex'), nowMs);
    known.bannedUntilMs = Math.max(
      known.bannedUntilMs,
      this.#book.bans.bannedUntilMs(known.address.host, id),
    );
    return differ(`${known.key} as ${id} is banned`, isBanned, known.bannedUntilMs > nowMs);
  }

  #join(known: Known, former?: Known): undefined {
    const [directory, book, nowMs, random] = [this.#directory, this.#book, this.#nowMs, this.#random];
    const held = former === undefined ? [] : directory.heldBy(former.record!);
    const heldThen = former === undefined ? [] : [...(book.holds.get(former) ?? [])];
    if (former !== undefined) {
      directory.release(former.record!, true, nowMs);
      book.release(former, true, nowMs);
    }
    directory.keep(known.record!, nowMs);
    known.state = 'connected';
    book.keep(known, nowMs);
    if (former !== undefined) {
      directory.succeed(former.record!, held, known.record!, nowMs);
      for (const other of [former, ...heldThen]) if (other.state === 'idle') book.hold(other, known, nowMs);
    }
    known.isSeed = known.record!.isSeed = rarely(random, 3);
  }

  #comeIn(): string | undefined {
    const [directory, book, nowMs, random] = [this.#directory, this.#book, this.#nowMs, this.#random];
    const address = this.#address();
    const id = oneOf(random, ids);
    const record = directory.incoming(address, Buffer.from(id, 'hex'), nowMs);
    const key = `${address.host}/${id}`;
    const known = book.at(key) ?? book.make(key, address, false, nowMs);
    const wrong =
      differ('comes in as', record.key, key) ??
      differ(
        `${address.host} is shut out`,
        directory.isBannedHost(address.host, nowMs),
        book.bans.isBannedHost(address.host, nowMs),
      );
    if (wrong !== undefined) return wrong;
    known.record ??= record;
    if (record.state === 'connected' || directory.isBannedHost(address.host, nowMs)) return undefined;
    const disbelief = this.#meet(known, id);
    if (disbelief !== undefined || known.bannedUntilMs > nowMs) return disbelief;
    const former = this.#isIn('connected');
    return this.#join(known, former !== known && rarely(random, 3) ? former : undefined);
  }

  #endConnection(): undefined {
    const [directory, book, nowMs, random] = [this.#directory, this.#book, this.#nowMs, this.#random];
    const known = this.#isIn('connected');
    if (known === undefined) return;
    if (rarely(random, 3)) {
      directory.ban(known.record!, nowMs);
      book.ban(known, nowMs);
    }
    const worked = !rarely(random, 3);
    directory.release(known.record!, worked, nowMs);
    book.release(known, worked, nowMs);
  }

  #judge(): string | undefined {
    const { list } = this.#book;
    const dialable = list.filter(({ isDialable }) => isDialable).map(({ key }) => key);
    const wrong =
      differ('addresses known', this.#directory.size, list.length) ??
      differ('can be dialed', this.#directory.dialable.map(keyOf).join(), dialable.join());
    if (wrong !== undefined) return wrong;
    for (const { key, record, ...known } of list) {
      if (record === undefined) continue;
      const about =
        differ('is held', record.held, known.heldBy !== undefined) ??
        differ('state', record.state, known.state) ??
        differ('failures', record.failures, known.failures) ??
        differ('is dialed from', record.nextDialMs, known.dueMs) ??
        differ('and not before', record.notBeforeMs, known.notBeforeMs) ??
        differ('banned until', record.bannedUntilMs, known.bannedUntilMs) ??
        differ('is a seed', record.isSeed, known.isSeed);
      if (about !== undefined) return `${key}: ${about}`;
    }
    return undefined;
  }
}

export const addresses: readonly Part[] = [{ name: 'addresses', play: (random) => new Play(random).run() }];
