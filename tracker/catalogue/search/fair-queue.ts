/**
 * A fair queue: addresses take turns, and within an address its accounts do. So an account with many waiting
 * items delays each other account by one item only, and many accounts behind one address count as one
 * address. Pure.
 *
 * Invariant: at most `allMax` items wait in total, `perAddressMax` of one address and `perAccountMax` of one
 * account.
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

/** Whose limit is reached. */
export type QueueFull = 'account' | 'address' | 'all';

type OfAddress<Item> = { readonly accounts: Map<string, Item[]>; count: number };

export class FairQueue<Item> {
  readonly #limits: FairLimits;
  /** The next in turn stands first, among the addresses and among the accounts of an address. */
  readonly #addresses = new Map<string, OfAddress<Item>>();
  #count = 0;

  constructor(limits: FairLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  /** Undefined: the item is queued. */
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

  /** Removes and returns the next item in turn; undefined: the queue is empty. */
  next(): Item | undefined {
    const [address, ofAddress] = first(this.#addresses) ?? [];
    if (address === undefined || ofAddress === undefined) return undefined;
    const [account, items = []] = first(ofAddress.accounts) ?? [];
    const item = items.shift();
    if (account === undefined || item === undefined) return undefined;
    ofAddress.count -= 1;
    this.#count -= 1;
    // The address and the account move behind all others, or are deleted when they are empty.
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
