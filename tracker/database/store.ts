/**
 * The store convention. A *store* is what one room does with the database: named operations that take at most one
 * plain value, answer with another, run to their end without waiting, and throw an Error with a `code` to refuse. A
 * worker hosts it; everybody else holds its `Calls`.
 */
import type { DatabaseSync } from 'node:sqlite';

// biome-ignore lint/suspicious/noExplicitAny: an operation's argument is its own business; the types of Calls keep it
export type Operation = (argument: any) => unknown;

export type Store = Readonly<Record<string, Operation>>;

/** A store as it looks from another thread: the same names, answers as promises. */
export type Calls<S extends Store> = {
  readonly [Name in keyof S]: (...args: Parameters<S[Name]>) => Promise<ReturnType<S[Name]>>;
};

/**
 * One step of a room's tables, from the version before it; SQL, or a function where SQL is not enough. Each runs in a
 * transaction of its own, without foreign keys, so that a table that others refer to can be made anew; they are checked
 * before the step is kept. `rewrite`: whether the whole file is written anew, so that nothing that was removed by earlier
 * steps is left in its unused places.
 */
export type Migration =
  | string
  | ((db: DatabaseSync) => void)
  | { readonly rewrite: (db: DatabaseSync) => boolean };

/** What the file of a room's stores exports: it is imported in the workers, by its URL. */
export interface StoreModule {
  /** In order: the version of a room's tables is how many of these have run. Never changed once released. */
  readonly migrations: readonly Migration[];
  /** Runs in the writer, inside a transaction that is durable before anybody hears of the answer. */
  writes(db: DatabaseSync): Store;
  /** Runs in the reader, in one snapshot a call; `db` takes no writes but those to temporary tables. */
  reads(db: DatabaseSync): Store;
}
