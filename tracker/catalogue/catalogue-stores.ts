/** The catalogue's stores, as the database's workers load them (tracker/database/store.ts). */
import type { DatabaseSync } from 'node:sqlite';
import { ReleaseFacts } from './publication/release-facts.ts';
import { releaseWrites } from './publication/release-writes.ts';
import { releaseReads } from './release-reads.ts';
import type { SearchLimits } from './search/search.ts';
import { Vocabulary } from './words/vocabulary.ts';

export { migrations } from './migrations.ts';

export function writes(db: DatabaseSync) {
  return releaseWrites(db);
}

/** `limits`: tests pass smaller ones. */
export function reads(db: DatabaseSync, limits?: SearchLimits) {
  return releaseReads(db, new ReleaseFacts(db), new Vocabulary(db), limits);
}
