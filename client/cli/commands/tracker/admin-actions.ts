/** The actions of moderators, one function each. Each returns a sentence that says what it did. */
import type { Static } from 'typebox';
import * as shapes from '../../../../tracker/protocol/api/people-shapes.ts';
import type { TrackerAccount } from '../../../account/account.ts';
import { apiPath } from '../../../account/tracker-client.ts';
import { badOption } from '../../cli-error.ts';
import { isReleaseId } from '../../results/release-names.ts';
import { noSuchPerson, orUnknown, personNamed } from '../../results/unknown-names.ts';
import { calledAs } from '../../screen/command-line.ts';
import { roles } from '../community/invite.ts';

type Action = (account: TrackerAccount, who: string, words: readonly string[]) => Promise<string>;

export const adminActions: Readonly<Record<string, Action>> = {
  async ban(account, named, words) {
    const who = personNamed(named);
    const body = { reason: reasonOf(words, 'ban NAME') };
    const path = apiPath`/accounts/${who}/ban`;
    const banned = account.call({ method: 'PUT', path, body, answer: shapes.account });
    return banWords(await orUnknown(banned, noSuchPerson(who)));
  },
  async unban(account, named) {
    const who = personNamed(named);
    const path = apiPath`/accounts/${who}/ban`;
    const unbanned = account.call({ method: 'DELETE', path, answer: shapes.account });
    return banWords(await orUnknown(unbanned, noSuchPerson(who)));
  },
  async role(account, named, [role]) {
    const who = personNamed(named);
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
    if (!/^[a-z2-7]{26}$/.test(id))
      throw badOption(`delete: give the id of a message, as ${calledAs} read -v shows it behind #`);
    const deleted = account.call({ method: 'DELETE', path: apiPath`/messages/${id}` });
    await orUnknown(deleted, `there is no message ${id}`);
    return `Message ${id} is deleted`;
  },
  async restore(account, release) {
    if (!isReleaseId(release)) {
      throw badOption(`restore: "${release}" is no id of a release; ${calledAs} admin takedowns shows them`);
    }
    const restored = account.call({ method: 'DELETE', path: apiPath`/releases/${release}/takedown` });
    await orUnknown(restored, `no release of the id ${release} is taken down`);
    return `Restored: ${release}, with its comments and followers; its publisher is told`;
  },
  async unblock(account, id) {
    const number = numberOf(id, 'unblock', `of a block, as ${calledAs} admin blocks shows it`);
    const lifted = account.call({ method: 'DELETE', path: apiPath`/takedowns/${number}/block` });
    await orUnknown(lifted, `no block with the number ${number} stands`);
    return `Block ${number} is lifted: its content may be published again`;
  },
  async approve(account, id, words) {
    return await decide(account, id, 'approve', words.length === 0 ? 'approved' : words.join(' '));
  },
  async refuse(account, id, words) {
    return await decide(account, id, 'refuse', reasonOf(words, 'refuse NUMBER'));
  },
  async close(account, id, words) {
    const number = numberOf(id, 'close', `of a report, as ${calledAs} admin reports shows it`);
    const body = { outcome: reasonOf(words, 'close NUMBER') };
    const closed = account.call({ method: 'PUT', path: apiPath`/reports/${number}/outcome`, body });
    await orUnknown(closed, `no report with the number ${number} is open`);
    return `Report ${number} is closed; its reporters are told that it was dealt with`;
  },
  async withdraw(account, id) {
    const withdrawn = account.call({ method: 'DELETE', path: apiPath`/invitations/${id}` });
    await orUnknown(withdrawn, `there is no open invitation ${id}; ${calledAs} admin invitations lists them`);
    return `The invitation ${id} is withdrawn`;
  },
};

async function decide(
  account: TrackerAccount,
  id: string,
  decision: 'approve' | 'refuse',
  reason: string,
): Promise<string> {
  const number = numberOf(id, decision, `of what waits, as ${calledAs} admin waiting shows it`);
  const body = { decision, reason };
  const decided = account.call({ method: 'POST', path: apiPath`/waiting/${number}`, body });
  await orUnknown(decided, `nothing with the number ${number} waits`);
  return decision === 'approve'
    ? `Approved: ${number}. Its publisher is told to publish it again`
    : `Refused: ${number}. Its publisher is told`;
}

function reasonOf(words: readonly string[], action: string): string {
  if (words.length > 0) return words.join(' ');
  throw badOption(`${action.split(' ')[0]}: say why: ${calledAs} admin ${action} REASON`);
}

function numberOf(text: string, action: string, what: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw badOption(`${action}: give the number ${what}`);
}

function banWords({ name, ban }: Static<typeof shapes.account>): string {
  return ban === undefined ? `${name} may come in again` : `${name} is banned: ${ban.reason}`;
}
