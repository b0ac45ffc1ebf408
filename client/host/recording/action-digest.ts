/**
 * A running number over everything the engine has decided: two runs that agree on it at a fact have acted alike up to
 * there. FNV-1a in 32 bits: it has to tell a change, not to withstand anybody.
 *
 * Payloads of blocks are left out, as they are of recordings: nothing is decided by them.
 */
import type { Action } from '../../engine/contract.ts';
import { withoutCredentials } from '../network/web-credentials.ts';

const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;
/** Deeper than any action is. */
const depthMax = 8;

export class ActionDigest {
  #hash = offsetBasis | 0;

  /** What `handle` answered, and when the engine wants to be woken after it. */
  add(actions: readonly Action[], wakeAtMs: number): void {
    this.#number(actions.length);
    for (const action of actions) this.#value(essence(action), 0);
    this.#number(wakeAtMs);
  }

  /** Eight hexadecimal digits. */
  get text(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  #value(value: unknown, depth: number): void {
    if (depth > depthMax) throw new Error('an action is nested deeper than actions are');
    if (typeof value === 'number') this.#number(value);
    // A recording has trackers without passwords, and is replayed with those.
    else if (typeof value === 'string') this.#characters(withoutCredentials(value));
    else if (value instanceof Uint8Array) this.#bytes(value);
    else if (typeof value !== 'object' || value === null) this.#characters(String(value));
    else if (Array.isArray(value)) {
      this.#number(value.length);
      for (const item of value) this.#value(item, depth + 1);
    } else {
      for (const [name, item] of Object.entries(value)) {
        this.#characters(name);
        this.#value(item, depth + 1);
      }
    }
  }

  #bytes(bytes: Uint8Array): void {
    this.#number(bytes.length);
    let hash = this.#hash;
    for (const byte of bytes) hash = Math.imul(hash ^ byte, prime);
    this.#hash = hash;
  }

  #characters(text: string): void {
    this.#number(text.length);
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
  }

  /** Integers of up to 53 bits, and -1. */
  #number(value: number): void {
    this.#mix(value | 0);
    this.#mix(Math.floor(value / 0x1_0000_0000));
  }

  #mix(word: number): void {
    this.#hash = Math.imul(this.#hash ^ word, prime);
  }
}

/** The action without what is only carried. */
function essence(action: Action): object {
  switch (action.type) {
    case 'send-block':
      return { ...action, payload: action.payload.length };
    case 'store-piece':
      return { ...action, buffer: action.buffer.bytes };
    default:
      return action;
  }
}
