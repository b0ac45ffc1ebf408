/** `cicada wish`: asks for a notice when a matching release is published; `inbox --download` can fetch it. */
import * as talk from '../../../../tracker/protocol/api/talk-shapes.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { qualityOptions, wishFilters } from '../../options/search-options.ts';
import { calledAs } from '../../screen/command-line.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';

export default defineCommand({
  usage: 'wish <words..>',
  describe: 'Get a notice when a matching release is published',
  positionals: {
    words: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Words as in a search; a release must match all of them',
    },
  },
  options: {
    ...qualityOptions,
    download: { type: 'boolean', describe: `Let ${calledAs} inbox --follow --download fetch it` },
    ...accountOptions,
  },
  examples: [
    ['wish brood live', `${calledAs} inbox tells once there is one`],
    ['wish brood live --lossless --download', 'and fetches it, if it is as good as that'],
    ['wish piano --licence cc', 'once something of it is under a licence of Creative Commons'],
  ],

  async run({ words, download = false, ...args }, output) {
    return await withAccount(args, async (account) => {
      const query = words.join(' ');
      const body = { query, ...wishFilters(args), ...(download && { downloads: true }) };
      const wish = await account.call({ method: 'POST', path: '/wishes', body, answer: talk.wish });
      output.document({ event: 'wished', wish });
      output.result(`Wished for: ${plain(wish.query)}`);
      return exitCode.done;
    });
  },
});
