/** The catalogue on our database: calls go to its workers; changes are told before their publisher hears of them. */
import { extname } from 'node:path';
import type { Database } from '../database/database.ts';
import { awaitsApproval } from './catalogue-error.ts';
import type { reads, writes } from './catalogue-stores.ts';
import type { Catalogue, ServedRelease } from './contract.ts';
import type { Awaiting } from './release-writes.ts';

/** For `rooms` of openDatabase. */
export const catalogueStores = new URL(`./catalogue-stores${extname(import.meta.url)}`, import.meta.url);

/** `room`: the name under which the database was given the stores. */
export function sqliteCatalogue(database: Database, room = 'catalogue'): Catalogue {
  const write = database.writes<ReturnType<typeof writes>>(room);
  const read = database.reads<ReturnType<typeof reads>>(room);
  const listeners: ((release: ServedRelease) => void)[] = [];
  const telling =
    <Input>(change: (input: Input) => Promise<ServedRelease | Awaiting>) =>
    async (input: Input) => {
      const served = await change(input);
      if ('isAwaiting' in served) throw awaitsApproval();
      for (const listener of listeners) listener(served);
      return served;
    };
  return {
    ...read,
    publish: telling(write.publish),
    addVersion: telling(write.addVersion),
    changeAccess: telling(write.changeAccess),
    withdraw: telling(write.withdraw),
    onServed(listener) {
      listeners.push(listener);
    },
  };
}
