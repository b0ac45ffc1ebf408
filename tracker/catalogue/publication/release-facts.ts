/**
 * What ranking and filtering ask of every hit, in memory of the search thread: who may see a release, its names, its
 * year, how complete it is, and its swarm. A hit's number leads to it without a look into the database.
 *
 * Invariant: as new as the snapshot that is being read: refresh() comes first in every search.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Viewer } from '../../access.ts';
import { visibilities } from '../rows.ts';
import { isMember } from '../visible.ts';

export interface ReleaseFact {
  visibility: number;
  publisherId: number;
  groupId: number;
  people: ReadonlySet<number> | undefined;
  year: number;
  completeness: number;
  album: string;
  artist: string | undefined;
  albumArtist: string | undefined;
  genre: string | undefined;
  seeds: number;
  leechers: number;
}

const [everyone, members, group, people] = visibilities.map((_, place) => place);

export class ReleaseFacts {
  readonly #changed;
  readonly #people;
  readonly #dataVersion;
  /** By the release's number. */
  readonly #facts: (ReleaseFact | undefined)[] = [];
  /** Releases by visibility, withdrawn ones included until the next start. */
  readonly #counts = visibilities.map(() => 0);
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
    // Changes when another connection, which is the writer's, has committed.
    this.#dataVersion = db.prepare('PRAGMA data_version');
    this.refresh();
  }

  refresh(): boolean {
    const dataVersion = Number(this.#dataVersion.get()!.data_version);
    if (dataVersion === this.#lastDataVersion) return false;
    this.#lastDataVersion = dataVersion;
    for (const row of this.#changed.iterate(this.#lastChange)) {
      const [id, visibility, publisherId, groupId, year, completeness, change, takenDownMs, ...names] =
        row as unknown as number[];
      const [album, artist, albumArtist, genre] = names as unknown as (string | null)[];
      const known = this.#facts[id!];
      if (known !== undefined) this.#counts[known.visibility]!--;
      this.#lastChange = change!;
      this.#facts[id!] = undefined;
      if (takenDownMs !== null) continue;
      this.#counts[visibility!]!++;
      // Between everyone and some a release changes its swarm, and what was counted is of the other one.
      const isSameSwarm =
        known !== undefined && (known.visibility === everyone) === (visibility === everyone);
      const named =
        visibility === people ? this.#people.all(id!).map((row) => row.account_id as number) : undefined;
      this.#facts[id!] = {
        visibility: visibility!,
        publisherId: publisherId!,
        groupId: groupId ?? -1,
        people: named && new Set(named),
        year: year ?? 0,
        completeness: completeness!,
        album: album!,
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

  sees(viewer: Viewer, fact: ReleaseFact): boolean {
    if (fact.visibility === everyone || fact.publisherId === viewer.accountId) return true;
    if (fact.visibility === members) return isMember(viewer.role);
    if (fact.visibility === group) return viewer.groupIds.includes(fact.groupId);
    return viewer.accountId !== undefined && (fact.people?.has(viewer.accountId) ?? false);
  }

  /** Whether most hits may be seen anyway, so that looking at each is the shortest way. */
  seesMost({ role }: Viewer): boolean {
    const seen = this.#counts[everyone!]! + (isMember(role) ? this.#counts[members!]! : 0);
    return seen * 2 >= this.#counts.reduce((sum, count) => sum + count, 0);
  }
}
