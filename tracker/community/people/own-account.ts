/** What an account may do with itself as a whole; changing its key and password is in contract.ts. */
import type { Viewer } from '../../access.ts';
import type { Message, Notice } from '../contract.ts';

/** What an account has said or was told. */
export type OwnDataKind = 'messages' | 'notices' | 'reports';

/** In pages: each after the id of the last row of the one before. */
export type OwnDataRow = Message | Notice | OwnReport;

interface OwnReport {
  readonly id: number;
  readonly about: string;
  readonly text: string;
  readonly madeAtMs: number;
}

export interface OwnAccounts {
  /** Its owner says that they may share what they publish; the first time counts. */
  confirmRights(viewer: Viewer): Promise<void>;
  /**
   * For good: sessions, passkeys, follows, wishes and notices are gone with the answer. What the account has said, and in the
   * catalogue what it has published, the library takes away behind it. `name`: typed by its owner, to be sure.
   */
  deleteAccount(
    viewer: Viewer,
    account: { readonly name: string; readonly sessionId: string },
  ): Promise<void>;
  /** A slice of what a deleted account has said; false when there was nothing left. */
  eraseMessagesOf(accountId: number): Promise<boolean>;
  finishDeparture(accountId: number): Promise<void>;
  unfinishedDepartures(): Promise<readonly number[]>;
  /** Empty behind the last one. */
  ownData(viewer: Viewer, kind: OwnDataKind, after: number): Promise<readonly OwnDataRow[]>;
}
