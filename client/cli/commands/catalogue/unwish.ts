/** `cicada unwish`: deletes a wish. */
import { apiPath } from '../../../account/tracker-client.ts';
import { wishesOf } from '../../../account/wishes.ts';
import { CliError } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { calledAs } from '../../screen/command-line.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';

export default defineCommand({
  usage: 'unwish <wish>',
  describe: 'Delete a wish',
  positionals: {
    wish: {
      type: 'string',
      demandOption: true,
      describe: `Its number in ${calledAs} wishes, its words, or its id`,
    },
  },
  options: { ...accountOptions },
  examples: [['unwish 2', `the second of ${calledAs} wishes`]],

  async run({ wish: given, ...args }, output) {
    return await withAccount(args, async (account) => {
      const wishes = await wishesOf(account);
      const wish =
        wishes.find(({ id, query }) => id === given || query === given) ??
        (/^\d{1,4}$/.test(given) ? wishes[Number(given) - 1] : undefined);
      if (wish === undefined)
        throw new CliError('not-found', `you have no wish ${given}: ${calledAs} wishes lists them`);
      await account.call({ method: 'DELETE', path: apiPath`/wishes/${wish.id}` });
      output.document({ event: 'unwished', wish });
      output.result(`Not wished for any more: ${plain(wish.query)}`);
      return exitCode.done;
    });
  },
});
