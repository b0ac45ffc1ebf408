/**
 * What the shapes of the API share, and the server's answer about itself. The API's types, checks and
 * documentation are made from its shapes. Hashes are hex, content is base64, times are milliseconds since
 * 1970.
 */
import Type, { type TSchema } from 'typebox';

/** An answer has the fields of its shape and no others. */
export const loose = { additionalProperties: false } as const;

export const optional = Type.Optional;
export const time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** A name as a user types it. The community checks its rules. */
export const nameText = Type.String({ minLength: 1, maxLength: 256 });
export const releaseIdText = Type.String({ pattern: '^[a-z2-7]{26}$' });
export const line = (maxLength: number) => Type.String({ maxLength });
export const base64 = (maxLength: number) =>
  Type.String({ maxLength, pattern: '^[A-Za-z0-9+/]*={0,2}$', contentEncoding: 'base64' });

export const emptyAnswer = Type.Null({ description: 'Done' });
export const errorAnswer = Type.Object(
  { error: Type.Object({ code: Type.String(), message: Type.String(), requestId: Type.String() }) },
  { description: 'What was wrong and what to do; `code` is stable' },
);

export const page = <Row extends TSchema>(row: Row) =>
  Type.Object({ rows: Type.Array(row), next: optional(Type.String()) }, loose);

export const pageQuery = {
  after: optional(line(200)),
  limit: optional(Type.Integer({ minimum: 1, maximum: 50 })),
};

export const serverAnswer = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    signInRequired: Type.Boolean(),
    /** `invited`: an account needs an invitation. */
    registration: Type.Union([Type.Literal('open'), Type.Literal('invited')]),
    /**
     * Without a passkey: for releases that everyone may see. A release's own URL is in its answer and
     * torrent.
     */
    announceUrl: Type.String(),
    /** How to reach a moderator. */
    contact: optional(Type.String()),
    nowMs: time,
  },
  loose,
);
