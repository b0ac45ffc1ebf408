/** `cicada unpublish`: takes a release out of the catalogue of a tracker. Whoever has it keeps it. */
import { apiPath } from '../community/tracker-client.ts';
import { accountOptions, withAccount } from './account-session.ts';
import { defineCommand } from './command.ts';
import { exitCode } from './exit-codes.ts';
import { releaseIdOf, releasePositional } from './release-names.ts';

export default defineCommand({
  usage: 'unpublish <release>',
  describe: 'Take a release of yours out of the catalogue',
  positionals: { release: releasePositional },
  options: { ...accountOptions },
  examples: [['unpublish 2', 'after cicada browse YOUR-NAME']],

  async run({ release, ...args }, output) {
    return await withAccount(args, async (account, { stateFolder }) => {
      const releaseId = await releaseIdOf(release, stateFolder);
      await account.call({ method: 'DELETE', path: apiPath`/releases/${releaseId}` });
      output.document({ event: 'unpublished', release: releaseId });
      output.result(`Withdrawn: ${releaseId}. Its swarm is served no more.`);
      return exitCode.done;
    });
  },
});
