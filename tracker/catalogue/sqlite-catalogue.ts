/**
 * The catalogue on our database. Calls go to the database's workers; listeners get each change before its
 * publisher does.
 */
import { extname } from 'node:path';
import type { Database } from '../database/database.ts';
import { type SealedNumbers, sealedNumbers } from '../sealed-numbers.ts';
import { awaitsApproval } from './catalogue-error.ts';
import type { reads, writes } from './catalogue-stores.ts';
import type { Catalogue, Page, ServedRelease } from './contract.ts';
import type { Awaiting } from './publication/release-writes.ts';
import { cursorInvalid, readCursor, writeCursor } from './search/cursor.ts';
import { positionNumbers } from './search/search.ts';

/** For `rooms` of openDatabase. */
export const catalogueStores = new URL(`./catalogue-stores${extname(import.meta.url)}`, import.meta.url);

/** The name of these stores in the database. */
const room = 'catalogue';

/** `key`: the tracker's key (key-file.ts). Cursors stay valid as long as the key does. */
export function sqliteCatalogue(
  database: Database,
  key: Uint8Array,
  onError: (error: unknown) => void = (error) => console.error(error),
): Catalogue {
  const write = database.writes<ReturnType<typeof writes>>(room);
  const read = database.reads<ReturnType<typeof reads>>(room);
  const listeners: ((release: ServedRelease) => void)[] = [];
  const telling =
    <Input>(change: (input: Input) => Promise<ServedRelease | Awaiting>) =>
    async (input: Input) => {
      const served = await change(input);
      if ('isAwaiting' in served) throw awaitsApproval();
      for (const listener of listeners) listener(served);
      void indexRest();
      return served;
    };
  let isIndexing = false;
  let isMoreToIndex = false;

  /** Indexes one slice per call, so that other writes can run between two slices. */
  async function indexRest(): Promise<void> {
    isMoreToIndex = true;
    if (isIndexing) return;
    isIndexing = true;
    try {
      while (isMoreToIndex) {
        isMoreToIndex = false;
        while (await write.indexMore());
      }
    } catch (error) {
      // Indexing continues with the next change, or at the next start of the tracker.
      if ((error as { code?: string }).code !== 'database-stopped') onError(error);
    } finally {
      isIndexing = false;
    }
  }

  void indexRest();
  const lists = sealedNumbers(key, 'cursors of lists');
  const searches = sealedNumbers(key, 'cursors of searches');
  return {
    ...read,
    releases: paged(read.releases, lists, 1),
    searchTracks: paged(read.searchTracks, searches, positionNumbers),
    searchReleases: paged(read.searchReleases, searches, positionNumbers),
    publish: telling(write.publish),
    addVersion: telling(write.addVersion),
    changeAccess: telling(write.changeAccess),
    withdraw: telling(write.withdraw),
    ownedBy: (publisherId, after = 0) => write.ownedBy({ publisherId, after }),
    dropWaitingOf: write.dropWaitingOf,
    indexRest: () => void indexRest(),
    onServed(listener) {
      listeners.push(listener);
    },
  };
}

/** The same query with sealed cursors of `count` numbers in place of plain ones. */
function paged<Input extends { readonly after?: string | undefined }, Row>(
  ask: (input: Input) => Promise<Page<Row>>,
  sealed: SealedNumbers,
  count: number,
): (input: Input) => Promise<Page<Row>> {
  return async (input) => {
    const position = input.after === undefined ? undefined : sealed.open(input.after, count);
    if (input.after !== undefined && position === undefined) throw cursorInvalid();
    const { rows, next } = await ask({ ...input, after: position && writeCursor(position) });
    return { rows, next: next && sealed.seal(readCursor(next, count)) };
  };
}
