/** Deliberate bugs in who may enter which swarm, and who stays listed there. */
import type { Mutant } from './mutant.ts';

export const admission: readonly Mutant[] = [
  {
    name: 'a banned account may announce',
    file: 'tracker/admission.ts',
    from: "      if (isBanned(viewer, nowMs)) return 'not-served';\n      if (content",
    to: '      if (content',
  },
  {
    name: 'passkeys of an earlier generation are accepted',
    file: 'tracker/admission.ts',
    from: 'if (content.generation !== viewer.generation)',
    to: 'if (content.generation > viewer.generation)',
  },
  {
    name: "an account's replaced passkey stays valid",
    file: 'tracker/admission.ts',
    from: 'if (before !== undefined) this.#byPasskeyHash.delete(latin1(before));',
    to: 'if (before === undefined) this.#byPasskeyHash.clear();',
  },
  {
    name: 'a withdrawn release is still served',
    file: 'tracker/admission/release-swarms.ts',
    from: '    for (const infoHash of before?.release.infoHashes ?? none) this.#leave(latin1(infoHash), number);\n',
    to: '    if (access !== undefined) for (const infoHash of before?.release.infoHashes ?? none) this.#leave(latin1(infoHash), number);\n',
  },
  {
    name: 'a passkey is accepted without checking its tag',
    file: 'tracker/admission/passkeys.ts',
    from: 'if (!timingSafeEqual(tag, hmac(tagKey, content).subarray(0, tagBytes))) return undefined;',
    to: 'timingSafeEqual(tag, tag);',
  },
  {
    name: 'peers of a banned account stay listed',
    file: 'tracker/swarms/access-changes.ts',
    from: 'const isOut = isBanned(access, wallMs) ||',
    to: 'const isOut =',
  },
  {
    name: 'an open swarm stays open after its last release',
    file: 'tracker/swarms/access-changes.ts',
    from: 'const isOfOthers = before?.isOpen === true && swarms.hasOpen(swarm);',
    to: 'const isOfOthers = before?.isOpen === true;',
  },
  {
    name: 'guests see releases for members',
    file: 'tracker/access.ts',
    from: "return rank(role) >= rank('member');",
    to: "return rank(role) >= rank('guest');",
  },
  {
    name: 'a restart lists peers that may no longer enter',
    file: 'tracker/swarms/swarm-restore.ts',
    from: 'return isIts && wouldEnter(account);',
    to: 'return isIts;',
  },
  {
    name: 'a restart lists peers in swarms without a release',
    file: 'tracker/swarms/swarm-restore.ts',
    from: 'return isIts && wouldEnter(account);',
    to: 'return wouldEnter(account);',
  },
  {
    name: 'every account sees who holds a release',
    file: 'tracker/swarms/swarm-access.ts',
    from: '      if (!admission.sees(accountId, releaseId)) return [];\n',
    to: '',
  },
  {
    name: 'a banned account may read feeds',
    file: 'tracker/admission.ts',
    from: 'return reader === undefined || isBanned(reader, nowMs) ? undefined : reader;',
    to: 'return reader;',
  },
  {
    name: 'a ban ends a millisecond late',
    file: 'tracker/access.ts',
    from: 'return nowMs < bannedUntilMs;',
    to: 'return nowMs <= bannedUntilMs;',
  },
  {
    name: 'feed keys of an earlier generation are accepted',
    file: 'tracker/admission.ts',
    from: 'accounts.withGeneration(content.accountId, content.generation)',
    to: 'accounts.get(content.accountId)',
  },
  {
    name: 'unknown peers stay in a restricted swarm',
    file: 'tracker/swarms/access-changes.ts',
    from: 'if (isIts ? isOpen || !presence.isIncomplete : isOfOthers) continue;',
    to: 'if (isIts || isOfOthers) continue;',
  },
  {
    name: 'a restart lists peers with renewed passkeys',
    file: 'tracker/swarms/swarm-restore.ts',
    from: 'if (account?.generation !== generation || isB',
    to: 'if (account === undefined || isB',
  },
  {
    name: 'presence is complete again once a peer leaves',
    file: 'tracker/presence.ts',
    from: 'return refusedMs > -Infinity;',
    to: 'return records.size >= recordsMax;',
  },
];
