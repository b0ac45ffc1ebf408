/** Accounts, sessions, invitations and groups, as the community tells of them. */
import type { Role, Viewer } from '../access.ts';

export interface Account {
  readonly name: string;
  readonly role: Role;
  /** Ed25519, 32 bytes: what versions of its releases are signed with. */
  readonly publicKey?: Uint8Array;
  readonly createdAtMs: number;
  readonly ban?: Ban;
}

export interface Ban {
  readonly reason: string;
  readonly sinceMs: number;
  /** Undefined: for good. */
  readonly untilMs?: number;
}

/** One's own account has more to it. */
export interface OwnAccount extends Account {
  readonly accountId: number;
  readonly hasPassword: boolean;
  /** When its owner said that they may share what they publish. */
  readonly rightsConfirmedAtMs?: number;
  readonly groups: readonly string[];
  readonly unreadNotices: number;
}

export interface Registration {
  readonly name: string;
  readonly publicKey?: Uint8Array;
  readonly password?: string;
  readonly invitation?: string;
  /** From the link printed at first start: makes the first owner. */
  readonly setupToken?: string;
  /** What the session's owner sees it as: `cicada 0.2 on Linux`. */
  readonly label?: string;
}

export interface NewSession {
  /** Given once; only its hash is kept. */
  readonly token: string;
  readonly id: string;
}

export interface SignedIn {
  readonly account: OwnAccount;
  readonly session: NewSession;
}

export interface SessionInfo {
  readonly id: string;
  readonly label: string;
  readonly createdAtMs: number;
  readonly seenAtMs: number;
  readonly isCurrent: boolean;
}

/** A session that is good. */
export interface Authenticated extends Viewer {
  readonly accountId: number;
  readonly role: Role;
  readonly name: string;
  readonly sessionId: string;
  /** Its owner has said that they may share what they publish. */
  readonly hasRights: boolean;
}

export interface Invitation {
  readonly id: string;
  readonly inviter: string;
  readonly role: Role;
  readonly note: string;
  readonly usesLeft: number;
  readonly expiresAtMs: number;
}

export interface Group {
  readonly groupId: number;
  readonly name: string;
  readonly founder: string;
  /** Names, in the order of their keys. */
  readonly members: readonly string[];
}
