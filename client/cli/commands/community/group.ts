/** `cicada group`: groups of users to share with. The founder of a group chooses its members. */
import Type, { type Static } from 'typebox';
import * as shapes from '../../../../tracker/protocol/api/people-shapes.ts';
import { apiPath } from '../../../account/tracker-client.ts';
import { CliError } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { noSuchPerson, orUnknown, personNamed } from '../../results/unknown-names.ts';
import { calledAs } from '../../screen/command-line.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';

const groupList = Type.Object({ rows: Type.Array(shapes.group) });

export default defineCommand({
  usage: 'group [name]',
  describe: 'List your groups, create one, add members',
  positionals: { name: { type: 'string', describe: 'Group; created if you have none of that name' } },
  options: {
    add: { type: 'string', array: true, nargs: 1, describe: 'Add this user; repeatable' },
    remove: { type: 'string', array: true, nargs: 1, describe: 'Remove this user, or yourself; repeatable' },
    ...accountOptions,
  },
  examples: [
    ['group', 'the groups you are in'],
    ['group friends --add bob --add carol', `then ${calledAs} share FOLDER --visibility group:friends`],
  ],

  async run({ name, add: added = [], remove: removed = [], ...args }, output) {
    const add = added.map((person) => personNamed(person ?? ''));
    const remove = removed.map((person) => personNamed(person ?? ''));
    return await withAccount(args, async (account) => {
      const { rows } = await account.call({ path: '/groups', answer: groupList });
      let shown = rows;
      if (name !== undefined) {
        const known = rows.find((group) => group.name.toLowerCase() === name.toLowerCase());
        if (known === undefined && remove.length > 0) {
          throw new CliError('not-found', `you are in no group called "${name}": no member is removed`);
        }
        const body = { name };
        const found = async () =>
          await account.call({ method: 'POST', path: '/groups', body, answer: shapes.group });
        let group = known ?? (await found());
        for (const person of add) {
          const path = apiPath`/groups/${group.name}/members/${person}`;
          const asked = account.call({ method: 'PUT', path, answer: shapes.group });
          group = await orUnknown(asked, noSuchPerson(person));
        }
        for (const person of remove) {
          const path = apiPath`/groups/${group.name}/members/${person}`;
          const asked = account.call({ method: 'DELETE', path });
          await orUnknown(asked, `no member of ${group.name} is called "${person}"`);
          group = { ...group, members: group.members.filter((member) => member !== person) };
        }
        shown = [group];
      }
      output.document({ groups: shown });
      if (shown.length === 0) output.remark(`You are in no group: ${calledAs} group NAME founds one.`);
      for (const group of shown) output.data(groupWords(group));
      return exitCode.done;
    });
  },
});

function groupWords({ name, founder, members }: Static<typeof shapes.group>): string {
  return `${plain(name)} (by ${plain(founder)}): ${members.map(plain).join(', ')}`;
}
