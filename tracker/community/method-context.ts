/** What every method of the community works with, and the rules a tracker was started with. */
import type { Action, Role, Viewer } from '../access.ts';
import type { Clock } from '../clock.ts';
import type { Calls } from '../database/store.ts';
import type { AccountAccess, CommunityEvent } from './contract.ts';
import type { Challenges } from './sign-in/challenges.ts';
import type { Passwords } from './sign-in/passwords.ts';
import type { CommunityReads, CommunityWrites } from './stores/community-stores.ts';

export interface CommunityPolicy {
  /** A stranger sees nothing but the way in. */
  readonly signInRequired: boolean;
  /** What whoever registers without an invitation becomes; undefined: nobody does. */
  readonly newcomerRole: Role | undefined;
}

export const openPolicy: CommunityPolicy = { signInRequired: false, newcomerRole: 'member' };

/** What an operation may have changed for others. */
interface Outcome {
  readonly events?: readonly CommunityEvent[];
  readonly access?: readonly AccountAccess[];
}

/** What the methods work with. */
export interface MethodContext extends Pick<Clock, 'wallMs'> {
  readonly reads: Calls<CommunityReads>;
  readonly writes: Calls<CommunityWrites>;
  readonly policy: CommunityPolicy;
  readonly challenges: Challenges;
  readonly passwords: Passwords;
  /** Tells the listeners what came of a write, and hands it on. */
  tell<Result extends Outcome>(outcome: Promise<Result>): Promise<Result>;
  /** Throws CommunityError `not-signed-in`. */
  enter(viewer: Viewer, action: Action): void;
  /** As `enter`, and the fields common to all that acts for an account. */
  acting(viewer: Viewer): { readonly by: number; readonly nowMs: number };
}
