/** The shapes of releases, their versions, and the search. */
import Type, { type Static } from 'typebox';
import { base64, line, loose, nameText, optional, pageQuery, releaseIdText, time } from './api-shapes.ts';

const visibility = Type.Union([
  Type.Literal('everyone'),
  Type.Literal('members'),
  Type.Literal('group'),
  Type.Literal('people'),
  Type.Literal('nobody'),
]);

const hashHex = Type.String({ pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$' });

/** For a list of releases. `root`: only releases with the file that has this root (BEP 52). */
export const releasesQuery = {
  ...pageQuery,
  root: optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
};

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
  /** As in the tags: `CC BY 4.0`, `CC0`, `Public domain`, or any other text. */
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
    /** Applies from this version on. Unchanged if left out. */
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
  /** The name of the torrent's folder, or of its only file. */
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
    /** Only in answers to the publisher. */
    takenDown: optional(
      Type.Object({ reason: Type.String(), atMs: time, contact: optional(Type.String()) }, loose),
    ),
    /** For this release and the user who asks: a client that uses it announces under that user's name. */
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
