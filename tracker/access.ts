/**
 * Who may do what, as one table, and who may see a release or an event. Pure. Catalogue, community, admission
 * and online.ts use it.
 *
 * Invariant: what this file does not grant is refused. No role sees a restricted release because of its rank,
 * not even the owner's: only its publisher and those the publisher names. Left to others: limits of number
 * and rate, and the text of a refusal.
 */

export const roles = ['guest', 'member', 'moderator', 'owner'] as const;
export type Role = (typeof roles)[number];

/** The asking user. Without signing in: anonymous, without an account and groups. */
export interface Viewer {
  readonly accountId?: number;
  readonly role: Role | 'anonymous';
  readonly groupIds: readonly number[];
}

export const anonymous: Viewer = { role: 'anonymous', groupIds: [] };

export type Visibility = 'everyone' | 'members' | 'group' | 'people' | 'nobody';

/** Decides who may see a release. Its publisher always may. */
export interface ReleaseAccess {
  readonly visibility: Visibility;
  readonly publisherId: number;
  /** For `group`. */
  readonly groupId?: number;
  /** For `people`. */
  readonly peopleIds?: readonly number[];
}

/**
 * The access of one release, or of several that the same viewers see. `publisherId` undefined: any publisher.
 */
export interface SharedAccess {
  readonly visibility: Visibility;
  readonly publisherId?: number | undefined;
  readonly groupId?: number | undefined;
  readonly peopleIds?: readonly number[] | undefined;
}

/** `own`: only for the user's own releases, messages and the like. */
export type Grant = 'no' | 'own' | 'any';

export const grantColumns = ['anonymous', ...roles] as const;

/** One row per action; the columns are grantColumns. */
export const grants = {
  // Allowed without signing in, even where signing in is required.
  'see-server': ['any', 'any', 'any', 'any', 'any'],
  'sign-in': ['any', 'any', 'any', 'any', 'any'],
  // The catalogue.
  browse: ['any', 'any', 'any', 'any', 'any'],
  publish: ['no', 'no', 'any', 'any', 'any'],
  'change-release': ['no', 'own', 'own', 'own', 'own'],
  'withdraw-release': ['no', 'own', 'own', 'own', 'own'],
  // For a release that the moderator sees or that was reported. It can be restored.
  'take-down': ['no', 'no', 'no', 'any', 'any'],
  // Rooms, comments and direct messages.
  'read-room': ['any', 'any', 'any', 'any', 'any'],
  say: ['no', 'no', 'any', 'any', 'any'],
  comment: ['no', 'no', 'any', 'any', 'any'],
  'send-direct': ['no', 'no', 'any', 'any', 'any'],
  'read-direct': ['no', 'own', 'own', 'own', 'own'],
  'delete-message': ['no', 'own', 'own', 'any', 'any'],
  'create-room': ['no', 'no', 'any', 'any', 'any'],
  'change-room': ['no', 'own', 'own', 'any', 'any'],
  // The user's own inbox and account.
  follow: ['no', 'any', 'any', 'any', 'any'],
  wish: ['no', 'any', 'any', 'any', 'any'],
  'read-notices': ['no', 'own', 'own', 'own', 'own'],
  'change-account': ['no', 'own', 'own', 'own', 'own'],
  // Accounts, invitations and groups.
  invite: ['no', 'no', 'any', 'any', 'any'],
  'withdraw-invitation': ['no', 'own', 'own', 'any', 'any'],
  'create-group': ['no', 'no', 'any', 'any', 'any'],
  // A moderator who could join any group would see the releases of that group.
  'change-group': ['no', 'own', 'own', 'own', 'own'],
  mute: ['no', 'any', 'any', 'any', 'any'],
  report: ['no', 'any', 'any', 'any', 'any'],
  ban: ['no', 'no', 'no', 'any', 'any'],
  // The lists of moderators, and decisions about their entries.
  moderate: ['no', 'no', 'no', 'any', 'any'],
  'change-role': ['no', 'no', 'no', 'any', 'any'],
  // They count hidden things too: totals, for those who run the tracker.
  'see-metrics': ['no', 'no', 'no', 'any', 'any'],
} as const satisfies Readonly<Record<string, readonly [Grant, Grant, Grant, Grant, Grant]>>;

export type Action = keyof typeof grants;

/** Actions allowed without signing in, even where it is required. */
const alwaysOpen: ReadonlySet<Action> = new Set(['see-server', 'sign-in']);

function grantOf(role: Viewer['role'], action: Action): Grant {
  return grants[action][grantColumns.indexOf(role)] ?? 'no';
}

/** Roles that may do this with things that are not their own. */
export function rolesThatMay(action: Action): readonly Role[] {
  return roles.filter((role) => may(role, action, false));
}

export function may(role: Viewer['role'], action: Action, isOwn: boolean): boolean {
  const grant = grantOf(role, action);
  return grant === 'any' || (grant === 'own' && isOwn);
}

/** A tracker that requires signing in shows an anonymous user nothing but the sign-in. */
export function mayEnter(role: Viewer['role'], action: Action, signInRequired: boolean): boolean {
  return role !== 'anonymous' || !signInRequired || alwaysOpen.has(action);
}

function rank(role: Viewer['role']): number {
  return grantColumns.indexOf(role);
}

/** A ban or the like is for accounts of lower rank: never for an equal, never for the actor. */
export function mayRule(actor: Viewer['role'], target: Role): boolean {
  return rank(actor) >= rank('moderator') && rank(actor) > rank(target);
}

/**
 * A moderator cannot decide about their own takedown, block or waiting publication. An owner can, since no
 * rank is above theirs.
 */
export function mayJudge(actor: Viewer['role'], isOwn: boolean): boolean {
  return !isOwn || actor === 'owner';
}

/** A moderator moves accounts between guest and member. An owner changes every role, another owner's too. */
export function mayChangeRole(actor: Viewer['role'], from: Role, to: Role): boolean {
  if (actor === 'owner') return true;
  return mayRule(actor, from) && rank(to) < rank('moderator');
}

/** An invitation never gives a rank above member: that is given only to an existing account. */
export function mayInviteAs(actor: Viewer['role'], role: Role): boolean {
  return may(actor, 'invite', true) && (role === 'guest' || role === 'member');
}

/** Whether a change takes ownership away. Callers refuse it for a tracker's last owner. */
export function givesUpOwnership(from: Role, to: Role): boolean {
  return from === 'owner' && to !== 'owner';
}

/** `bannedUntilMs`: Infinity for a permanent ban. At this moment itself the ban is over. */
export function isBanned(
  { bannedUntilMs = -Infinity }: { readonly bannedUntilMs?: number | undefined },
  nowMs: number,
): boolean {
  return nowMs < bannedUntilMs;
}

/** `access` undefined: no such release is served. */
export function maySee(viewer: Viewer, access: SharedAccess | undefined): boolean {
  if (access === undefined) return false;
  if (isPublisher(viewer.accountId, access)) return true;
  switch (access.visibility) {
    case 'everyone':
      return true;
    case 'members':
      return isMember(viewer.role);
    case 'group':
      return access.groupId !== undefined && viewer.groupIds.includes(access.groupId);
    case 'people':
      return viewer.accountId !== undefined && (access.peopleIds ?? []).includes(viewer.accountId);
    case 'nobody':
      return false;
  }
}

/** Whether the account published the release and may change it, in any role. */
export function isPublisher(
  accountId: number | undefined,
  access: Pick<SharedAccess, 'publisherId'> | undefined,
): boolean {
  return accountId !== undefined && accountId === access?.publisherId;
}

/** Anonymous users may see it: it is announced to all, counted publicly and in the shared swarm. */
export function isForEveryone(access: Pick<SharedAccess, 'visibility'> | undefined): boolean {
  return access?.visibility === 'everyone';
}

const roomVisibilities = ['everyone', 'members', 'group'] as const;
export type RoomVisibility = (typeof roomVisibilities)[number];

/** Who receives an event. */
export type Audience =
  | { readonly kind: 'room'; readonly visibility: RoomVisibility; readonly groupId?: number }
  | { readonly kind: 'accounts'; readonly accountIds: readonly number[] };

export function hears(viewer: Viewer, audience: Audience): boolean {
  if (audience.kind === 'accounts') {
    return viewer.accountId !== undefined && audience.accountIds.includes(viewer.accountId);
  }
  switch (audience.visibility) {
    case 'everyone':
      return true;
    case 'members':
      return isMember(viewer.role);
    case 'group':
      return audience.groupId !== undefined && viewer.groupIds.includes(audience.groupId);
  }
}

export function isMember(role: Viewer['role']): boolean {
  return rank(role) >= rank('member');
}
