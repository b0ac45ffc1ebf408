import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogueStores, sqliteCatalogue } from '../../tracker/catalogue/sqlite-catalogue.ts';
import { openDatabase } from '../../tracker/database/database.ts';
import { type CatalogueBench, catalogueContract } from './catalogue.contract.ts';
import { catalogueAccessContract } from './catalogue-access.contract.ts';
import { catalogueSearchContract } from './catalogue-search.contract.ts';

const key = new Uint8Array(32).fill(1);

async function openSqlite(): Promise<CatalogueBench> {
  const folder = await mkdtemp(join(tmpdir(), 'cicada-catalogue-'));
  const open = () => openDatabase({ path: join(folder, 'cicada.db'), rooms: { catalogue: catalogueStores } });
  let database = await open();
  return {
    catalogue: sqliteCatalogue(database, key),
    async reopen() {
      await database.close();
      database = await open();
      return sqliteCatalogue(database, key);
    },
    async stop() {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}

catalogueContract('SQLite', openSqlite);
catalogueAccessContract('SQLite', openSqlite);
catalogueSearchContract('SQLite', openSqlite);
