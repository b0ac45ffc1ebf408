/**
 * What the community does for the rest of the tracker, independent of its storage. Every method that acts for
 * an account takes the viewer (`authenticate`) and checks the account's permissions at this moment, not at
 * sign-in.
 *
 * Invariant: an answered write is durable. What a viewer may not see answers `not-found`, like what does not
 * exist. All methods reject with errors that have a `code`: CommunityError's, or the database's.
 */
import type { Audience, ReleaseAccess, Role, RoomVisibility, Viewer } from '../access.ts';
import type {
  Account,
  Authenticated,
  Group,
  Invitation,
  OwnAccount,
  Registration,
  SessionInfo,
  SignedIn,
} from './accounts.ts';
import type { NoticeKind } from './inbox/notice-kinds.ts';
import type { Wish, WishedRelease } from './inbox/wish.ts';

export interface Room {
  readonly name: string;
  readonly topic: string;
  readonly visibility: RoomVisibility;
  readonly group?: string;
  readonly lastMessageAtMs?: number;
}

export interface NewRoom {
  readonly name: string;
  readonly topic?: string;
  readonly visibility: RoomVisibility;
  /** By name; the founder is a member of it. */
  readonly group?: string;
}

export interface Message {
  readonly id: number;
  readonly author: string;
  /** Where it was written: exactly one of room, receiver and releaseId. */
  readonly room?: string;
  /** The receiver of a direct message. */
  readonly receiver?: string;
  readonly releaseId?: string;
  /** Empty if deleted. */
  readonly text: string;
  readonly sentAtMs: number;
  readonly isDeleted: boolean;
}

/** Keyset paging: the rows just before or just after a known one. Without either, the newest. */
export interface PageAsked {
  readonly before?: number;
  readonly after?: number;
  /** At most pageRowsMax, the default. */
  readonly limit?: number;
}

/** `rows` are sorted from the newest to the oldest. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** In the direction of the request. */
  readonly hasMore: boolean;
}

export const pageRowsMax = 50;

export interface Conversation {
  readonly with: string;
  readonly last: Message;
}

export interface Follows {
  readonly releaseIds: readonly string[];
  readonly accounts: readonly string[];
}

export interface SavedWish extends Wish {
  readonly id: string;
  readonly createdAtMs: number;
}

export interface Notice {
  readonly id: number;
  readonly kind: NoticeKind;
  readonly madeAtMs: number;
  readonly isRead: boolean;
  /** The account that caused the notice. */
  readonly actor?: string;
  readonly releaseId?: string;
  readonly version?: number;
  /** The release's title at that time. */
  readonly title?: string;
  readonly wishId?: string;
  /** A moderator's reason. For `wrong-passwords`: how many. */
  readonly text?: string;
}

/** A release that the catalogue has just acknowledged. */
export interface PublishedRelease extends WishedRelease {
  readonly releaseId: string;
  readonly version: number;
  readonly access: ReleaseAccess;
}

/** What notices need to know about a release. */
export interface ReleaseRef {
  readonly releaseId: string;
  readonly publisherId: number;
  readonly title: string;
}

export type EventBody =
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'notice'; readonly notice: Notice };

/** A live event. `id` grows with time. A reader who received an event has received all earlier ones. */
export interface CommunityEvent {
  readonly id: number;
  readonly audience: Audience;
  /** The author of a message. Accounts that muted the author do not get it. */
  readonly authorId?: number;
  readonly body: EventBody;
}

export interface EventsAfter {
  readonly events: readonly { readonly id: number; readonly body: EventBody }[];
  /** Pass this id to the next call. */
  readonly lastId: number;
  readonly hasMore: boolean;
  /** `id` is not from this database, so the caller should reload everything; `events` is empty. */
  readonly isTooFar: boolean;
}

/** What announces need to know about an account. */
export interface AccountAccess {
  readonly accountId: number;
  /** The generation of its passkeys. Passkeys of an earlier generation are invalid. */
  readonly generation: number;
  /** SHA-256 of its passkey from before passkeys named a release, unless it was renewed. */
  readonly passkeyHash?: Uint8Array;
  readonly role: Role;
  readonly groupIds: readonly number[];
  /** Banned until then; Infinity: permanently. */
  readonly bannedUntilMs?: number;
}

/** Mutes, reports and moderators' lists: Safeguards (safeguards.ts). A user's own account: own-account.ts. */
export interface Community {
  // Registering and signing in.
  /** A new token for the first owner's link at each call, as long as there is no owner; then undefined. */
  newSetupToken(): Promise<string | undefined>;
  /** `rank`: its place in the queue for a hash, lowest first. The same for signing in. */
  register(registration: Registration, rank?: number): Promise<SignedIn>;
  challenge(name: string): { readonly challenge: string; readonly expiresAtMs: number };
  signInWithPassword(name: string, password: string, label?: string, rank?: number): Promise<SignedIn>;
  signInWithKey(
    signIn: { readonly host: string; readonly name: string; readonly challenge: string },
    signature: Uint8Array,
    label?: string,
  ): Promise<SignedIn>;
  /** Notifies the owner of the name. Does nothing if no account has the name. */
  tellWrongPasswords(
    name: string,
    counts: { readonly wrong: number; readonly addresses: number },
  ): Promise<void>;
  /** Undefined for every invalid token, for any reason. */
  authenticate(token: string): Promise<Authenticated | undefined>;
  sessions(viewer: Viewer, currentId?: string): Promise<readonly SessionInfo[]>;
  signOut(viewer: Viewer, sessionId: string): Promise<void>;

  // Accounts.
  me(viewer: Viewer): Promise<OwnAccount>;
  account(viewer: Viewer, name: string): Promise<Account>;
  /** Name → id, for filters and lists of people. Undefined: no account has this name. */
  accountId(name: string): Promise<number | undefined>;
  names(accountIds: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** A new password ends all other sessions. */
  changePassword(
    viewer: Viewer,
    change: { readonly old?: string; readonly new: string },
    keptSessionId?: string,
  ): Promise<void>;
  /** For a client that signed in by password and now has made its key. An existing key cannot be replaced. */
  addKey(viewer: Viewer, publicKey: Uint8Array): Promise<void>;
  /** Raises the generation: from now on, every passkey given out before is refused. */
  renewPasskeys(viewer: Viewer): Promise<void>;
  changeRole(viewer: Viewer, name: string, role: Role): Promise<Account>;
  ban(
    viewer: Viewer,
    name: string,
    ban: { readonly reason: string; readonly untilMs?: number },
  ): Promise<Account>;
  unban(viewer: Viewer, name: string): Promise<Account>;
  invite(
    viewer: Viewer,
    invitation: {
      readonly role?: Role;
      readonly note?: string;
      readonly uses?: number;
      readonly lifeMs?: number;
    },
  ): Promise<Invitation & { readonly token: string }>;
  invitations(viewer: Viewer): Promise<readonly Invitation[]>;
  withdrawInvitation(viewer: Viewer, id: string): Promise<void>;
  createGroup(viewer: Viewer, name: string): Promise<Group>;
  /** The viewer's groups. */
  groups(viewer: Viewer): Promise<readonly Group[]>;
  addToGroup(viewer: Viewer, group: string, name: string): Promise<Group>;
  /** By the group's founder, or by the member. */
  removeFromGroup(viewer: Viewer, group: string, name: string): Promise<void>;

  // Rooms, direct messages and comments.
  createRoom(viewer: Viewer, room: NewRoom): Promise<Room>;
  changeTopic(viewer: Viewer, room: string, topic: string): Promise<Room>;
  rooms(viewer: Viewer): Promise<readonly Room[]>;
  say(viewer: Viewer, room: string, text: string): Promise<Message>;
  messages(viewer: Viewer, room: string, page?: PageAsked): Promise<Page<Message>>;
  sayTo(viewer: Viewer, name: string, text: string): Promise<Message>;
  directMessages(viewer: Viewer, name: string, page?: PageAsked): Promise<Page<Message>>;
  conversations(viewer: Viewer, page?: PageAsked): Promise<Page<Conversation>>;
  /** The caller has checked that the viewer may see the release. */
  comment(viewer: Viewer, release: ReleaseRef, text: string): Promise<Message>;
  comments(viewer: Viewer, releaseId: string, page?: PageAsked): Promise<Page<Message>>;
  /** Searches rooms the viewer may read and their direct messages. Comments are found with their release. */
  searchMessages(viewer: Viewer, query: string, page?: PageAsked): Promise<Page<Message>>;
  /** A message or a comment. Its text is erased, but its place remains. */
  deleteMessage(viewer: Viewer, id: number): Promise<void>;

  // Follows, wishes and notices.
  follow(viewer: Viewer, what: { readonly releaseId: string } | { readonly account: string }): Promise<void>;
  unfollow(
    viewer: Viewer,
    what: { readonly releaseId: string } | { readonly account: string },
  ): Promise<void>;
  follows(viewer: Viewer): Promise<Follows>;
  addWish(viewer: Viewer, wish: Wish): Promise<SavedWish>;
  wishes(viewer: Viewer): Promise<readonly SavedWish[]>;
  dropWish(viewer: Viewer, id: string): Promise<void>;
  notices(viewer: Viewer, page?: PageAsked): Promise<Page<Notice>>;
  readNotices(viewer: Viewer, upToId: number): Promise<void>;
  /** Notifies followers and wishes. It can be repeated after a crash; no account is notified twice. */
  tellPublished(release: PublishedRelease): Promise<void>;
  /** The release was withdrawn: removes its followers and comments. */
  forgetRelease(releaseId: string): Promise<void>;
  tellFinished(release: ReleaseRef, accountId: number): Promise<void>;
  eventsAfter(viewer: Viewer, id: number): Promise<EventsAfter>;

  /** Sends events of another module's transaction. */
  tellEvents(events: readonly CommunityEvent[]): void;

  // For the rest of the tracker. Each returns a function that removes the listener.
  onEvent(listener: (event: CommunityEvent) => void): () => void;
  /** Called when an account is new, its permissions have changed, or one of its sessions has ended. */
  onAccess(listener: (access: AccountAccess) => void): () => void;
  /** Every account, in pages by ascending id. */
  accessAfter(accountId: number): Promise<readonly AccountAccess[]>;
  /** A fingerprint of the tracker's key, to recognize it. The key itself is never in the database. */
  keyFingerprint(): Promise<Uint8Array | undefined>;
  setKeyFingerprint(fingerprint: Uint8Array): Promise<void>;
}
