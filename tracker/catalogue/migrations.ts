/**
 * The tables of the catalogue. Inside the database a release has a small number. A track's number is made of
 * its release's number and its place (track-id.ts), so that the release is known from the track's number
 * alone.
 *
 * The two full-text tables store only words, not the texts. words.ts makes the words, search-index.ts the
 * facets; a change of either needs a migration that refills the tables. Prefixes of two to six letters have
 * indexes of their own (`prefix`): otherwise each search while typing would merge every word that begins so,
 * which takes tens of milliseconds for frequent prefixes.
 */
import type { Migration } from '../database/store.ts';
import { rebuildIndex } from './search/index-rebuild-migration.ts';
import { countWords } from './words/word-counts-migration.ts';

export const migrations: readonly Migration[] = [
  `
  CREATE TABLE releases (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id     TEXT NOT NULL UNIQUE,
    publisher_id  INTEGER NOT NULL,
    visibility    INTEGER NOT NULL,
    group_id      INTEGER,
    album         TEXT NOT NULL,
    artist        TEXT,
    album_artist  TEXT,
    year          INTEGER,
    genre         TEXT,
    track_count   INTEGER NOT NULL,
    duration_ms   INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    codec         TEXT,
    lossless      INTEGER NOT NULL,
    bit_rate      INTEGER,
    completeness  INTEGER NOT NULL,
    private       INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    change        INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX releases_by_publisher ON releases (publisher_id, id);
  CREATE UNIQUE INDEX releases_by_change ON releases (change);

  -- Only grows, even when the release that was changed last is withdrawn.
  CREATE TABLE changes (last INTEGER NOT NULL) STRICT;
  INSERT INTO changes VALUES (0);

  CREATE TABLE release_people (
    release_id  INTEGER NOT NULL REFERENCES releases ON DELETE CASCADE,
    account_id  INTEGER NOT NULL,
    PRIMARY KEY (release_id, account_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE covers (
    release_id  INTEGER PRIMARY KEY REFERENCES releases ON DELETE CASCADE,
    type        TEXT NOT NULL,
    bytes       BLOB NOT NULL
  ) STRICT;

  CREATE TABLE versions (
    id            INTEGER PRIMARY KEY,
    release_id    INTEGER NOT NULL REFERENCES releases ON DELETE CASCADE,
    number        INTEGER NOT NULL,
    info_hash     BLOB,
    info_hash_v2  BLOB,
    bytes         INTEGER NOT NULL,
    file_count    INTEGER NOT NULL,
    published_at  INTEGER NOT NULL,
    signature     BLOB,
    torrent       BLOB NOT NULL, -- SHA-256 of the file
    UNIQUE (release_id, number)
  ) STRICT;
  CREATE INDEX versions_by_torrent ON versions (torrent);
  CREATE INDEX versions_by_hash ON versions (info_hash) WHERE info_hash IS NOT NULL;
  CREATE INDEX versions_by_hash_v2 ON versions (info_hash_v2) WHERE info_hash_v2 IS NOT NULL;

  -- Torrents whose files are removed when the tracker starts again (torrent-files.ts).
  CREATE TABLE dropped_torrents (digest BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

  CREATE TABLE tracks (
    id           INTEGER PRIMARY KEY,
    file_index   INTEGER NOT NULL,
    path         TEXT NOT NULL,
    disc         INTEGER,
    track        INTEGER,
    title        TEXT NOT NULL,
    artist       TEXT,
    duration_ms  INTEGER,
    codec        TEXT,
    lossless     INTEGER,
    bit_rate     INTEGER,
    sample_rate  INTEGER,
    bytes        INTEGER NOT NULL,
    pieces_root  BLOB
  ) STRICT;
  CREATE INDEX tracks_by_root ON tracks (pieces_root) WHERE pieces_root IS NOT NULL;

  CREATE VIRTUAL TABLE track_words USING fts5 (
    title, artist, album, genre, facets,
    content = '', contentless_delete = 1, detail = column, prefix = '2 3 4 5 6',
    tokenize = "ascii tokenchars ':_-'"
  );
  CREATE VIRTUAL TABLE release_words USING fts5 (
    title, artist, tracks, genre, facets,
    content = '', contentless_delete = 1, detail = column, prefix = '2 3 4 5 6',
    tokenize = "ascii tokenchars ':_-'"
  );

  CREATE TABLE vocabulary (
    id        INTEGER PRIMARY KEY,
    word      TEXT NOT NULL UNIQUE,
    releases  INTEGER NOT NULL
  ) STRICT;
  `,
  // The torrent's name for its own folder. NULL: the version is older than this column, and the name is read
  // from the torrent (torrent-names.ts).
  'ALTER TABLE versions ADD COLUMN torrent_name TEXT',
  `
  -- A moderator took the release down: all rows stay, but no account sees, finds or fetches it.
  ALTER TABLE releases ADD COLUMN taken_down_ms INTEGER;

  -- Takedowns outlive their releases, so that a publisher cannot lift a block by withdrawing the release.
  CREATE TABLE takedowns (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id     TEXT NOT NULL,
    publisher_id  INTEGER NOT NULL,
    moderator_id  INTEGER NOT NULL,
    title         TEXT NOT NULL,
    access        TEXT NOT NULL CHECK (json_valid(access)), -- as it was then: who may read the title
    reason        TEXT NOT NULL,
    music_bytes   INTEGER NOT NULL, -- of the files that are blocked
    made_ms       INTEGER NOT NULL,
    restored_ms   INTEGER,
    unblocked_ms  INTEGER
  ) STRICT;
  CREATE INDEX takedowns_of_release ON takedowns (public_id, id);
  CREATE INDEX takedowns_that_block ON takedowns (id) WHERE unblocked_ms IS NULL;

  -- The content of blocks that stand (content-print.ts).
  CREATE TABLE blocked_hashes (
    hash         BLOB NOT NULL,
    takedown_id  INTEGER NOT NULL REFERENCES takedowns,
    PRIMARY KEY (hash, takedown_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX blocked_hashes_of ON blocked_hashes (takedown_id);
  CREATE TABLE blocked_files (
    takedown_id  INTEGER NOT NULL REFERENCES takedowns,
    root         BLOB,
    bytes        INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX blocked_files_of ON blocked_files (takedown_id);
  CREATE INDEX blocked_files_by_root ON blocked_files (root) WHERE root IS NOT NULL;
  CREATE INDEX blocked_files_by_bytes ON blocked_files (bytes);

  -- Publications that met a block. A decided row stays, as the permission to publish or as the refusal.
  CREATE TABLE waiting (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    publisher_id  INTEGER NOT NULL,
    torrent       BLOB NOT NULL, -- both of its info-hashes
    takedown_id   INTEGER NOT NULL REFERENCES takedowns,
    title         TEXT NOT NULL,
    access        TEXT NOT NULL CHECK (json_valid(access)),
    bytes         INTEGER NOT NULL,
    file_count    INTEGER NOT NULL,
    asked_ms      INTEGER NOT NULL,
    approved_ms   INTEGER,
    refused_ms    INTEGER,
    UNIQUE (publisher_id, torrent)
  ) STRICT;
  CREATE INDEX waiting_undecided ON waiting (id) WHERE approved_ms IS NULL AND refused_ms IS NULL;
  `,
  // Counts words by audience. The vocabulary before counted them over all releases.
  countWords,
  `
  -- Notices, reports and takedowns name a release by its id even when it is withdrawn, so that no other
  -- publisher may take that id.
  CREATE TABLE withdrawn_releases (
    public_id     TEXT PRIMARY KEY,
    publisher_id  INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  -- Earlier withdrawals without a takedown are unknown.
  INSERT OR IGNORE INTO withdrawn_releases
    SELECT public_id, publisher_id FROM takedowns WHERE public_id NOT IN (SELECT public_id FROM releases);
  `,
  `
  -- A version of a release that is taken down: it waits for a moderator even if its content is not blocked.
  ALTER TABLE waiting ADD COLUMN is_version_of_down INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- Releases that are not completely indexed (search-index.ts): the indexed tracks and vocabulary words.
  CREATE TABLE index_progress (
    release_id  INTEGER PRIMARY KEY REFERENCES releases ON DELETE CASCADE,
    tracks      INTEGER NOT NULL,
    words       INTEGER NOT NULL,
    is_done     INTEGER NOT NULL -- what is left is above a limit
  ) STRICT;
  CREATE INDEX index_progress_undone ON index_progress (tracks, words) WHERE is_done = 0;
  `,
  rebuildIndex,
  // As the tags claim. Older releases have neither column, and no licence words in the index.
  'ALTER TABLE releases ADD COLUMN licence TEXT; ALTER TABLE releases ADD COLUMN copyright TEXT',
];
