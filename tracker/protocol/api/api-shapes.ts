/**
 * The shapes of the API, once: types, checks and documentation come from here. Bytes are hex where they name something
 * (hashes), base64 where they are content; times are milliseconds since 1970.
 */
import Type, { type Static, type TSchema } from 'typebox';

/** Answers are written from these: a field that is not here does not leave. */
export const loose = { additionalProperties: false } as const;

export const optional = Type.Optional;
export const time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** A name as it is typed; its rules are the community's. */
export const nameText = Type.String({ minLength: 1, maxLength: 256 });
export const releaseIdText = Type.String({ pattern: '^[a-z2-7]{26}$' });
export const line = (maxLength: number) => Type.String({ maxLength });
const base64 = (maxLength: number) =>
  Type.String({ maxLength, pattern: '^[A-Za-z0-9+/]*={0,2}$', contentEncoding: 'base64' });
const hashHex = Type.String({ pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$' });
const role = Type.Union([
  Type.Literal('guest'),
  Type.Literal('member'),
  Type.Literal('moderator'),
  Type.Literal('owner'),
]);
const visibility = Type.Union([
  Type.Literal('everyone'),
  Type.Literal('members'),
  Type.Literal('group'),
  Type.Literal('people'),
  Type.Literal('nobody'),
]);

export const emptyAnswer = Type.Null({ description: 'Done' });
export const errorAnswer = Type.Object(
  { error: Type.Object({ code: Type.String(), message: Type.String(), requestId: Type.String() }) },
  { description: 'What was wrong and what to do; `code` is stable' },
);

export const page = <Row extends TSchema>(row: Row) =>
  Type.Object({ rows: Type.Array(row), next: optional(Type.String()) }, loose);

const pageQuery = {
  after: optional(line(200)),
  limit: optional(Type.Integer({ minimum: 1, maximum: 50 })),
};

/** Of a list of releases; `root`: of a file that they hold, by BEP 52. */
export const releasesQuery = {
  ...pageQuery,
  root: optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
};

export const serverAnswer = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    signInRequired: Type.Boolean(),
    /** Whether anybody may register, or only who was invited. */
    registration: Type.Union([Type.Literal('open'), Type.Literal('invited')]),
    /** Without a passkey: reaches what everyone may have. That of a release is in its own answer and torrent. */
    announceUrl: Type.String(),
    /** Whom to ask when a moderator is needed. */
    contact: optional(Type.String()),
    nowMs: time,
  },
  loose,
);

// People.

export const registrationBody = Type.Object(
  {
    name: nameText,
    publicKey: optional(base64(64)),
    password: optional(line(1024)),
    invitation: optional(line(128)),
    setupToken: optional(line(128)),
    /** As of accountChange. */
    mayShare: optional(Type.Literal(true)),
    label: optional(line(200)),
  },
  loose,
);
export const signInBody = Type.Object(
  {
    name: nameText,
    password: optional(line(1024)),
    challenge: optional(line(256)),
    signature: optional(base64(128)),
    label: optional(line(200)),
  },
  loose,
);
export const ban = Type.Object({ reason: Type.String(), sinceMs: time, untilMs: optional(time) }, loose);
export const account = Type.Object(
  {
    name: Type.String(),
    role,
    publicKey: optional(Type.String()),
    createdAtMs: time,
    ban: optional(ban),
    isOnline: Type.Boolean(),
  },
  loose,
);
export const ownAccount = Type.Object(
  {
    name: Type.String(),
    role,
    publicKey: optional(Type.String()),
    createdAtMs: time,
    hasPassword: Type.Boolean(),
    /** When its owner said that they may share what they publish; without it nothing is published. */
    rightsConfirmedAtMs: optional(time),
    /** For the addresses of feeds: `/rss/search?key=…`. A new one ends the one before, and all announce URLs. */
    feedKey: Type.String(),
    groups: Type.Array(Type.String()),
    unreadNotices: Type.Integer(),
  },
  loose,
);
export const signedIn = Type.Object(
  { account: ownAccount, session: Type.Object({ id: Type.String(), token: Type.String() }, loose) },
  loose,
);
export const session = Type.Object(
  {
    id: Type.String(),
    label: Type.String(),
    createdAtMs: time,
    seenAtMs: time,
    isCurrent: Type.Boolean(),
  },
  loose,
);
export const accountChange = Type.Object(
  {
    password: optional(Type.Object({ old: optional(line(1024)), new: line(1024) }, loose)),
    publicKey: optional(base64(64)),
    /** “I may share what I publish”: once for an account, and not taken back. */
    mayShare: optional(Type.Literal(true)),
  },
  loose,
);
export const roleBody = Type.Object({ role }, loose);
export const banBody = Type.Object({ reason: line(400), untilMs: optional(time) }, loose);
export const invitationBody = Type.Object(
  {
    role: optional(role),
    note: optional(line(400)),
    uses: optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    lifeMs: optional(Type.Integer({ minimum: 60_000, maximum: 366 * 86_400_000 })),
  },
  loose,
);
const invitationFields = {
  id: Type.String(),
  inviter: Type.String(),
  role,
  note: Type.String(),
  usesLeft: Type.Integer(),
  expiresAtMs: time,
};
export const invitation = Type.Object(invitationFields, loose);
export const newInvitation = Type.Object({ ...invitationFields, token: Type.String() }, loose);
export const group = Type.Object(
  { name: Type.String(), founder: Type.String(), members: Type.Array(Type.String()) },
  loose,
);

// Releases.

const accessBody = Type.Object(
  {
    visibility,
    group: optional(nameText),
    people: optional(Type.Array(nameText, { maxItems: 200 })),
  },
  loose,
);
export const changeAccessBody = Type.Object({ access: accessBody }, loose);
const trackFields = {
  fileIndex: Type.Integer({ minimum: 0 }),
  disc: optional(Type.Integer()),
  track: optional(Type.Integer()),
  title: line(1024),
  artist: optional(line(1024)),
  durationMs: optional(Type.Integer({ minimum: 0 })),
  codec: optional(line(64)),
  lossless: optional(Type.Boolean()),
  bitRate: optional(Type.Integer({ minimum: 0 })),
  sampleRate: optional(Type.Integer({ minimum: 0 })),
};
const versionFields = {
  /** 8 MiB of .torrent: more than 100,000 files. */
  torrent: base64(12 * 1024 * 1024),
  album: line(1024),
  artist: optional(line(1024)),
  albumArtist: optional(line(1024)),
  year: optional(Type.Integer()),
  genre: optional(line(1024)),
  /** As the tags claim: `CC BY 4.0`, `CC0`, `Public domain`, or other words. */
  licence: optional(line(1024)),
  copyright: optional(line(1024)),
  tracks: Type.Array(Type.Object(trackFields, loose), { maxItems: 20_000 }),
  cover: optional(base64(360_000)),
  publishedAtMs: time,
  signature: optional(base64(128)),
};
export const publishBody = Type.Object(
  { releaseId: releaseIdText, access: optional(accessBody), ...versionFields },
  loose,
);
export const addVersionBody = Type.Object(
  {
    version: Type.Integer({ minimum: 2, maximum: 1_000_000 }),
    /** From this version on; as it is when left out. */
    access: optional(accessBody),
    ...versionFields,
  },
  loose,
);
export const holder = Type.Object(
  {
    name: Type.String(),
    host: Type.String(),
    port: Type.Integer(),
    isSeed: Type.Boolean(),
    version: optional(Type.Integer()),
  },
  loose,
);
const releaseFields = {
  id: Type.String(),
  publisher: Type.String(),
  visibility,
  album: Type.String(),
  /** What the torrent calls its own folder or file. */
  torrentName: optional(Type.String()),
  artist: optional(Type.String()),
  albumArtist: optional(Type.String()),
  year: optional(Type.Integer()),
  genre: optional(Type.String()),
  licence: optional(Type.String()),
  copyright: optional(Type.String()),
  trackCount: Type.Integer(),
  durationMs: Type.Integer(),
  bytes: Type.Integer(),
  codec: optional(Type.String()),
  lossless: Type.Boolean(),
  hasCover: Type.Boolean(),
  version: Type.Integer(),
  infoHash: optional(hashHex),
  infoHashV2: optional(hashHex),
  createdAtMs: time,
  updatedAtMs: time,
  ...{ seeds: Type.Integer(), leechers: Type.Integer() },
};
export const release = Type.Object(releaseFields, loose);
const shownTrackFields = {
  ...trackFields,
  path: Type.String(),
  bytes: Type.Integer(),
  piecesRoot: optional(Type.String()),
};
export const releaseDetail = Type.Object(
  {
    ...releaseFields,
    group: optional(Type.String()),
    people: optional(Type.Array(Type.String())),
    tracks: Type.Array(Type.Object(shownTrackFields, loose)),
    holders: Type.Array(holder),
    /** Told to its publisher alone. */
    takenDown: optional(
      Type.Object({ reason: Type.String(), atMs: time, contact: optional(Type.String()) }, loose),
    ),
    /** Of this release, for whoever asks: whoever has it announces under their name. */
    announceUrl: Type.String(),
  },
  loose,
);
export const version = Type.Object(
  {
    version: Type.Integer(),
    infoHash: optional(hashHex),
    infoHashV2: optional(hashHex),
    bytes: Type.Integer(),
    fileCount: Type.Integer(),
    publishedAtMs: time,
    signature: optional(Type.String()),
  },
  loose,
);
export const versions = Type.Object(
  {
    publisher: Type.String(),
    publicKey: optional(Type.String()),
    rows: Type.Array(version),
  },
  loose,
);

export const searchQuery = Type.Object(
  {
    q: line(512),
    kind: optional(Type.Union([Type.Literal('tracks'), Type.Literal('releases')])),
    format: optional(line(32)),
    lossless: optional(Type.Boolean()),
    /** `any`, `cc`, `cc-by-sa` and so on, `cc0`, `public-domain`, `other`. */
    licence: optional(line(32)),
    bitRateMin: optional(Type.Integer({ minimum: 0 })),
    yearFrom: optional(Type.Integer({ minimum: 0, maximum: 9999 })),
    yearTo: optional(Type.Integer({ minimum: 0, maximum: 9999 })),
    durationMinMs: optional(Type.Integer({ minimum: 0 })),
    durationMaxMs: optional(Type.Integer({ minimum: 0 })),
    hasSeeds: optional(Type.Boolean()),
    user: optional(nameText),
    ...pageQuery,
  },
  loose,
);
export const trackHit = Type.Object(
  {
    ...shownTrackFields,
    releaseId: Type.String(),
    publisher: Type.String(),
    album: Type.String(),
    torrentName: optional(Type.String()),
    year: optional(Type.Integer()),
    genre: optional(Type.String()),
    version: Type.Integer(),
    infoHash: optional(hashHex),
    infoHashV2: optional(hashHex),
    seeds: Type.Integer(),
    leechers: Type.Integer(),
    approximate: Type.Boolean(),
    holders: Type.Array(holder),
  },
  loose,
);
export const releaseHit = Type.Object(
  { ...releaseFields, approximate: Type.Boolean(), holders: Type.Array(holder) },
  loose,
);

export type AccessBody = Static<typeof accessBody>;
export type VersionBody = Static<typeof addVersionBody>;
export type PublishBody = Static<typeof publishBody>;
export type HolderShape = Static<typeof holder>;
