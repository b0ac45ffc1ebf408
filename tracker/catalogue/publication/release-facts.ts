/**
 * The facts that ranking and filtering need of every hit, in memory of the search thread: who may see a
 * release, its names, its year, its completeness and its swarm. They are indexed by the release's number, so
 * that no hit needs a query.
 *
 * Invariant: the facts match the database snapshot being read, because every search calls refresh() first.
 */
import type { DatabaseSync } from 'node:sqlite';
import { isForEveryone, isMember, type SharedAccess, type Viewer } from '../../access.ts';
import { visibilityOf } from '../rows.ts';

export interface ReleaseFact extends SharedAccess {
  year: number;
  completeness: number;
  album: string;
  artist: string | undefined;
  albumArtist: string | undefined;
  genre: string | undefined;
  seeds: number;
  leechers: number;
}

/** In the order of the columns of its statement. */
type FactRow = readonly [
  ...[id: number, visibility: number, publisherId: number, groupId: number | null, year: number | null],
  ...[completeness: number, change: number, takenDownMs: number | null, album: string],
  ...[artist: string | null, albumArtist: string | null, genre: string | null],
];

export class ReleaseFacts {
  readonly #changed;
  readonly #people;
  readonly #dataVersion;
  /** Indexed by the release's number. */
  readonly #facts: (ReleaseFact | undefined)[] = [];
  /** Releases by visibility. Withdrawn ones count until the next start. */
  readonly #counts = { everyone: 0, members: 0, group: 0, people: 0, nobody: 0 };
  #lastChange = 0;
  #lastDataVersion = -1;

  constructor(db: DatabaseSync) {
    this.#changed = db.prepare(
      `SELECT id, visibility, publisher_id, group_id, year, completeness, change, taken_down_ms,
         album, artist, album_artist, genre FROM releases
       WHERE change > ? ORDER BY change`,
    );
    this.#changed.setReturnArrays(true);
    this.#people = db.prepare('SELECT account_id FROM release_people WHERE release_id = ?');
    // data_version changes when another connection (the writer's) has committed.
    this.#dataVersion = db.prepare('PRAGMA data_version');
    this.refresh();
  }

  refresh(): boolean {
    const dataVersion = Number(this.#dataVersion.get()?.data_version);
    if (dataVersion === this.#lastDataVersion) return false;
    this.#lastDataVersion = dataVersion;
    for (const row of this.#changed.iterate(this.#lastChange)) {
      const [id, place, publisherId, groupId, year, completeness, change, takenDownMs, ...names] =
        row as unknown as FactRow;
      const [album, artist, albumArtist, genre] = names;
      const known = this.#facts[id];
      if (known !== undefined) this.#counts[known.visibility]--;
      this.#lastChange = change;
      this.#facts[id] = undefined;
      if (takenDownMs !== null) continue;
      const visibility = visibilityOf(place);
      this.#counts[visibility]++;
      // A release that changes between everyone and a restricted audience changes its swarm, so that the
      // counts of the old swarm no longer apply.
      const isSameSwarm = known !== undefined && isForEveryone(known) === isForEveryone({ visibility });
      const isForPeople = visibility === 'people';
      this.#facts[id] = {
        visibility,
        publisherId,
        groupId: groupId ?? undefined,
        peopleIds: isForPeople ? this.#people.all(id).map((row) => row.account_id as number) : undefined,
        year: year ?? 0,
        completeness,
        album,
        artist: artist ?? undefined,
        albumArtist: albumArtist === artist ? undefined : (albumArtist ?? undefined),
        genre: genre ?? undefined,
        seeds: isSameSwarm ? known.seeds : 0,
        leechers: isSameSwarm ? known.leechers : 0,
      };
    }
    return true;
  }

  get(releaseNumber: number): ReleaseFact | undefined {
    return this.#facts[releaseNumber];
  }

  /** Whether the viewer sees at least half of all releases: then checking each hit is the fastest way. */
  seesMost({ role }: Viewer): boolean {
    const { everyone, members } = this.#counts;
    const seen = everyone + (isMember(role) ? members : 0);
    return seen * 2 >= Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
  }
}
