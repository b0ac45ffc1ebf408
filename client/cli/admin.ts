/** `cicada admin`: what moderators and owners of a tracker do: bans, roles, and messages that have to go. */
import type { Static } from 'typebox';
import * as shapes from '../../tracker/protocol/api-shapes.ts';
import type { TrackerAccount } from '../community/account.ts';
import { apiPath } from '../community/tracker-client.ts';
import { accountOptions, withAccount } from './account-session.ts';
import { badOption } from './cli-error.ts';
import { defineCommand } from './command.ts';
import { calledAs } from './command-line.ts';
import { exitCode } from './exit-codes.ts';
import { roles } from './invite.ts';
import { plain } from './torrent-summary.ts';
import { noSuchPerson, orUnknown } from './unknown-names.ts';

type Deed = (account: TrackerAccount, who: string, words: readonly string[]) => Promise<string>;

const deeds: Readonly<Record<string, Deed>> = {
  async ban(account, who, words) {
    if (words.length === 0) throw badOption(`ban: say why: ${calledAs} admin ban NAME REASON`);
    const body = { reason: words.join(' ') };
    const path = apiPath`/accounts/${who}/ban`;
    const banned = account.call({ method: 'PUT', path, body, answer: shapes.account });
    return banWords(await orUnknown(banned, noSuchPerson(who)));
  },
  async unban(account, who) {
    const path = apiPath`/accounts/${who}/ban`;
    const unbanned = account.call({ method: 'DELETE', path, answer: shapes.account });
    return banWords(await orUnknown(unbanned, noSuchPerson(who)));
  },
  async role(account, who, [role]) {
    if (role === undefined) throw badOption(`role: say which: one of ${roles.join(', ')}`);
    if (!roles.some((known) => known === role)) {
      throw badOption(`"${role}" is no role: it is one of ${roles.join(', ')}`);
    }
    const path = apiPath`/accounts/${who}`;
    const asked = account.call({ method: 'PATCH', path, body: { role }, answer: shapes.account });
    const changed = await orUnknown(asked, noSuchPerson(who));
    return `${changed.name} is ${changed.role} now`;
  },
  async delete(account, id) {
    if (!/^\d{1,15}$/.test(id))
      throw badOption(`delete: give the number of a message, as ${calledAs} read -v shows it`);
    const deleted = account.call({ method: 'DELETE', path: apiPath`/messages/${id}` });
    await orUnknown(deleted, `there is no message ${id}`);
    return `Message ${id} is deleted`;
  },
};

export default defineCommand({
  usage: 'admin <deed> <who> [words..]',
  describe: 'Moderate a tracker: ban, unban, role, delete',
  positionals: {
    deed: { type: 'string', demandOption: true, describe: Object.keys(deeds).join(', ') },
    who: {
      type: 'string',
      demandOption: true,
      describe: 'Whom it is about; for delete the number of a message',
    },
    words: { type: 'string', array: true, describe: 'The reason of a ban, or the role' },
  },
  options: { ...accountOptions },
  examples: [
    ['admin ban mallory "shares nothing but noise"', 'their sessions, announces and invitations end at once'],
    ['admin unban mallory', 'and lets them in again'],
    ['admin role bob moderator', 'guest, member, moderator or owner'],
  ],

  async run({ deed, who, words = [], ...args }, output) {
    const act = Object.hasOwn(deeds, deed) ? deeds[deed] : undefined;
    if (act === undefined) throw badOption(`"${deed}" is none of ${Object.keys(deeds).join(', ')}`);
    return await withAccount(args, async (account) => {
      const told = await act(account, who, words);
      output.document({ event: 'done', deed, who });
      output.result(plain(told));
      return exitCode.done;
    });
  },
});

function banWords({ name, ban }: Static<typeof shapes.account>): string {
  return ban === undefined ? `${name} may come in again` : `${name} is banned: ${ban.reason}`;
}
