/** What the reader threads answer: a release, its versions and files, lists of releases and searches. */
import type { DatabaseSync } from 'node:sqlite';
import type { CoverImage } from '../../torrents/tags/covers/cover-image.ts';
import { isPublisher, type Viewer } from '../access.ts';
import type {
  Page,
  ReleaseDetail,
  ReleaseHit,
  ReleaseSummary,
  SearchInput,
  ServedRelease,
  SwarmCount,
  TrackHit,
  VersionSummary,
} from './contract.ts';
import type { ReleaseFacts } from './publication/release-facts.ts';
import { torrentFiles } from './publication/torrent-files.ts';
import { torrentNames } from './publication/torrent-names.ts';
import { releaseOfTrack, trackRange } from './publication/track-id.ts';
import {
  bytesOf,
  type Row,
  releasesWithLatest,
  summaryColumns,
  summaryOf,
  trackColumns,
  trackOf,
  versionRow,
} from './rows.ts';
import { readCursor, writeCursor } from './search/cursor.ts';
import type { Hit } from './search/ranking.ts';
import {
  pageLimit,
  pageRowsMax,
  type SearchLimits,
  type SearchSources,
  searcher,
  searchLimits,
} from './search/search.ts';
import { storedReleases } from './stored-release.ts';
import { takenDownSql, visibleParameters, visibleSql } from './visible.ts';
import type { Vocabulary } from './words/vocabulary.ts';

type ReleaseQuestion = { readonly viewer: Viewer; readonly releaseId: string };

export function releaseReads(
  db: DatabaseSync,
  facts: ReleaseFacts,
  vocabulary: Vocabulary,
  limits: SearchLimits = searchLimits,
) {
  const shelf = openShelf(db, facts);
  return {
    ...oneRelease(shelf),
    ...releaseLists(shelf),
    ...searches(db, { facts, vocabulary, limits }, shelf),
    ...servedReleases(shelf),
  };
}

/** The statements and helpers that all of them share, and how a row becomes an answer. */
function openShelf(db: DatabaseSync, facts: ReleaseFacts) {
  const files = torrentFiles(db);
  const swarmOf = (releaseNumber: unknown) => {
    facts.refresh();
    const { seeds = 0, leechers = 0 } = facts.get(releaseNumber as number) ?? {};
    return { seeds, leechers };
  };
  const torrentName = torrentNames(files);
  const summary = (row: Row) => summaryOf(row, torrentName(row), swarmOf(row.id));

  function trackHit(row: Row, approximate = false): TrackHit {
    const { artist, ...release } = summary(row);
    const { releaseId, publisherId, album, torrentName, year, genre, version, infoHash, infoHashV2 } =
      release;
    const track = trackOf(row);
    return {
      ...track,
      artist: track.artist ?? artist,
      ...{ releaseId, publisherId, album, torrentName, year, genre, version, infoHash, infoHashV2 },
      ...swarmOf(row.id),
      approximate,
    };
  }

  return { sql: statements(db), stored: storedReleases(db), files, facts, summary, trackHit };
}

type Shelf = ReturnType<typeof openShelf>;

function oneRelease({ sql, stored, files, summary }: Shelf) {
  const question = ({ viewer, releaseId }: ReleaseQuestion) => ({ releaseId, ...visibleParameters(viewer) });
  return {
    release(input: ReleaseQuestion & { readonly orTakenDown?: boolean }): ReleaseDetail | undefined {
      const own = input.orTakenDown === true && input.viewer.accountId !== undefined;
      const { releaseId, viewer } = question(input);
      const row = sql.release.get(question(input)) ?? (own && sql.takenDown.get({ releaseId, viewer }));
      if (row === undefined || row === false) return undefined;
      const down = row.taken_down_ms === null ? undefined : sql.takedown.get(releaseId);
      const { publisherId, groupId, peopleIds } = stored.accessOf(row);
      return {
        ...summary(row),
        groupId,
        peopleIds: isPublisher(input.viewer.accountId, { publisherId }) ? peopleIds : undefined,
        tracks: sql.tracks.all(...trackRange(row.id as number)).map(trackOf),
        takenDown: down && { reason: down.reason as string, atMs: down.made_ms as number },
      };
    },

    versions(input: ReleaseQuestion): VersionSummary[] {
      return sql.versions.all(question(input)).map(versionRow);
    },

    torrent(input: ReleaseQuestion & { readonly version?: number | undefined }): Uint8Array | undefined {
      const row = sql.torrent.get({ ...question(input), version: input.version ?? null });
      return row && files.read(bytesOf(row.torrent));
    },

    cover(input: ReleaseQuestion): CoverImage | undefined {
      const row = sql.cover.get(question(input));
      return row && { type: row.type as CoverImage['type'], bytes: bytesOf(row.bytes) };
    },
  };
}

function releaseLists({ sql, summary, trackHit }: Shelf) {
  return {
    releasesOfTorrent(input: { viewer: Viewer; infoHash: Uint8Array }): ReleaseSummary[] {
      const { viewer, infoHash } = input;
      return sql.ofTorrent.all({ infoHash, ...visibleParameters(viewer) }).map(summary);
    },

    homesOf({ viewer, piecesRoot }: { viewer: Viewer; piecesRoot: Uint8Array }): TrackHit[] {
      return sql.homes.all({ piecesRoot, ...visibleParameters(viewer) }).map((row) => trackHit(row));
    },

    releases(input: {
      readonly viewer: Viewer;
      readonly publisherId?: number | undefined;
      readonly piecesRoot?: Uint8Array | undefined;
      readonly after?: string | undefined;
      readonly limit?: number | undefined;
    }): Page<ReleaseSummary> {
      const { viewer, publisherId, piecesRoot, after } = input;
      const limit = pageLimit(input.limit);
      const [below = Number.MAX_SAFE_INTEGER] = after === undefined ? [] : readCursor(after, 1);
      const parameters = { ...visibleParameters(viewer), below, limit: limit + 1 };
      const rows = (() => {
        if (piecesRoot !== undefined) {
          return sql.newestWith.all({ ...parameters, piecesRoot, publisher: publisherId ?? null });
        }
        if (publisherId === undefined) return sql.newest.all(parameters);
        return sql.newestOf.all({ ...parameters, publisher: publisherId });
      })();
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      const next = last && writeCursor([last.id as number]);
      return { rows: shown.map(summary), next };
    },
  };
}

function searches(db: DatabaseSync, found: Omit<SearchSources, 'db'>, { sql, summary, trackHit }: Shelf) {
  const sources = { db, ...found };
  const searchTracks = searcher(sources, {
    words: 'track_words',
    rows: 'tracks',
    releaseOf: releaseOfTrack,
  });
  const searchReleases = searcher(sources, {
    words: 'release_words',
    rows: 'releases',
    releaseOf: (id) => id,
  });
  return {
    searchTracks(input: SearchInput): Page<TrackHit> {
      const { hits, next } = searchTracks(input);
      return { rows: inOrder(hits, sql.trackHits.all(idList(hits)), 'track_id', trackHit), next };
    },

    searchReleases(input: SearchInput): Page<ReleaseHit> {
      const { hits, next } = searchReleases(input);
      const hitOf = (row: Row, approximate: boolean) => ({ ...summary(row), approximate });
      return { rows: inOrder(hits, sql.releaseHits.all(idList(hits)), 'id', hitOf), next };
    },
  };
}

function servedReleases({ sql, stored, facts }: Shelf) {
  return {
    served(): ServedRelease[] {
      return stored.servedAll();
    },

    changedLast(limit: number): string[] {
      return sql.changedLast.all(limit).map((row) => row.public_id as string);
    },

    setSwarms(counts: readonly SwarmCount[]): void {
      facts.refresh();
      for (const { releaseId, seeds, leechers } of counts) {
        const row = sql.number.get(releaseId);
        const fact = row && facts.get(row.id as number);
        if (fact !== undefined) Object.assign(fact, { seeds, leechers });
      }
    },
  };
}

function idList(hits: readonly Hit[]): string {
  return JSON.stringify(hits.map(({ id }) => id));
}

function inOrder<Found>(
  hits: readonly Hit[],
  rows: readonly Row[],
  idColumn: string,
  found: (row: Row, approximate: boolean) => Found,
): Found[] {
  const byId = new Map(rows.map((row) => [row[idColumn] as number, row]));
  return hits.flatMap(({ id, approximate }) => {
    const row = byId.get(id);
    return row === undefined ? [] : [found(row, approximate)];
  });
}

function statements(db: DatabaseSync) {
  const one = `r.public_id = :releaseId AND ${visibleSql}`;
  const newest = (condition: string) =>
    db.prepare(`SELECT ${summaryColumns} FROM ${releasesWithLatest}
      WHERE r.id < :below AND ${condition} AND ${visibleSql} ORDER BY r.id DESC LIMIT :limit`);
  // Each statement checks visibility and reads the data at once, so that no change can come in between.
  return {
    release: db.prepare(`SELECT ${summaryColumns} FROM ${releasesWithLatest} WHERE ${one}`),
    takenDown: db.prepare(
      `SELECT ${summaryColumns} FROM ${releasesWithLatest} WHERE r.public_id = :releaseId AND ${takenDownSql}`,
    ),
    takedown: db.prepare(
      'SELECT reason, made_ms FROM takedowns WHERE public_id = ? ORDER BY id DESC LIMIT 1',
    ),
    tracks: db.prepare(`SELECT ${trackColumns} FROM tracks t WHERE t.id >= ? AND t.id < ? ORDER BY t.id`),
    ofTorrent: db.prepare(`
      SELECT ${summaryColumns} FROM ${releasesWithLatest}
      WHERE r.id IN (SELECT release_id FROM versions WHERE info_hash = :infoHash
                     UNION SELECT release_id FROM versions WHERE info_hash_v2 = :infoHash) AND ${visibleSql}
      ORDER BY r.id DESC LIMIT ${pageRowsMax}`),
    homes: db.prepare(`
      SELECT ${summaryColumns}, ${trackColumns}
      FROM tracks t JOIN releases r ON r.id = t.id / ${trackRange(1)[0]} JOIN versions v
        ON v.release_id = r.id AND v.number = r.version
      WHERE t.pieces_root = :piecesRoot AND ${visibleSql} ORDER BY t.id DESC LIMIT ${pageRowsMax}`),
    versions: db.prepare(`
      SELECT v.* FROM versions v JOIN releases r ON r.id = v.release_id WHERE ${one} ORDER BY v.number DESC`),
    torrent: db.prepare(`
      SELECT v.torrent FROM versions v JOIN releases r ON r.id = v.release_id
      WHERE ${one} AND v.number = coalesce(:version, r.version)`),
    cover: db.prepare(`
      SELECT c.type, c.bytes FROM covers c JOIN releases r ON r.id = c.release_id WHERE ${one}`),
    newest: newest('TRUE'),
    newestOf: newest('r.publisher_id = :publisher'),
    newestWith: newest(
      `r.id IN (SELECT id / ${trackRange(1)[0]} FROM tracks WHERE pieces_root = :piecesRoot)
       AND r.publisher_id = coalesce(:publisher, r.publisher_id)`,
    ),
    trackHits: db.prepare(`
      SELECT ${summaryColumns}, ${trackColumns}
      FROM json_each(?) hit JOIN tracks t ON t.id = hit.value JOIN releases r ON r.id = t.id / ${trackRange(1)[0]}
        JOIN versions v ON v.release_id = r.id AND v.number = r.version`),
    releaseHits: db.prepare(`
      SELECT ${summaryColumns} FROM json_each(?) hit JOIN releases r ON r.id = hit.value
        JOIN versions v ON v.release_id = r.id AND v.number = r.version`),
    changedLast: db.prepare('SELECT public_id FROM releases ORDER BY change DESC LIMIT ?'),
    number: db.prepare('SELECT id FROM releases WHERE public_id = ?'),
  };
}
