/** `cicada invite`: creates an invitation to hand on. */
import { count } from '../../../../torrents/wording.ts';
import * as shapes from '../../../../tracker/protocol/api/people-shapes.ts';
import { badOption } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { commandElsewhere } from '../../screen/command-line.ts';
import { paint } from '../../screen/output.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';
import { timeWords } from './talk-view.ts';

export const roles = ['guest', 'member', 'moderator', 'owner'] as const;

export default defineCommand({
  usage: 'invite',
  describe: 'Create an invitation to the tracker',
  positionals: {},
  options: {
    role: { choices: roles, requiresArg: true, describe: 'Role of the new accounts; default: member' },
    uses: {
      type: 'string',
      requiresArg: true,
      describe: 'How many people may use it; default: 1',
      coerce: parseUses,
    },
    note: { type: 'string', requiresArg: true, describe: 'Note for yourself' },
    ...accountOptions,
  },
  examples: [['invite --note "for bob"', 'prints the line that they have to type']],

  async run({ role, uses, note, ...args }, output) {
    return await withAccount(args, async (account) => {
      const body = { ...(role && { role }), ...(uses && { uses }), ...(note && { note }) };
      const answer = shapes.newInvitation;
      const invitation = await account.call({ method: 'POST', path: '/invitations', body, answer });
      output.document({ event: 'invited', invitation });
      const until = timeWords(invitation.expiresAtMs);
      const people = count(invitation.usesLeft, 'person', 'people');
      output.result(`With this line ${people} can register, until ${until}:`);
      const line = ['register', 'NAME', '--tracker', account.url, `--invitation=${invitation.token}`];
      output.result(paint('bold', plain(commandElsewhere(line))));
      return exitCode.done;
    });
  },
});

function parseUses(text: string): number {
  const uses = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (uses >= 1 && uses <= 1000) return uses;
  throw badOption(`--uses: "${text}" is not a number from 1 to 1000`);
}
