/** Muting, blocking, reporting, and what moderators see. A part of contract.ts. */
import type { Viewer } from '../../access.ts';
import type { Account } from '../accounts.ts';
import type { Message, Page, PageAsked, ReleaseRef } from '../contract.ts';

/** An account that the user does not want to hear from. If blocked, it cannot contact the user either. */
export interface Muted {
  readonly name: string;
  readonly isBlock: boolean;
  readonly sinceMs: number;
}

export type AuditAction =
  | ('ban' | 'unban' | 'role' | 'delete-message' | 'change-topic' | 'withdraw-invitation')
  | ('take-down' | 'restore' | 'lift-block' | 'approve' | 'refuse' | 'close-report');

/** One action of a moderator. */
export interface AuditEntry {
  readonly id: number;
  readonly atMs: number;
  readonly moderator: string;
  readonly action: AuditAction;
  /** The account that it concerns. */
  readonly person?: string;
  /** The id of a release, or the number of a message, block or report. */
  readonly about?: string;
  /** The new role, the room, or the title of a release that everyone could see. */
  readonly detail?: string;
  readonly reason?: string;
}

export interface Member extends Account {
  readonly id: number;
  readonly invitedBy?: string;
}

export type ReportKind = 'release' | 'message' | 'person';

export interface Report {
  readonly id: number;
  readonly kind: ReportKind;
  /** The publisher, the author, or the reported account. */
  readonly person: string;
  readonly releaseId?: string;
  readonly messageId?: number;
  /** The release's title, as the reporter saw it. */
  readonly title?: string;
  /** The text of the message when it was reported. */
  readonly quoted?: string;
  readonly madeAtMs: number;
  /** From all reporters, the newest first. */
  readonly texts: readonly { readonly reporter: string; readonly text: string; readonly atMs: number }[];
  readonly closed?: { readonly by: string; readonly atMs: number; readonly outcome: string };
}

/** What a report is about. For a release, the caller has checked that the viewer may see it. */
export type Reported =
  | { readonly release: ReleaseRef }
  | { readonly messageId: number }
  | { readonly account: string };

export interface Safeguards {
  /** Hides the account's messages, comments and notices from the viewer. The account is not informed. */
  mute(viewer: Viewer, name: string): Promise<void>;
  unmute(viewer: Viewer, name: string): Promise<void>;
  /**
   * Like mute, and the account can neither write to the viewer, nor follow them, nor comment on their
   * releases.
   */
  block(viewer: Viewer, name: string): Promise<void>;
  unblock(viewer: Viewer, name: string): Promise<void>;
  mutes(viewer: Viewer): Promise<readonly Muted[]>;
  /** Accounts whose messages are hidden from this viewer, for live streams. */
  mutedIds(viewer: Viewer): Promise<readonly number[]>;

  /**
   * A message that this viewer may read. For a comment, the caller checks whether the viewer may see the
   * release.
   */
  message(viewer: Viewer, id: number): Promise<Message>;
  /** Returns the number of the report. If the thing is reported already, its report gets one more text. */
  report(viewer: Viewer, what: Reported, text: string): Promise<number>;
  /** For moderators, except reports about themselves. */
  reports(viewer: Viewer, page?: PageAsked & { readonly isClosed?: boolean }): Promise<Page<Report>>;
  closeReport(viewer: Viewer, id: number, outcome: string): Promise<void>;

  /** For moderators. */
  audit(viewer: Viewer, page?: PageAsked): Promise<Page<AuditEntry>>;
  /** For moderators. `isBanned`: only accounts that are banned now. */
  members(viewer: Viewer, page?: PageAsked & { readonly isBanned?: boolean }): Promise<Page<Member>>;
  /** Notifies moderators that something waits for their approval. */
  tellWaiting(): Promise<void>;
}
