/**
 * A running hash over all decisions of the engine: two runs with the same hash at a fact have acted alike up
 * to there. FNV-1a with 32 bits, since it has to show a change and not resist an attack.
 *
 * Payloads of blocks are left out, as in recordings: no decision depends on them.
 */
import type { Action } from '../../engine/contract.ts';
import { withoutCredentials } from '../network/web-credentials.ts';

const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;
/** More than the depth of any action. */
const depthMax = 8;

export class ActionDigest {
  #hash = offsetBasis | 0;

  /** Adds the answer of `handle`, and when the engine wants to wake next. */
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
    // A recording has tracker URLs without passwords, and is replayed with those.
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

/** The action without the payload that it carries. */
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
