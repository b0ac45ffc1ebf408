/** `cicada unpublish`: takes a release out of the catalogue of a tracker. Whoever has it keeps it. */
import { releaseDetail } from '../../tracker/protocol/api-shapes.ts';
import { apiPath } from '../community/tracker-client.ts';
import { accountOptions, withAccount } from './account-session.ts';
import { defineCommand } from './command.ts';
import { calledAs } from './command-line.ts';
import { exitCode } from './exit-codes.ts';
import { releaseIdOf, releasePositional, releaseTitle } from './release-names.ts';
import { plain } from './torrent-summary.ts';

export default defineCommand({
  usage: 'unpublish <release>',
  describe: 'Take a release of yours out of the catalogue',
  positionals: { release: releasePositional },
  options: { ...accountOptions },
  examples: [['unpublish 2', `after ${calledAs} browse YOUR-NAME`]],

  async run({ release, ...args }, output) {
    return await withAccount(args, async (account, { stateFolder }) => {
      const releaseId = await releaseIdOf(release, stateFolder);
      const withdrawn = await account.call({ path: apiPath`/releases/${releaseId}`, answer: releaseDetail });
      await account.call({ method: 'DELETE', path: apiPath`/releases/${releaseId}` });
      output.document({ event: 'unpublished', release: releaseId });
      // A moderator's deed.
      const { publisher } = withdrawn;
      const whose = publisher === account.name ? '' : `, published by ${plain(publisher)}`;
      output.result(`Withdrawn: ${releaseTitle(withdrawn)}${whose}. Its swarm is served no more.`);
      return exitCode.done;
    });
  },
});
