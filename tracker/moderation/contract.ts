/**
 * What moderators do with releases: take them down, restore them, decide about waiting publications. It
 * builds on catalogue and community, because each action changes the catalogue and adds notices and an audit
 * row.
 *
 * Invariant: an action, its audit row and its notices are one transaction. A moderator can take down releases
 * they see or that were reported to them. An owner can decide about their own publications, a moderator
 * cannot. Only those who may see the release get its title, in any role. All methods reject with errors that
 * have a `code`: CommunityError's, or the database's.
 */
import type { Viewer, Visibility } from '../access.ts';
import type { ServedRelease } from '../catalogue/contract.ts';
import type { CommunityEvent, Page, PageAsked } from '../community/contract.ts';

/** A release that was taken down. Its block has the same number. */
export interface Takedown {
  readonly id: number;
  readonly releaseId: string;
  readonly publisher: string;
  readonly moderator: string;
  /** Undefined: this viewer may not see the release. */
  readonly title?: string;
  readonly reason: string;
  readonly atMs: number;
  readonly restoredAtMs?: number;
  /** Undefined: its content is blocked. */
  readonly unblockedAtMs?: number;
}

/** A publication that waits for a moderator because its content is blocked. */
export interface WaitingPublication {
  readonly id: number;
  readonly publisher: string;
  /** Number of the takedown whose block applies. */
  readonly takedownId: number;
  readonly visibility: Visibility;
  /** Undefined, like the two figures, if this viewer may not see the release. */
  readonly title?: string;
  readonly bytes?: number;
  readonly fileCount?: number;
  readonly askedAtMs: number;
}

export interface Moderation {
  takeDown(viewer: Viewer, input: { readonly releaseId: string; readonly reason: string }): Promise<void>;
  /** The release, its followers and its comments are as before, and its content may be published again. */
  restore(viewer: Viewer, releaseId: string): Promise<void>;
  /** The content may be published again. The release stays taken down. */
  liftBlock(viewer: Viewer, takedownId: number): Promise<void>;
  /** The publisher gets a notice, and can publish approved content. */
  decide(
    viewer: Viewer,
    waitingId: number,
    decision: { readonly isApproved: boolean; readonly reason: string },
  ): Promise<void>;

  /** `isBlocking`: only takedowns whose content is blocked. Without it, restored ones too. */
  takedowns(viewer: Viewer, page?: PageAsked & { readonly isBlocking?: boolean }): Promise<Page<Takedown>>;
  waiting(viewer: Viewer, page?: PageAsked): Promise<Page<WaitingPublication>>;
}

/** Called with the results of an action, in the order of the commits and before the action is answered. */
export interface ModerationListeners {
  readonly served: (release: ServedRelease) => void;
  readonly events: (events: readonly CommunityEvent[]) => void;
}
