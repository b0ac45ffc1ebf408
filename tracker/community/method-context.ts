/** What all methods of the community use, and the rules that a tracker was started with. */
import type { Action, Role, Viewer } from '../access.ts';
import type { Clock } from '../clock.ts';
import type { Calls } from '../database/store.ts';
import type { AccountAccess, CommunityEvent } from './contract.ts';
import type { Challenges } from './sign-in/challenges.ts';
import type { Passwords } from './sign-in/passwords.ts';
import type { CommunityReads, CommunityWrites } from './stores/community-stores.ts';

export interface CommunityPolicy {
  /** Anonymous users see nothing but the sign-in. */
  readonly signInRequired: boolean;
  /** The role of users who register without an invitation; undefined: an invitation is required. */
  readonly newcomerRole: Role | undefined;
}

export const openPolicy: CommunityPolicy = { signInRequired: false, newcomerRole: 'member' };

/** What an operation changed for others. */
interface Outcome {
  readonly events?: readonly CommunityEvent[];
  readonly access?: readonly AccountAccess[];
}

/** What the methods use. */
export interface MethodContext extends Pick<Clock, 'wallMs'> {
  readonly reads: Calls<CommunityReads>;
  readonly writes: Calls<CommunityWrites>;
  readonly policy: CommunityPolicy;
  readonly challenges: Challenges;
  readonly passwords: Passwords;
  /** Passes the outcome of a write to the listeners and returns it. */
  tell<Result extends Outcome>(outcome: Promise<Result>): Promise<Result>;
  /** Throws CommunityError `not-signed-in`. */
  enter(viewer: Viewer, action: Action): void;
  /** Like `enter`, but returns the common fields of operations that act for an account. */
  acting(viewer: Viewer): { readonly by: number; readonly nowMs: number };
}
