/**
 * What moderators do with releases: taking them down, bringing them back, deciding what waits. It stands above catalogue
 * and community, because one deed is a change of the one, and a notice and an audit row of the other.
 *
 * Invariant: a deed, its audit row and its notices are one transaction. A moderator takes down what they see, or what was
 * reported to them; but for an owner nobody decides about what they published. A title is told only to those who may see the release, whatever their role.
 * All methods reject with errors that carry a `code`: CommunityError's, or the database's.
 */
import type { Viewer, Visibility } from '../access.ts';
import type { ServedRelease } from '../catalogue/contract.ts';
import type { CommunityEvent, Page, PageAsked } from '../community/contract.ts';

/** A release that was taken down; its block is known by the same number. */
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

/** A publication whose content is blocked. */
export interface WaitingPublication {
  readonly id: number;
  readonly publisher: string;
  /** Number of the takedown whose block it met. */
  readonly takedownId: number;
  readonly visibility: Visibility;
  /** Undefined, like the two figures: it is not for this viewer. */
  readonly title?: string;
  readonly bytes?: number;
  readonly fileCount?: number;
  readonly askedAtMs: number;
}

export interface Moderation {
  takeDown(viewer: Viewer, input: { readonly releaseId: string; readonly reason: string }): Promise<void>;
  /** Release, followers and comments are as before, and its content is free. */
  restore(viewer: Viewer, releaseId: string): Promise<void>;
  /** The content may be published; a release that was taken down stays so. */
  liftBlock(viewer: Viewer, takedownId: number): Promise<void>;
  /** Its publisher hears of it, and may send an approved one again. */
  decide(
    viewer: Viewer,
    waitingId: number,
    decision: { readonly isApproved: boolean; readonly reason: string },
  ): Promise<void>;

  /** `isBlocking`: those whose content is blocked. Also the restored ones without it. */
  takedowns(viewer: Viewer, page?: PageAsked & { readonly isBlocking?: boolean }): Promise<Page<Takedown>>;
  waiting(viewer: Viewer, page?: PageAsked): Promise<Page<WaitingPublication>>;
}

/** Who hears of what came of a deed, in the order of the commits and before whoever asked is answered. */
export interface ModerationListeners {
  readonly served: (release: ServedRelease) => void;
  readonly events: (events: readonly CommunityEvent[]) => void;
}
