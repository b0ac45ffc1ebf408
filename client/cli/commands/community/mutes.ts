/** The common part of `mute`, `unmute`, `block` and `unblock`. */
import Type from 'typebox';
import { muted } from '../../../../tracker/protocol/api/moderation-shapes.ts';
import { apiPath } from '../../../account/tracker-client.ts';
import { badOption } from '../../cli-error.ts';
import { type Command, defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { noSuchPerson, orUnknown, personNamed } from '../../results/unknown-names.ts';
import { calledAs } from '../../screen/command-line.ts';
import { paint } from '../../screen/output.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';
import { timeWords } from './talk-view.ts';

const mutedList = Type.Object({ rows: Type.Array(muted) });

interface Muting {
  readonly name: string;
  readonly describe: string;
  readonly what: 'mute' | 'block';
  readonly method: 'PUT' | 'DELETE';
  readonly examples: Command['examples'];
  readonly done: (name: string) => string;
}

/** Without a name, `mute` and `block` print one list of all muted and blocked users. */
export function mutingCommand({ name: command, describe, what, method, examples, done }: Muting): Command {
  return defineCommand({
    usage: `${command} [name]`,
    describe,
    positionals: {
      name: { type: 'string', describe: 'User; without one: list the users you muted or blocked' },
    },
    options: { ...accountOptions },
    examples,

    async run({ name: given, ...args }, output) {
      const name = given && personNamed(given);
      if (name === '' || (name === undefined && method === 'DELETE')) {
        throw badOption(`${command}: say whom: ${calledAs} ${command} NAME`);
      }
      return await withAccount(args, async (account) => {
        if (name === undefined) {
          const { rows } = await account.call({ path: '/mutes', answer: mutedList });
          output.document({ mutes: rows });
          if (rows.length === 0) output.remark('You have not muted or blocked any user.');
          for (const row of rows) {
            const since = paint('dim', `since ${timeWords(row.sinceMs)}`);
            output.data(`${plain(row.name)}  ${row.isBlock ? 'blocked' : 'muted'} ${since}`);
          }
          return exitCode.done;
        }
        const changed = account.call({ method, path: `${apiPath`/accounts/${name}`}/${what}` });
        await orUnknown(changed, noSuchPerson(name));
        output.document({ event: 'done', action: command, who: name });
        output.result(done(plain(name)));
        return exitCode.done;
      });
    },
  });
}
