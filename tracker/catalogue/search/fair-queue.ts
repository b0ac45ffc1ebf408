/**
 * What waits for its turn, fairly: addresses take turns, and within an address its accounts. So one account with many
 * things waiting delays each other account by one of them, and many accounts behind one address are one address. Pure.
 *
 * Invariant: never more than `allMax` wait, nor more than `perAddressMax` and `perAccountMax` of one.
 */
export interface FairLimits {
  readonly allMax: number;
  readonly perAddressMax: number;
  readonly perAccountMax: number;
}

export interface Asker {
  readonly address: string;
  readonly account: string;
}

/** Whose limit is met. */
export type QueueFull = 'account' | 'address' | 'all';

type OfAddress<Item> = { readonly accounts: Map<string, Item[]>; count: number };

export class FairQueue<Item> {
  readonly #limits: FairLimits;
  /** The one whose turn is next stands first, here and within an address. */
  readonly #addresses = new Map<string, OfAddress<Item>>();
  #count = 0;

  constructor(limits: FairLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  /** Undefined: it waits now. */
  add({ address, account }: Asker, item: Item): QueueFull | undefined {
    const { allMax, perAddressMax, perAccountMax } = this.#limits;
    const ofAddress = this.#addresses.get(address) ?? { accounts: new Map<string, Item[]>(), count: 0 };
    const items = ofAddress.accounts.get(account) ?? [];
    if (items.length >= perAccountMax) return 'account';
    if (ofAddress.count >= perAddressMax) return 'address';
    if (this.#count >= allMax) return 'all';
    items.push(item);
    ofAddress.accounts.set(account, items);
    ofAddress.count += 1;
    this.#addresses.set(address, ofAddress);
    this.#count += 1;
    return undefined;
  }

  /** The next in turn, taken out; undefined: nothing waits. */
  next(): Item | undefined {
    const [address, ofAddress] = first(this.#addresses) ?? [];
    if (address === undefined || ofAddress === undefined) return undefined;
    const [account, items = []] = first(ofAddress.accounts) ?? [];
    const item = items.shift();
    if (account === undefined || item === undefined) return undefined;
    ofAddress.count -= 1;
    this.#count -= 1;
    // Behind all others, or gone.
    ofAddress.accounts.delete(account);
    if (items.length > 0) ofAddress.accounts.set(account, items);
    this.#addresses.delete(address);
    if (ofAddress.count > 0) this.#addresses.set(address, ofAddress);
    return item;
  }
}

function first<Key, Value>(map: ReadonlyMap<Key, Value>): readonly [Key, Value] | undefined {
  return map.entries().next().value;
}
