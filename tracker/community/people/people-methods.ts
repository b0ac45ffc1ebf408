/** Accounts, roles, bans and groups. */
import { roles } from '../../access.ts';
import { CommunityError } from '../community-error.ts';
import type { Community } from '../contract.ts';
import { nameKey, parseLine, parseName } from '../messages/texts.ts';
import type { MethodContext } from '../method-context.ts';
import { checkPublicKey } from '../sign-in/entrance-methods.ts';
import { signInFailed } from '../stores/sign-in/entrance.ts';

type People = Pick<
  Community,
  | 'me'
  | 'account'
  | 'accountId'
  | 'names'
  | 'changePassword'
  | 'addKey'
  | 'renewPasskeys'
  | 'changeRole'
  | 'ban'
  | 'unban'
  | 'createGroup'
  | 'groups'
  | 'addToGroup'
  | 'removeFromGroup'
>;

export function peopleMethods({
  reads,
  writes,
  passwords,
  wallMs,
  tell,
  enter,
  acting,
}: MethodContext): People {
  return {
    me: async (viewer) => reads.me(acting(viewer)),

    async account(viewer, name) {
      enter(viewer, 'browse');
      return reads.account({ key: nameKey(name), nowMs: wallMs() });
    },

    accountId: (name) => reads.accountId(nameKey(name)),
    names: async (accountIds) => new Map(await reads.names(accountIds)),

    async changePassword(viewer, change, keptSessionId) {
      const who = acting(viewer);
      const { name } = await reads.me(who);
      const { password: old } = (await reads.credentials(nameKey(name))) ?? {};
      // An account with only a key has no old password to check.
      if (old !== undefined && !(await passwords.isRight(change.old ?? '', old))) throw signInFailed();
      const password = await passwords.hash(change.new);
      await tell(writes.setPassword({ ...who, old: old ?? null, password, kept: keptSessionId ?? null }));
    },

    async addKey(viewer, publicKey) {
      checkPublicKey(publicKey);
      await writes.addKey({ ...acting(viewer), publicKey });
    },

    async renewPasskeys(viewer) {
      await tell(writes.renewPasskeys(acting(viewer)));
    },

    async changeRole(viewer, name, role) {
      if (!roles.includes(role))
        throw new CommunityError('role-invalid', `a role is one of ${roles.join(', ')}`);
      return (await tell(writes.changeRole({ ...acting(viewer), key: nameKey(name), role }))).answer;
    },

    async ban(viewer, name, { reason, untilMs }) {
      const who = acting(viewer);
      if (untilMs !== undefined && !(Number.isSafeInteger(untilMs) && untilMs > who.nowMs)) {
        throw new CommunityError('text-invalid', 'a ban ends at a moment to come');
      }
      const ban = { ...who, key: nameKey(name), reason: parseLine(reason), untilMs: untilMs ?? null };
      return (await tell(writes.ban(ban))).answer;
    },

    async unban(viewer, name) {
      return (await tell(writes.unban({ ...acting(viewer), key: nameKey(name) }))).answer;
    },

    async createGroup(viewer, name) {
      return (await tell(writes.createGroup({ ...acting(viewer), ...parseName(name, 'group') }))).answer;
    },

    groups: async (viewer) => reads.groups(acting(viewer)),

    async addToGroup(viewer, group, name) {
      const argument = { ...acting(viewer), key: nameKey(group), nameKey: nameKey(name) };
      return (await tell(writes.addToGroup(argument))).answer;
    },

    async removeFromGroup(viewer, group, name) {
      await tell(writes.removeFromGroup({ ...acting(viewer), key: nameKey(group), nameKey: nameKey(name) }));
    },
  };
}
