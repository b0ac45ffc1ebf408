/**
 * Seals and opens the ids of messages, notices and events. They share one number sequence in the database,
 * which also counts private messages and hidden notices, so raw numbers would reveal their number. A sealed
 * id (sealed-numbers.ts) is the same for every reader.
 */
import type { Conversation, Message, Notice, PageAsked } from '../../community/contract.ts';
import { type SealedNumbers, sealedNumbers } from '../../sealed-numbers.ts';
import { ApiError } from './context.ts';

interface AskedPage {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

export type Sealed<Told> = Omit<Told, 'id'> & { readonly id: string };

export interface SealedIds {
  seal(id: number): string;
  /** Undefined if this tracker did not seal the id. */
  open(text: string): number | undefined;
  /** A copy with its id sealed. */
  sealed<Told extends Message | Notice>(told: Told): Sealed<Told>;
  conversation(row: Conversation): { readonly with: string; readonly last: Sealed<Message> };
  /** Throws ApiError `cursor-invalid`. */
  page(asked: AskedPage): PageAsked;
  /** Throws ApiError `cursor-invalid`. */
  known(text: string): number;
}

/** `key`: the tracker's key. The same key gives the same ids. */
export function sealedIds(key: Uint8Array): SealedIds {
  const numbers: SealedNumbers = sealedNumbers(key, 'events');
  const seal = (id: number) => numbers.seal([id]);
  const open = (text: string) => numbers.open(text, 1)?.[0];
  const sealed = <Told extends Message | Notice>(told: Told) => ({ ...told, id: seal(told.id) });
  const known = (text: string) => {
    const id = open(text);
    if (id !== undefined) return id;
    throw new ApiError(400, 'cursor-invalid', 'this is no id of this tracker: begin again without it');
  };
  return {
    ...{ seal, open, sealed, known },
    conversation: ({ with: person, last }) => ({ with: person, last: sealed(last) }),
    page: ({ before, after, limit }) => ({
      ...(before !== undefined && { before: known(before) }),
      ...(after !== undefined && { after: known(after) }),
      ...(limit !== undefined && { limit }),
    }),
  };
}
