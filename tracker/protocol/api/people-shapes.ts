/** The shapes of accounts, sessions, bans, invitations and groups. */
import Type from 'typebox';
import { base64, line, loose, nameText, optional, time } from './api-shapes.ts';

const role = Type.Union([
  Type.Literal('guest'),
  Type.Literal('member'),
  Type.Literal('moderator'),
  Type.Literal('owner'),
]);

export const registrationBody = Type.Object(
  {
    name: nameText,
    publicKey: optional(base64(64)),
    password: optional(line(1024)),
    invitation: optional(line(128)),
    setupToken: optional(line(128)),
    /** As in accountChange. */
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
    /** When the user confirmed that they may share what they publish. Before that they cannot publish. */
    rightsConfirmedAtMs: optional(time),
    /** For feed URLs: `/rss/search?key=…`. A new key invalidates the old one and all announce URLs. */
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
    /** “I may share what I publish”: confirmed once per account, and never taken back. */
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
