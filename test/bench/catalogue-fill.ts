/**
 * Fills a catalogue's database with the music of catalogue-music.ts, through the catalogue's own writer, with
 * many releases per transaction. It writes no .torrent files: they lie beside the database, and no search
 * reads them.
 */
import { createHash } from 'node:crypto';
import { migrations } from '../../tracker/catalogue/catalogue-stores.ts';
import { releaseWrites } from '../../tracker/catalogue/publication/release-writes.ts';
import { openConnection } from '../../tracker/database/connection.ts';
import { migrate } from '../../tracker/database/migrations.ts';
import { publication, releaseIdOf } from '../tracker/catalogue/catalogue-album.ts';
import { musicLibrary } from './catalogue-music.ts';

/** Accounts that publish, each with a few hundred releases. */
export const publisherCount = 400;
const releasesPerTransaction = 500;

export function fillCatalogue(path: string, releases: number, onProgress: (done: number) => void): void {
  const db = openConnection(path, 'writer');
  // If the machine crashes, the database is made again.
  db.exec('PRAGMA synchronous = OFF');
  migrate(db, new Map([['catalogue', migrations]]));
  const { publish } = releaseWrites(db, {
    write: (bytes) => createHash('sha256').update(bytes).digest(),
    adopt: ({ digest }) => digest,
    read: () => new Uint8Array(0),
  });
  const albumOf = musicLibrary();
  for (let index = 0; index < releases; ) {
    db.exec('BEGIN');
    for (let n = 0; n < releasesPerTransaction && index < releases; n++, index++) {
      const viewer = { accountId: 1 + (index % publisherCount), role: 'member', groupIds: [] } as const;
      publish(publication(releaseIdOf(`bench ${index}`), viewer, albumOf(index)));
    }
    db.exec('COMMIT');
    onProgress(index);
  }
  db.close();
}
