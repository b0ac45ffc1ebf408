/**
 * The community in the database: it implements contract.ts. This side has the clock, the random numbers and
 * the slow hashing of passwords. Texts are cleaned here; the stores check permissions, in the transaction.
 *
 * Invariant: listeners are called in the order of the commits, before the call is answered. When users read
 * that their passkeys were renewed, announces already refuse the old ones.
 */
import { extname } from 'node:path';
import { mayEnter } from '../access.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { CommunityError } from './community-error.ts';
import type { AccountAccess, Community, CommunityEvent } from './contract.ts';
import { deskMethods } from './inbox/desk-methods.ts';
import { conversationMethods } from './messages/conversation-methods.ts';
import { type CommunityPolicy, type MethodContext, openPolicy } from './method-context.ts';
import type { OwnAccounts } from './people/own-account.ts';
import { ownAccountMethods } from './people/own-account-methods.ts';
import { peopleMethods } from './people/people-methods.ts';
import { safeguardMethods } from './people/safeguard-methods.ts';
import type { Safeguards } from './people/safeguards.ts';
import { openChallenges } from './sign-in/challenges.ts';
import { entranceMethods } from './sign-in/entrance-methods.ts';
import { invitationMethods } from './sign-in/invitation-methods.ts';
import { openPasswords } from './sign-in/passwords.ts';
import type { CommunityReads, CommunityWrites } from './stores/community-stores.ts';

export interface CommunityOptions extends Clock {
  readonly policy?: CommunityPolicy;
}

/** For `openDatabase`: the name of this module in the database, and the file of its stores. */
export const communityRoom = 'community';
export const communityStores = new URL(
  `./stores/community-stores${extname(import.meta.url)}`,
  import.meta.url,
);

/** Everything that the rest of the tracker uses. */
export type WholeCommunity = Community & Safeguards & OwnAccounts;

export function openCommunity(database: Database, options: CommunityOptions): WholeCommunity {
  const { policy = openPolicy, nowMs, wallMs } = options;
  const onEvent = listeners<CommunityEvent>();
  const onAccess = listeners<AccountAccess>();
  const context: MethodContext = {
    reads: database.reads<CommunityReads>(communityRoom),
    writes: database.writes<CommunityWrites>(communityRoom),
    policy,
    challenges: openChallenges(),
    passwords: openPasswords(nowMs),
    wallMs,
    async tell(outcome) {
      const result = await outcome;
      for (const access of result.access ?? []) onAccess.tell(access);
      for (const event of result.events ?? []) onEvent.tell(event);
      return result;
    },
    enter({ role }, action) {
      if (!mayEnter(role, action, policy.signInRequired)) throw notSignedIn();
    },
    acting({ accountId }) {
      if (accountId === undefined) throw notSignedIn();
      return { by: accountId, nowMs: wallMs() };
    },
  };
  return {
    ...entranceMethods(context),
    ...invitationMethods(context),
    ...peopleMethods(context),
    ...conversationMethods(context),
    ...deskMethods(context),
    ...safeguardMethods(context),
    ...ownAccountMethods(context),
    tellEvents(events) {
      for (const event of events) onEvent.tell(event);
    },
    onEvent: onEvent.add,
    onAccess: onAccess.add,
    accessAfter: (accountId) => context.reads.accessAfter(accountId),
    keyFingerprint: () => context.reads.keyFingerprint(),
    setKeyFingerprint: (fingerprint) => context.writes.setKeyFingerprint(fingerprint),
  };
}

function notSignedIn(): CommunityError {
  return new CommunityError('not-signed-in', 'sign in first');
}

function listeners<Told>() {
  const all = new Set<(told: Told) => void>();
  return {
    add(listener: (told: Told) => void): () => void {
      all.add(listener);
      return () => void all.delete(listener);
    },
    tell(told: Told): void {
      for (const listener of all) listener(told);
    },
  };
}
