/**
 * Deliberate bugs in who is let into which swarm, and who stays there.
 */
import type { Mutant } from './mutant.ts';

export const admission: readonly Mutant[] = [
  {
    name: 'let a banned account in',
    file: 'tracker/admission.ts',
    from: "      if (isBanned(viewer, nowMs)) return 'not-served';\n      if (content",
    to: '      if (content',
  },
  {
    name: 'take passkeys of an earlier generation',
    file: 'tracker/admission.ts',
    from: 'if (content.generation !== viewer.generation)',
    to: 'if (content.generation > viewer.generation)',
  },
  {
    name: 'forget which passkey an account had',
    file: 'tracker/admission.ts',
    from: 'if (before !== undefined) this.#byPasskeyHash.delete(latin1(before));',
    to: 'if (before === undefined) this.#byPasskeyHash.clear();',
  },
  {
    name: 'serve a withdrawn release',
    file: 'tracker/admission/release-swarms.ts',
    from: '    for (const infoHash of before?.release.infoHashes ?? none) this.#leave(latin1(infoHash), number);\n',
    to: '    if (access !== undefined) for (const infoHash of before?.release.infoHashes ?? none) this.#leave(latin1(infoHash), number);\n',
  },
  {
    name: 'take a passkey without its proof',
    file: 'tracker/admission/passkeys.ts',
    from: 'if (!timingSafeEqual(tag, hmac(tagKey, content).subarray(0, tagBytes))) return undefined;',
    to: 'timingSafeEqual(tag, tag);',
  },
  {
    name: 'leave peers of a banned account in their swarms',
    file: 'tracker/swarms/access-changes.ts',
    from: 'const isOut = isBanned(access, wallMs) ||',
    to: 'const isOut =',
  },
  {
    name: 'keep the swarm of everyone when its last release is gone',
    file: 'tracker/swarms/access-changes.ts',
    from: 'const isOfOthers = before?.isOpen === true && swarms.hasOpen(swarm);',
    to: 'const isOfOthers = before?.isOpen === true;',
  },
  {
    name: 'show guests what is for members',
    file: 'tracker/access.ts',
    from: "return rank(role) >= rank('member');",
    to: "return rank(role) >= rank('guest');",
  },
  {
    name: 'list peers after a restart that may not come back',
    file: 'tracker/swarms/swarm-restore.ts',
    from: 'return isIts && wouldEnter(account);',
    to: 'return isIts;',
  },
  {
    name: 'list peers after a restart in swarms that are no release’s',
    file: 'tracker/swarms/swarm-restore.ts',
    from: 'return isIts && wouldEnter(account);',
    to: 'return wouldEnter(account);',
  },
  {
    name: 'tell every account of holders',
    file: 'tracker/swarms/swarm-access.ts',
    from: '      if (!admission.sees(accountId, releaseId)) return [];\n',
    to: '',
  },
  {
    name: 'let a banned account read feeds',
    file: 'tracker/admission.ts',
    from: 'return reader === undefined || isBanned(reader, nowMs) ? undefined : reader;',
    to: 'return reader;',
  },
  {
    name: 'end a ban a moment late',
    file: 'tracker/access.ts',
    from: 'return nowMs < bannedUntilMs;',
    to: 'return nowMs <= bannedUntilMs;',
  },
  {
    name: 'take feed keys of an earlier generation',
    file: 'tracker/admission.ts',
    from: 'accounts.withGeneration(content.accountId, content.generation)',
    to: 'accounts.get(content.accountId)',
  },
  {
    name: 'keep unknown peers in a restricted swarm',
    file: 'tracker/swarms/access-changes.ts',
    from: 'if (isIts ? isOpen || !presence.isIncomplete : isOfOthers) continue;',
    to: 'if (isIts || isOfOthers) continue;',
  },
  {
    name: 'list peers after a restart whose passkeys were renewed',
    file: 'tracker/swarms/swarm-restore.ts',
    from: 'if (account?.generation !== generation || isB',
    to: 'if (account === undefined || isB',
  },
  {
    name: 'know all peers again when one of them leaves',
    file: 'tracker/presence.ts',
    from: 'return refusedMs > -Infinity;',
    to: 'return records.size >= recordsMax;',
  },
];
