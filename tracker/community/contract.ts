/**
 * What the community does for the rest of the tracker, whatever keeps it. Every method that acts for somebody takes the
 * viewer (`authenticate`) and checks what that account may do at this moment, not when it signed in.
 *
 * Invariant: what was answered is durable. What a viewer may not see answers `not-found`, like what does not exist.
 * All methods reject with errors that carry a `code`: CommunityError's, or the database's.
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
  /** By name; the founder is in it. */
  readonly group?: string;
}

export interface Message {
  readonly id: number;
  readonly author: string;
  /** Where it was said: exactly one of the three. */
  readonly room?: string;
  /** To whom. */
  readonly receiver?: string;
  readonly releaseId?: string;
  /** Empty when it was deleted. */
  readonly text: string;
  readonly sentAtMs: number;
  readonly isDeleted: boolean;
}

/** Keyset paging: those just before, or just after, one that is known. The newest without either. */
export interface PageAsked {
  readonly before?: number;
  readonly after?: number;
  /** At most pageRowsMax, which is also what is meant without it. */
  readonly limit?: number;
}

/** `rows` from the newest to the oldest. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** In the direction that was asked for. */
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
  /** Whose doing it is. */
  readonly actor?: string;
  readonly releaseId?: string;
  readonly version?: number;
  /** Of the release, as it was then. */
  readonly title?: string;
  readonly wishId?: string;
  /** What a moderator says: why. Of `wrong-passwords`: how many. */
  readonly text?: string;
}

/** A release as the catalogue has just acknowledged it. */
export interface PublishedRelease extends WishedRelease {
  readonly releaseId: string;
  readonly version: number;
  readonly access: ReleaseAccess;
}

/** What a release must tell so that people are told of it. */
export interface ReleaseRef {
  readonly releaseId: string;
  readonly publisherId: number;
  readonly title: string;
}

export type EventBody =
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'notice'; readonly notice: Notice };

/** Live news. `id` grows with time, and whoever has seen one has been sent all before it. */
export interface CommunityEvent {
  readonly id: number;
  readonly audience: Audience;
  /** Of a message: whoever has muted them does not hear it. */
  readonly authorId?: number;
  readonly body: EventBody;
}

export interface EventsAfter {
  readonly events: readonly { readonly id: number; readonly body: EventBody }[];
  /** Ask again after this one. */
  readonly lastId: number;
  readonly hasMore: boolean;
  /** No number of this database: it is better to load everything anew; `events` is empty. */
  readonly isTooFar: boolean;
}

/** What the announce path must know of an account. */
export interface AccountAccess {
  readonly accountId: number;
  /** Of its passkeys: those of an earlier one are not good any more. */
  readonly generation: number;
  /** SHA-256 of the one passkey it had before passkeys named a release, unless that was renewed. */
  readonly passkeyHash?: Uint8Array;
  readonly role: Role;
  readonly groupIds: readonly number[];
  /** Banned until then; Infinity: for good. */
  readonly bannedUntilMs?: number;
}

/** Muting, reports and what moderators see: Safeguards (safeguards.ts). What one's own account is: own-account.ts. */
export interface Community {
  // Coming in.
  /** The token of the first owner's link while there is no owner, new at each call; undefined when there is one. */
  newSetupToken(): Promise<string | undefined>;
  /** `rank`: its place in the line for a hash, low first; so for signing in. */
  register(registration: Registration, rank?: number): Promise<SignedIn>;
  challenge(name: string): { readonly challenge: string; readonly expiresAtMs: number };
  signInWithPassword(name: string, password: string, label?: string, rank?: number): Promise<SignedIn>;
  signInWithKey(
    signIn: { readonly host: string; readonly name: string; readonly challenge: string },
    signature: Uint8Array,
    label?: string,
  ): Promise<SignedIn>;
  /** The owner of the name is told; a name that no account has is left alone. */
  tellWrongPasswords(
    name: string,
    counts: { readonly wrong: number; readonly addresses: number },
  ): Promise<void>;
  /** Undefined for every token that is not good, whatever the reason. */
  authenticate(token: string): Promise<Authenticated | undefined>;
  sessions(viewer: Viewer, currentId?: string): Promise<readonly SessionInfo[]>;
  signOut(viewer: Viewer, sessionId: string): Promise<void>;

  // Accounts.
  me(viewer: Viewer): Promise<OwnAccount>;
  account(viewer: Viewer, name: string): Promise<Account>;
  /** Name → id, for filters and lists of people; undefined when there is none. */
  accountId(name: string): Promise<number | undefined>;
  names(accountIds: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** A new password ends all other sessions. */
  changePassword(
    viewer: Viewer,
    change: { readonly old?: string; readonly new: string },
    keptSessionId?: string,
  ): Promise<void>;
  /** From a client that signed in by password and has made its key now. An account with a key keeps it. */
  addKey(viewer: Viewer, publicKey: Uint8Array): Promise<void>;
  /** Raises the generation: every passkey that was handed out before is refused from this moment. */
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
  /** Those one is in. */
  groups(viewer: Viewer): Promise<readonly Group[]>;
  addToGroup(viewer: Viewer, group: string, name: string): Promise<Group>;
  /** By its founder, or oneself. */
  removeFromGroup(viewer: Viewer, group: string, name: string): Promise<void>;

  // Conversation.
  createRoom(viewer: Viewer, room: NewRoom): Promise<Room>;
  changeTopic(viewer: Viewer, room: string, topic: string): Promise<Room>;
  rooms(viewer: Viewer): Promise<readonly Room[]>;
  say(viewer: Viewer, room: string, text: string): Promise<Message>;
  messages(viewer: Viewer, room: string, page?: PageAsked): Promise<Page<Message>>;
  sayTo(viewer: Viewer, name: string, text: string): Promise<Message>;
  directMessages(viewer: Viewer, name: string, page?: PageAsked): Promise<Page<Message>>;
  conversations(viewer: Viewer, page?: PageAsked): Promise<Page<Conversation>>;
  /** The caller has seen that the viewer may see the release. */
  comment(viewer: Viewer, release: ReleaseRef, text: string): Promise<Message>;
  comments(viewer: Viewer, releaseId: string, page?: PageAsked): Promise<Page<Message>>;
  /** Rooms the viewer may read, and their direct messages. Comments are found with their release. */
  searchMessages(viewer: Viewer, query: string, page?: PageAsked): Promise<Page<Message>>;
  /** A message or a comment. Its text is gone; that there was one stays. */
  deleteMessage(viewer: Viewer, id: number): Promise<void>;

  // What one is told.
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
  /** Followers and wishes; may be said again after a crash, nobody is told twice. */
  tellPublished(release: PublishedRelease): Promise<void>;
  /** The release was withdrawn: nobody follows it, and its comments are gone. */
  forgetRelease(releaseId: string): Promise<void>;
  tellFinished(release: ReleaseRef, accountId: number): Promise<void>;
  eventsAfter(viewer: Viewer, id: number): Promise<EventsAfter>;

  /** Events that came of another module's transaction. */
  tellEvents(events: readonly CommunityEvent[]): void;

  // For the rest of the tracker; each answers how to stop listening.
  onEvent(listener: (event: CommunityEvent) => void): () => void;
  /** An account has come, what it may do has changed, or one of its sessions has ended. */
  onAccess(listener: (access: AccountAccess) => void): () => void;
  /** Every account, in pages by ascending id. */
  accessAfter(accountId: number): Promise<readonly AccountAccess[]>;
  /** Of the tracker's key, by which it is known again; the key itself is never in the database. */
  keyFingerprint(): Promise<Uint8Array | undefined>;
  setKeyFingerprint(fingerprint: Uint8Array): Promise<void>;
}
