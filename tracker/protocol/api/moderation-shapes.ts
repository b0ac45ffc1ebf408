/** The shapes of moderation: takedowns, waiting publications, reports, the audit list, and mutes. */
import Type from 'typebox';
import { line, loose, nameText, optional, releaseIdText, time } from './api-shapes.ts';
import { account } from './people-shapes.ts';
import { sealedId } from './talk-shapes.ts';

const number = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
/** The reason, in one line of at most 200 characters. */
const reason = line(400);

export const numbered = Type.Object({ id: number });
export const reasonBody = Type.Object({ reason }, loose);
export const decisionBody = Type.Object(
  { decision: Type.Union([Type.Literal('approve'), Type.Literal('refuse')]), reason },
  loose,
);
export const outcomeBody = Type.Object({ outcome: line(400) }, loose);
/** Pages of lists for moderators. Their rows have plain numbers. */
const numberPage = {
  before: optional(number),
  after: optional(Type.Integer({ minimum: 0 })),
  limit: optional(Type.Integer({ minimum: 1, maximum: 50 })),
};
export const listQuery = Type.Object(numberPage, loose);
/** Exactly one of the three; `text` says what is wrong. */
export const reportBody = Type.Object(
  {
    releaseId: optional(releaseIdText),
    messageId: optional(sealedId),
    account: optional(nameText),
    text: line(4_000),
  },
  loose,
);
/** The id is opaque: a number would tell how many reports there are. */
export const newReport = Type.Object({ id: Type.String() }, loose);

export const takedownsQuery = Type.Object({ ...numberPage, blocking: optional(Type.Boolean()) }, loose);
export const takedown = Type.Object(
  {
    id: Type.Integer(),
    releaseId: Type.String(),
    publisher: Type.String(),
    moderator: Type.String(),
    title: optional(Type.String()),
    reason: Type.String(),
    atMs: time,
    restoredAtMs: optional(time),
    unblockedAtMs: optional(time),
  },
  loose,
);
export const waiting = Type.Object(
  {
    id: Type.Integer(),
    publisher: Type.String(),
    takedownId: Type.Integer(),
    visibility: Type.String(),
    title: optional(Type.String()),
    bytes: optional(Type.Integer()),
    fileCount: optional(Type.Integer()),
    askedAtMs: time,
  },
  loose,
);

export const reportsQuery = Type.Object({ ...numberPage, closed: optional(Type.Boolean()) }, loose);
export const report = Type.Object(
  {
    id: Type.Integer(),
    kind: Type.String(),
    person: Type.String(),
    releaseId: optional(Type.String()),
    messageId: optional(Type.String()),
    title: optional(Type.String()),
    quoted: optional(Type.String()),
    madeAtMs: time,
    texts: Type.Array(Type.Object({ reporter: Type.String(), text: Type.String(), atMs: time }, loose)),
    closed: optional(Type.Object({ by: Type.String(), atMs: time, outcome: Type.String() }, loose)),
  },
  loose,
);

export const auditEntry = Type.Object(
  {
    id: Type.Integer(),
    atMs: time,
    moderator: Type.String(),
    action: Type.String(),
    person: optional(Type.String()),
    about: optional(Type.String()),
    detail: optional(Type.String()),
    reason: optional(Type.String()),
  },
  loose,
);

export const membersQuery = Type.Object({ ...numberPage, banned: optional(Type.Boolean()) }, loose);
const { isOnline: _, ...memberFields } = account.properties;
export const member = Type.Object(
  { ...memberFields, id: Type.Integer(), invitedBy: optional(Type.String()) },
  loose,
);

export const muted = Type.Object({ name: Type.String(), isBlock: Type.Boolean(), sinceMs: time }, loose);
