/** The shapes of rooms, messages, follows, wishes and notices. */
import Type, { type TSchema } from 'typebox';
import { line, loose, nameText, optional, time } from './api-shapes.ts';

/** The id of a message, a notice or an event. It reveals neither its age nor how many others there are. */
export const sealedId = Type.String({ pattern: '^[a-z2-7]{26}$' });

/** A page of a list: messages, notices, or a list for moderators. Pages go both ways. */
export const talk = <Row extends TSchema>(row: Row) =>
  Type.Object({ rows: Type.Array(row), hasMore: Type.Boolean() }, loose);
export const talkQuery = Type.Object(
  {
    before: optional(sealedId),
    after: optional(sealedId),
    limit: optional(Type.Integer({ minimum: 1, maximum: 50 })),
  },
  loose,
);

// Conversation.

const roomVisibility = Type.Union([Type.Literal('everyone'), Type.Literal('members'), Type.Literal('group')]);
export const roomBody = Type.Object(
  {
    name: nameText,
    topic: optional(line(400)),
    visibility: optional(roomVisibility),
    group: optional(nameText),
  },
  loose,
);
export const topicBody = Type.Object({ topic: line(400) }, loose);
export const room = Type.Object(
  {
    name: Type.String(),
    topic: Type.String(),
    visibility: roomVisibility,
    group: optional(Type.String()),
    lastMessageAtMs: optional(time),
  },
  loose,
);
export const messageBody = Type.Object({ text: line(8_000) }, loose);
export const message = Type.Object(
  {
    id: sealedId,
    author: Type.String(),
    room: optional(Type.String()),
    receiver: optional(Type.String()),
    releaseId: optional(Type.String()),
    text: Type.String(),
    sentAtMs: time,
    isDeleted: Type.Boolean(),
  },
  loose,
);
export const conversation = Type.Object({ with: Type.String(), last: message }, loose);

// Follows, wishes and notices of the user.

export const follows = Type.Object(
  { releases: Type.Array(Type.String()), accounts: Type.Array(Type.String()) },
  loose,
);
const wishFields = {
  query: line(512),
  format: optional(line(32)),
  isLossless: optional(Type.Boolean()),
  bitRateMin: optional(Type.Integer({ minimum: 0 })),
  yearFrom: optional(Type.Integer({ minimum: 0, maximum: 9999 })),
  yearTo: optional(Type.Integer({ minimum: 0, maximum: 9999 })),
  /** As in a search: `any`, `cc`, `cc-by-sa` and so on, `cc0`, `public-domain`, `other`. */
  licence: optional(line(32)),
  /** The client that reads the notice downloads the release automatically. */
  downloads: optional(Type.Boolean()),
};
export const wishBody = Type.Object(wishFields, loose);
export const wish = Type.Object({ id: Type.String(), createdAtMs: time, ...wishFields }, loose);
export const notice = Type.Object(
  {
    id: sealedId,
    kind: Type.String(),
    madeAtMs: time,
    isRead: Type.Boolean(),
    actor: optional(Type.String()),
    releaseId: optional(Type.String()),
    version: optional(Type.Integer()),
    title: optional(Type.String()),
    wishId: optional(Type.String()),
    /** The moderator's reason, or the numbers of a notice about wrong passwords. */
    text: optional(Type.String()),
  },
  loose,
);
export const readBody = Type.Object({ upToId: sealedId }, loose);
