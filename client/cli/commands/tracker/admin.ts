/** `cicada admin`: the actions and lists of a tracker's moderators and owners. */
import { list } from '../../../../torrents/wording.ts';
import { badOption } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { calledAs, commandLine } from '../../screen/command-line.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';
import { adminActions } from './admin-actions.ts';
import { adminLists } from './admin-lists.ts';

const actionNames = Object.keys(adminActions);
const listNames = Object.keys(adminLists);

export default defineCommand({
  usage: 'admin <action> [who] [words..]',
  describe: 'Moderate a tracker: bans, roles, takedowns, reports, audit list',
  positionals: {
    action: {
      type: 'string',
      demandOption: true,
      choices: [...listNames, ...actionNames],
      describe: `Show ${list(listNames)}; or do ${list(actionNames)}`,
    },
    who: {
      type: 'string',
      describe: 'Whom or what an action is about: a name, an id, or a number of a list',
    },
    words: { type: 'string', array: true, describe: 'The reason, or the role' },
  },
  options: {
    before: {
      type: 'string',
      requiresArg: true,
      describe: 'Of a list: what stands before this number',
      coerce: parseBefore,
    },
    closed: { type: 'boolean', describe: 'With reports: those that are closed' },
    ...accountOptions,
  },
  examples: [
    ['admin ban mallory "shares nothing but noise"', 'their sessions, announces and invitations end at once'],
    ['admin unban mallory', 'and lets them in again'],
    ['admin role bob moderator', 'guest, member, moderator or owner'],
    ['admin reports', `what people have reported; ${calledAs} admin close NUMBER OUTCOME`],
    ['admin waiting', 'blocked content that was published again; then approve or refuse NUMBER'],
    [
      'admin takedowns',
      `then ${calledAs} admin restore ID; ${calledAs} unpublish ID --reason WHY takes one down`,
    ],
    ['admin blocks', `content that may not be published; ${calledAs} admin unblock NUMBER lifts a block`],
    ['admin audit', 'every moderation: who, what, whom, when and why'],
  ],

  async run({ action, who, words = [], before, closed = false, ...args }, output) {
    const shown = Object.hasOwn(adminLists, action) ? adminLists[action] : undefined;
    const act = Object.hasOwn(adminActions, action) ? adminActions[action] : undefined;
    if (shown === undefined && act === undefined) {
      throw badOption(`"${action}" is none of ${[...listNames, ...actionNames].join(', ')}`);
    }
    if (act !== undefined && who === undefined) {
      throw badOption(`${action}: say whom or what: ${calledAs} admin ${action} WHO`);
    }
    if (closed && action !== 'reports') throw badOption('--closed goes with reports');
    return await withAccount(args, async (account) => {
      if (shown !== undefined) {
        const { rows, lines, before: next } = await shown.load(account, { before, closed });
        output.document({ [action]: rows, before: next ?? null });
        if (lines.length === 0) output.remark(closed ? 'No report is closed.' : shown.empty);
        for (const line of lines) output.data(line);
        if (next !== undefined) {
          const more = commandLine([
            'admin',
            action,
            '--before',
            String(next),
            ...(closed ? ['--closed'] : []),
          ]);
          output.remark(`There are more: ${more}`);
        }
        return exitCode.done;
      }
      const told = await act!(account, who!, words);
      output.document({ event: 'done', action, who: who! });
      output.result(plain(told));
      return exitCode.done;
    });
  },
});

function parseBefore(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw badOption(`--before: "${text}" is no number of a list`);
}
