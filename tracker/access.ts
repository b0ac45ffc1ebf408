/**
 * Who may do what, as one table, and who sees a release or hears of an event. Pure: told who asks, it answers. Catalogue,
 * community, admission and what is online all ask here.
 *
 * Invariant: what this file does not grant is refused. No role sees a restricted release because of its rank: only its
 * publisher and those it names do, the owner of the tracker included.
 * Left to others: limits of number and rate, and how a refusal is worded.
 */

export const roles = ['guest', 'member', 'moderator', 'owner'] as const;
export type Role = (typeof roles)[number];

/** Whoever asks. Nobody is signed in: anonymous, without an account and without groups. */
export interface Viewer {
  readonly accountId?: number;
  readonly role: Role | 'anonymous';
  readonly groupIds: readonly number[];
}

export const anonymous: Viewer = { role: 'anonymous', groupIds: [] };

export type Visibility = 'everyone' | 'members' | 'group' | 'people' | 'nobody';

/** What decides who sees a release. Its publisher always does. */
export interface ReleaseAccess {
  readonly visibility: Visibility;
  readonly publisherId: number;
  /** With `group`. */
  readonly groupId?: number;
  /** With `people`. */
  readonly peopleIds?: readonly number[];
}

/** Of one release, or of several that the same viewers see. `publisherId` undefined: any publisher. */
export interface SharedAccess {
  readonly visibility: Visibility;
  readonly publisherId?: number | undefined;
  readonly groupId?: number | undefined;
  readonly peopleIds?: readonly number[] | undefined;
}

/** `own`: only on what is one's own. */
export type Grant = 'no' | 'own' | 'any';

export const grantColumns = ['anonymous', ...roles] as const;

/** One row an action; the columns are grantColumns. */
export const grants = {
  // Without being asked who one is, even where signing in is required.
  'see-server': ['any', 'any', 'any', 'any', 'any'],
  'sign-in': ['any', 'any', 'any', 'any', 'any'],
  // The catalogue.
  browse: ['any', 'any', 'any', 'any', 'any'],
  publish: ['no', 'no', 'any', 'any', 'any'],
  'change-release': ['no', 'own', 'own', 'own', 'own'],
  'withdraw-release': ['no', 'own', 'own', 'own', 'own'],
  // Of a release that the moderator sees, or that was reported; it can be restored.
  'take-down': ['no', 'no', 'no', 'any', 'any'],
  // Conversation.
  'read-room': ['any', 'any', 'any', 'any', 'any'],
  say: ['no', 'no', 'any', 'any', 'any'],
  comment: ['no', 'no', 'any', 'any', 'any'],
  'send-direct': ['no', 'no', 'any', 'any', 'any'],
  'read-direct': ['no', 'own', 'own', 'own', 'own'],
  'delete-message': ['no', 'own', 'own', 'any', 'any'],
  'create-room': ['no', 'no', 'any', 'any', 'any'],
  'change-room': ['no', 'own', 'own', 'any', 'any'],
  // One's own desk.
  follow: ['no', 'any', 'any', 'any', 'any'],
  wish: ['no', 'any', 'any', 'any', 'any'],
  'read-notices': ['no', 'own', 'own', 'own', 'own'],
  'change-account': ['no', 'own', 'own', 'own', 'own'],
  // People.
  invite: ['no', 'no', 'any', 'any', 'any'],
  'withdraw-invitation': ['no', 'own', 'own', 'any', 'any'],
  'create-group': ['no', 'no', 'any', 'any', 'any'],
  // A moderator who could join any group would see what was meant for it alone.
  'change-group': ['no', 'own', 'own', 'own', 'own'],
  mute: ['no', 'any', 'any', 'any', 'any'],
  report: ['no', 'any', 'any', 'any', 'any'],
  ban: ['no', 'no', 'no', 'any', 'any'],
  // The lists of moderators, and deciding what stands in them.
  moderate: ['no', 'no', 'no', 'any', 'any'],
  'change-role': ['no', 'no', 'no', 'any', 'any'],
  // They count what is hidden too: totals, for those who run the tracker.
  'see-metrics': ['no', 'no', 'no', 'any', 'any'],
} as const satisfies Readonly<Record<string, readonly [Grant, Grant, Grant, Grant, Grant]>>;

export type Action = keyof typeof grants;

/** Before anybody is asked who they are. */
const alwaysOpen: ReadonlySet<Action> = new Set(['see-server', 'sign-in']);

function grantOf(role: Viewer['role'], action: Action): Grant {
  return grants[action][grantColumns.indexOf(role)] ?? 'no';
}

/** On what is not their own. */
export function rolesThatMay(action: Action): readonly Role[] {
  return roles.filter((role) => may(role, action, false));
}

export function may(role: Viewer['role'], action: Action, isOwn: boolean): boolean {
  const grant = grantOf(role, action);
  return grant === 'any' || (grant === 'own' && isOwn);
}

/** A tracker that requires signing in shows a stranger the door and nothing else. */
export function mayEnter(role: Viewer['role'], action: Action, signInRequired: boolean): boolean {
  return role !== 'anonymous' || !signInRequired || alwaysOpen.has(action);
}

function rank(role: Viewer['role']): number {
  return grantColumns.indexOf(role);
}

/** Bans and the like reach down only: never an equal, never oneself. */
export function mayRule(actor: Viewer['role'], target: Role): boolean {
  return rank(actor) >= rank('moderator') && rank(actor) > rank(target);
}

/** Whether a takedown, a block or what waits stands is for others to decide; an owner has nobody above them to ask. */
export function mayJudge(actor: Viewer['role'], isOwn: boolean): boolean {
  return !isOwn || actor === 'owner';
}

/** A moderator moves people between guest and member; an owner gives and takes every role, an owner's too. */
export function mayChangeRole(actor: Viewer['role'], from: Role, to: Role): boolean {
  if (actor === 'owner') return true;
  return mayRule(actor, from) && rank(to) < rank('moderator');
}

/** Nobody hands out more than they have, and rank above member is given to a known person, never by a code. */
export function mayInviteAs(actor: Viewer['role'], role: Role): boolean {
  return may(actor, 'invite', true) && (role === 'guest' || role === 'member');
}

/** A tracker never loses its last owner: who gives this up leaves it to another one. */
export function givesUpOwnership(from: Role, to: Role): boolean {
  return from === 'owner' && to !== 'owner';
}

/** `bannedUntilMs`: Infinity for good. The end of a ban is its first free moment. */
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

/** What is one's own to change, whatever the role. */
export function isPublisher(
  accountId: number | undefined,
  access: Pick<SharedAccess, 'publisherId'> | undefined,
): boolean {
  return accountId !== undefined && accountId === access?.publisherId;
}

/** A stranger sees it: it may be told to all, counted for all, and share the swarm of all. */
export function isForEveryone(access: Pick<SharedAccess, 'visibility'> | undefined): boolean {
  return access?.visibility === 'everyone';
}

const roomVisibilities = ['everyone', 'members', 'group'] as const;
export type RoomVisibility = (typeof roomVisibilities)[number];

/** Whom an event is for. */
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
