/**
 * The store convention. A store is what one module does with the database: named operations that take at most
 * one plain value, return a plain value, run synchronously, and throw an Error with a `code` to refuse. A
 * worker hosts it; other threads use its `Calls`.
 */
import type { DatabaseSync } from 'node:sqlite';

// biome-ignore lint/suspicious/noExplicitAny: each operation has its own argument type, which Calls keeps
export type Operation = (argument: any) => unknown;

export type Store = Readonly<Record<string, Operation>>;

/** A store as seen from another thread: the same names, with promises as answers. */
export type Calls<S extends Store> = {
  readonly [Name in keyof S]: (...args: Parameters<S[Name]>) => Promise<ReturnType<S[Name]>>;
};

/**
 * One step of a module's tables from the previous version: SQL, or a function where SQL is not enough. Each
 * step runs in its own transaction without foreign keys, so that a referenced table can be rebuilt. Foreign
 * keys are checked before the commit. `rewrite`: whether to rewrite the whole file, so that no data removed
 * by earlier steps remains in free pages.
 */
export type Migration =
  | string
  | ((db: DatabaseSync) => void)
  | { readonly rewrite: (db: DatabaseSync) => boolean };

/** What the file of a module's stores exports. The workers import it by its URL. */
export interface StoreModule {
  /**
   * In order: the version of a module's tables is the number of migrations that have run. Released migrations
   * never change.
   */
  readonly migrations: readonly Migration[];
  /** Runs in the writer, in a transaction that is synced before the answer is sent. */
  writes(db: DatabaseSync): Store;
  /** Runs in the reader, in one snapshot per call. `db` can write only to temporary tables. */
  reads(db: DatabaseSync): Store;
}
