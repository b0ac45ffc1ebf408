/** The types of accounts, sessions, invitations and groups. */
import type { Role, Viewer } from '../access.ts';

export interface Account {
  readonly name: string;
  readonly role: Role;
  /** Ed25519, 32 bytes. It signs the versions of the account's releases. */
  readonly publicKey?: Uint8Array;
  readonly createdAtMs: number;
  readonly ban?: Ban;
}

export interface Ban {
  readonly reason: string;
  readonly sinceMs: number;
  /** Undefined: permanent. */
  readonly untilMs?: number;
}

/** What an account sees of itself. */
export interface OwnAccount extends Account {
  readonly accountId: number;
  readonly hasPassword: boolean;
  /** When the user confirmed that they may share what they publish. */
  readonly rightsConfirmedAtMs?: number;
  readonly groups: readonly string[];
  readonly unreadNotices: number;
}

export interface Registration {
  readonly name: string;
  readonly publicKey?: Uint8Array;
  readonly password?: string;
  readonly invitation?: string;
  /** From the link printed at the first start. It makes the first owner. */
  readonly setupToken?: string;
  /** The session's name in its owner's list: `cicada 0.2 on Linux`. */
  readonly label?: string;
}

export interface NewSession {
  /** Returned once; only its hash is stored. */
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

/** The viewer of a valid session. */
export interface Authenticated extends Viewer {
  readonly accountId: number;
  readonly role: Role;
  readonly name: string;
  readonly sessionId: string;
  /** The user has confirmed that they may share what they publish. */
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
  /** Names, sorted by their keys. */
  readonly members: readonly string[];
}
