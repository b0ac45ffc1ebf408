/** How people are kept safe: muting and blocking each other, reporting, and what moderators see. A part of contract.ts. */
import type { Viewer } from '../../access.ts';
import type { Account } from '../accounts.ts';
import type { Message, Page, PageAsked, ReleaseRef } from '../contract.ts';

/** Somebody whom one does not want to hear; with a block they cannot come near either. */
export interface Muted {
  readonly name: string;
  readonly isBlock: boolean;
  readonly sinceMs: number;
}

export type AuditAction =
  | ('ban' | 'unban' | 'role' | 'delete-message' | 'change-topic' | 'withdraw-invitation')
  | ('take-down' | 'restore' | 'lift-block' | 'approve' | 'refuse' | 'close-report');

/** One moderation. */
export interface AuditEntry {
  readonly id: number;
  readonly atMs: number;
  readonly moderator: string;
  readonly action: AuditAction;
  /** Whom it is about. */
  readonly person?: string;
  /** The id of a release, or the number of a message, block or report. */
  readonly about?: string;
  /** The new role, the room, the title of a release that everybody saw. */
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
  /** The publisher, the author, or the person. */
  readonly person: string;
  readonly releaseId?: string;
  readonly messageId?: number;
  /** Of the release, as the reporter saw it. */
  readonly title?: string;
  /** What the message said when it was reported. */
  readonly quoted?: string;
  readonly madeAtMs: number;
  /** Of everybody who reported it, the newest first. */
  readonly texts: readonly { readonly reporter: string; readonly text: string; readonly atMs: number }[];
  readonly closed?: { readonly by: string; readonly atMs: number; readonly outcome: string };
}

/** What a report is about; of a release the caller has seen that the viewer may see it. */
export type Reported =
  | { readonly release: ReleaseRef }
  | { readonly messageId: number }
  | { readonly account: string };

export interface Safeguards {
  /** Their messages, comments and notices are not shown to the viewer; they notice nothing. */
  mute(viewer: Viewer, name: string): Promise<void>;
  unmute(viewer: Viewer, name: string): Promise<void>;
  /** As mute; and they can neither write to the viewer, nor follow them, nor comment on their releases. */
  block(viewer: Viewer, name: string): Promise<void>;
  unblock(viewer: Viewer, name: string): Promise<void>;
  mutes(viewer: Viewer): Promise<readonly Muted[]>;
  /** Accounts whose messages this viewer is not shown, for streams. */
  mutedIds(viewer: Viewer): Promise<readonly number[]>;

  /** A message that this viewer may read; for a comment the caller asks whether the release may be seen. */
  message(viewer: Viewer, id: number): Promise<Message>;
  /** Answers the number of the report. A thing that is reported already gets one more text. */
  report(viewer: Viewer, what: Reported, text: string): Promise<number>;
  /** For moderators, but those about themselves. */
  reports(viewer: Viewer, page?: PageAsked & { readonly isClosed?: boolean }): Promise<Page<Report>>;
  closeReport(viewer: Viewer, id: number, outcome: string): Promise<void>;

  /** For moderators. */
  audit(viewer: Viewer, page?: PageAsked): Promise<Page<AuditEntry>>;
  /** For moderators. `isBanned`: those who are banned at this moment. */
  members(viewer: Viewer, page?: PageAsked & { readonly isBanned?: boolean }): Promise<Page<Member>>;
  /** Moderators hear that something waits for their approval. */
  tellWaiting(): Promise<void>;
}
