/**
 * `cicada unpublish`: removes the user's own release from the catalogue; a moderator takes down any release.
 */
import { releaseDetail } from '../../../../tracker/protocol/api/release-shapes.ts';
import { apiPath } from '../../../account/tracker-client.ts';
import { TrackerError } from '../../../account/tracker-error.ts';
import { badOption } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { releaseIdOf, releasePositional, releaseTitle } from '../../results/release-names.ts';
import { calledAs } from '../../screen/command-line.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';

export default defineCommand({
  usage: 'unpublish <release>',
  describe: 'Withdraw your release from the catalogue; moderators: any release',
  positionals: { release: releasePositional },
  options: {
    reason: {
      type: 'string',
      requiresArg: true,
      describe: 'For moderators: the reason, shown to the publisher',
    },
    ...accountOptions,
  },
  examples: [
    ['unpublish 2', `after ${calledAs} browse YOUR-NAME; for good, with its comments`],
    [
      'unpublish 2 --reason "not theirs to share"',
      `as a moderator: taken down, its content blocked; ${calledAs} admin restore ID undoes it`,
    ],
  ],

  async run({ release, reason, ...args }, output) {
    return await withAccount(args, async (account, { stateFolder }) => {
      const releaseId = await releaseIdOf(release, stateFolder);
      const path = apiPath`/releases/${releaseId}`;
      const found = await account.call({ path, answer: releaseDetail }).catch((error: unknown) => {
        // A moderator can take down a reported release that they may not see.
        const isHidden = error instanceof TrackerError && error.code === 'not-found';
        if (!isHidden || reason === undefined) throw error;
        return undefined;
      });
      if (found !== undefined && found.publisher === account.name) {
        if (reason !== undefined) throw badOption('--reason: this release is yours; leave it out');
        await account.call({ method: 'DELETE', path });
        output.document({ event: 'unpublished', release: releaseId });
        output.result(`Withdrawn: ${releaseTitle(found)}. Its swarm is served no more.`);
        return exitCode.done;
      }
      if (reason === undefined) {
        const whose = plain(found?.publisher ?? 'another user');
        throw badOption(`this release is ${whose}’s; a moderator takes it down with --reason "…"`);
      }
      await account.call({ method: 'PUT', path: `${path}/takedown`, body: { reason } });
      output.document({ event: 'taken-down', release: releaseId, reason });
      const title = found === undefined ? plain(releaseId) : releaseTitle(found);
      const whose = found === undefined ? '' : `, published by ${plain(found.publisher)}`;
      output.result(`Taken down: ${title}${whose}. The publisher is told why, and its content is blocked.`);
      output.remark(`To undo it: ${calledAs} admin restore ${plain(releaseId)}`);
      return exitCode.done;
    });
  },
});
