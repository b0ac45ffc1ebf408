/** The HTTP status for each error code of catalogue, community and database. */
import type { CatalogueErrorCode } from '../catalogue/catalogue-error.ts';
import type { CommunityErrorCode } from '../community/community-error.ts';
import type { DatabaseErrorCode } from '../database/database-error.ts';
import type { RefusalCode } from '../protocol/api/refusal-codes.ts';

type Code = CatalogueErrorCode | CommunityErrorCode | DatabaseErrorCode;

/** Undefined: a fault of the tracker, answered with status 500. */
const statuses: { readonly [C in Code]: C extends RefusalCode ? number : undefined } = {
  'not-found': 404,
  'not-signed-in': 401,
  'sign-in-failed': 401,
  'not-allowed': 403,
  'account-banned': 403,
  'session-old': 403,
  'registration-closed': 403,
  'invitation-invalid': 403,
  'setup-invalid': 403,
  'credentials-missing': 400,
  'name-invalid': 400,
  'key-invalid': 400,
  'password-invalid': 400,
  'text-invalid': 400,
  'query-invalid': 400,
  'cursor-invalid': 400,
  'role-invalid': 400,
  'release-invalid': 400,
  'release-not-private': 400,
  'torrent-invalid': 400,
  'torrent-name-hidden': 400,
  'signature-invalid': 400,
  'name-taken': 409,
  'key-taken': 409,
  'last-owner': 409,
  'release-exists': 409,
  'already-published': 409,
  'awaits-approval': 409,
  'version-not-next': 409,
  'limit-reached': 409,
  'release-limit': 409,
  'sign-in-busy': 503,
  'database-overloaded': 503,
  'database-busy': 503,
  'database-full': 503,
  'database-stopped': 503,
  'database-in-use': undefined,
  'database-newer': undefined,
  'database-sqlite-too-old': undefined,
  'database-unreadable': undefined,
  'database-damaged': undefined,
  'database-failed': undefined,
};

export function statusOf(code: string | undefined): number | undefined {
  return code !== undefined && Object.hasOwn(statuses, code) ? statuses[code as Code] : undefined;
}
