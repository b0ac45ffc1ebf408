/**
 * The community's tables. Times are whole milliseconds since 1970. Each name has a key (texts.ts): names with
 * equal keys are the same.
 *
 * Events: everything that is sent live has a number from `event_counter`, which only grows. `changed_event`
 * is the number of the last change, so that "everything after N", deletions included, is one range of an
 * index. Releases belong to the catalogue. Here they are public ids, and callers have checked access in the
 * catalogue.
 */
import type { Migration } from '../../database/store.ts';
import { indexInOneForm } from './messages/one-form-migration.ts';
import { dropClearPasskeys, forgetClearPasskeys } from './sign-in/passkey-migration.ts';

export const migrations: readonly Migration[] = [
  `
  CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('guest', 'member', 'moderator', 'owner')),
    public_key BLOB UNIQUE CHECK (length(public_key) = 32),
    password TEXT,
    passkey TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    invited_by INTEGER REFERENCES accounts,
    banned_ms INTEGER,
    ban_until_ms INTEGER,
    ban_reason TEXT,
    notices_read INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX accounts_owners ON accounts (id) WHERE role = 'owner';

  CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account_id INTEGER NOT NULL REFERENCES accounts,
    label TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_of_account ON sessions (account_id, seen_ms);

  CREATE TABLE setup_token (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    token_hash BLOB NOT NULL
  ) STRICT;

  CREATE TABLE invitations (
    id TEXT PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    inviter_id INTEGER NOT NULL REFERENCES accounts,
    role TEXT NOT NULL CHECK (role IN ('guest', 'member')),
    note TEXT NOT NULL,
    uses_left INTEGER NOT NULL CHECK (uses_left >= 0),
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX invitations_of_inviter ON invitations (inviter_id);

  CREATE TABLE groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    founder_id INTEGER NOT NULL REFERENCES accounts,
    created_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX groups_of_founder ON groups (founder_id);
  CREATE TABLE group_members (
    group_id INTEGER NOT NULL REFERENCES groups,
    account_id INTEGER NOT NULL REFERENCES accounts,
    PRIMARY KEY (group_id, account_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX groups_of_member ON group_members (account_id);

  CREATE TABLE event_counter (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    last INTEGER NOT NULL
  ) STRICT;
  INSERT INTO event_counter VALUES (1, 0);

  CREATE TABLE rooms (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('everyone', 'members', 'group')),
    group_id INTEGER REFERENCES groups,
    founder_id INTEGER REFERENCES accounts,
    created_ms INTEGER NOT NULL,
    CHECK ((visibility = 'group') = (group_id IS NOT NULL))
  ) STRICT;
  CREATE INDEX rooms_of_founder ON rooms (founder_id);
  INSERT INTO rooms (name, name_key, topic, visibility, created_ms)
    VALUES ('lobby', 'lobby', 'Say hello', 'everyone', 0);

  CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    changed_event INTEGER NOT NULL UNIQUE,
    author_id INTEGER NOT NULL REFERENCES accounts,
    room_id INTEGER REFERENCES rooms,
    receiver_id INTEGER REFERENCES accounts,
    release_id TEXT,
    text TEXT NOT NULL,
    sent_ms INTEGER NOT NULL,
    deleted_ms INTEGER,
    CHECK ((room_id IS NOT NULL) + (receiver_id IS NOT NULL) + (release_id IS NOT NULL) = 1)
  ) STRICT;
  CREATE INDEX messages_of_room ON messages (room_id, id) WHERE room_id IS NOT NULL;
  CREATE INDEX messages_of_pair ON messages (min(author_id, receiver_id), max(author_id, receiver_id), id)
    WHERE receiver_id IS NOT NULL;
  CREATE INDEX messages_of_release ON messages (release_id, id) WHERE release_id IS NOT NULL;
  CREATE TABLE conversations (
    account_id INTEGER NOT NULL REFERENCES accounts,
    with_id INTEGER NOT NULL REFERENCES accounts,
    last_id INTEGER NOT NULL,
    PRIMARY KEY (account_id, with_id)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX conversations_by_last ON conversations (account_id, last_id);
  CREATE VIRTUAL TABLE message_words USING fts5(
    words, content='', contentless_delete=1, detail=full, tokenize='unicode61 remove_diacritics 2'
  );

  CREATE TABLE followed_releases (
    release_id TEXT NOT NULL,
    follower_id INTEGER NOT NULL REFERENCES accounts,
    PRIMARY KEY (release_id, follower_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX followed_releases_of ON followed_releases (follower_id);
  CREATE TABLE followed_accounts (
    account_id INTEGER NOT NULL REFERENCES accounts,
    follower_id INTEGER NOT NULL REFERENCES accounts,
    PRIMARY KEY (account_id, follower_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX followed_accounts_of ON followed_accounts (follower_id);

  CREATE TABLE wishes (
    id TEXT PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts,
    wish TEXT NOT NULL CHECK (json_valid(wish)),
    key_word TEXT NOT NULL,
    created_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX wishes_of_account ON wishes (account_id, created_ms);
  CREATE INDEX wishes_by_word ON wishes (key_word);

  CREATE TABLE notices (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts,
    about TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor_id INTEGER REFERENCES accounts,
    release_id TEXT,
    version INTEGER,
    title TEXT,
    wish_id TEXT,
    made_ms INTEGER NOT NULL,
    UNIQUE (account_id, about)
  ) STRICT;
  CREATE INDEX notices_of_account ON notices (account_id, id);
  `,
  `
  -- Text of a moderator or the tracker.
  ALTER TABLE notices ADD COLUMN text TEXT;
  CREATE INDEX accounts_moderators ON accounts (role, id) WHERE role IN ('moderator', 'owner');
  CREATE INDEX accounts_banned ON accounts (id) WHERE banned_ms IS NOT NULL;

  -- Every action of a moderator, written in its transaction. Rows are never changed or deleted.
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    moderator_id INTEGER NOT NULL REFERENCES accounts,
    action TEXT NOT NULL,
    account_id INTEGER REFERENCES accounts,
    about TEXT,
    detail TEXT,
    reason TEXT
  ) STRICT;
  CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit list is kept'); END;
  CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit list is kept'); END;

  -- Accounts hidden from an account. A block also keeps the muted account from contacting it.
  CREATE TABLE mutes (
    account_id INTEGER NOT NULL REFERENCES accounts,
    muted_id INTEGER NOT NULL REFERENCES accounts,
    is_block INTEGER NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, muted_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('release', 'message', 'person')),
    about TEXT NOT NULL,
    accused_id INTEGER NOT NULL REFERENCES accounts,
    title TEXT,
    quoted TEXT,
    made_ms INTEGER NOT NULL,
    closed_ms INTEGER,
    closed_by INTEGER REFERENCES accounts,
    outcome TEXT
  ) STRICT;
  -- Reports about the same thing are one report.
  CREATE UNIQUE INDEX reports_open ON reports (kind, about) WHERE closed_ms IS NULL;
  CREATE TABLE report_texts (
    report_id INTEGER NOT NULL REFERENCES reports,
    reporter_id INTEGER NOT NULL REFERENCES accounts,
    text TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (report_id, reporter_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX report_texts_of ON report_texts (reporter_id, made_ms);
  `,
  // So that eventsAfter finds new messages of a room, to an account and from an account, without reading
  // others.
  `
  CREATE INDEX messages_news_of_room ON messages (room_id, changed_event) WHERE room_id IS NOT NULL;
  CREATE INDEX messages_news_to ON messages (receiver_id, changed_event) WHERE receiver_id IS NOT NULL;
  CREATE INDEX messages_news_from ON messages (author_id, changed_event) WHERE receiver_id IS NOT NULL;
  `,
  dropClearPasskeys,
  forgetClearPasskeys,
  `
  CREATE TABLE tracker_key (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    fingerprint BLOB NOT NULL
  ) STRICT;
  `,
  indexInOneForm,
  `
  CREATE TABLE settings (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    registration TEXT NOT NULL CHECK (registration IN ('open', 'invited'))
  ) STRICT;
  `,
  // When the user confirmed that they may share what they publish.
  'ALTER TABLE accounts ADD COLUMN rights_ms INTEGER',
  `
  -- Deleted accounts: their rows stay without their owners' data (departures.ts).
  ALTER TABLE accounts ADD COLUMN deleted_ms INTEGER;
  ALTER TABLE accounts ADD COLUMN is_emptied INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX accounts_leaving ON accounts (id) WHERE deleted_ms IS NOT NULL AND is_emptied = 0;
  CREATE TABLE retired_names (
    name_key TEXT PRIMARY KEY,
    until_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX messages_of_author ON messages (author_id, id);
  CREATE INDEX messages_to_receiver ON messages (receiver_id, id) WHERE receiver_id IS NOT NULL;
  `,
];
