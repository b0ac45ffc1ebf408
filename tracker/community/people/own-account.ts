/** What a user can do with their account as a whole. Changing its key and password is in contract.ts. */
import type { Viewer } from '../../access.ts';
import type { Message, Notice } from '../contract.ts';

/** Kinds of data that an account has written or received. */
export type OwnDataKind = 'messages' | 'notices' | 'reports';

/** Pages: each starts after the id of the previous page's last row. */
export type OwnDataRow = Message | Notice | OwnReport;

interface OwnReport {
  readonly id: number;
  readonly about: string;
  readonly text: string;
  readonly madeAtMs: number;
}

export interface OwnAccounts {
  /** The user confirms that they may share what they publish. Only the first confirmation counts. */
  confirmRights(viewer: Viewer): Promise<void>;
  /**
   * Permanent: sessions, passkeys, follows, wishes and notices are deleted before the answer. After the
   * answer the library deletes the account's messages and its releases in the catalogue. `name`: typed by the
   * user as a confirmation.
   */
  deleteAccount(
    viewer: Viewer,
    account: { readonly name: string; readonly sessionId: string },
  ): Promise<void>;
  /** Erases some of a deleted account's messages; false: none were left. */
  eraseMessagesOf(accountId: number): Promise<boolean>;
  finishDeparture(accountId: number): Promise<void>;
  unfinishedDepartures(): Promise<readonly number[]>;
  /** An empty page follows the last one. */
  ownData(viewer: Viewer, kind: OwnDataKind, after: number): Promise<readonly OwnDataRow[]>;
}
