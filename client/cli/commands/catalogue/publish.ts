/** `cicada publish`: puts folders, or torrents made of them, into the catalogue of a tracker. */
import { statSync } from 'node:fs';
import { type ReleaseFault, readRelease } from '../../../../torrents/release/release.ts';
import { openIdentity } from '../../../account/identity.ts';
import type { TrackerError } from '../../../account/tracker-error.ts';
import { publishFolder } from '../../../session/shares/publishing-folder.ts';
import { isPublishedElsewhere } from '../../../sharing/publication-store.ts';
import { isHeld, type Published, publishRelease } from '../../../sharing/publishing.ts';
import { secretNames } from '../../../sharing/seed-rules.ts';
import { badOption } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { errorWords } from '../../error-words.ts';
import { exitCode, exitCodeOf } from '../../exit-codes.ts';
import { contentOptions, createOptions } from '../../options/create-options.ts';
import { newAudienceWords, visibilityOption } from '../../options/visibility.ts';
import { calledAs, commandLine } from '../../screen/command-line.ts';
import { interruption } from '../../screen/interruption.ts';
import type { Output } from '../../screen/output.ts';
import { hashingLine } from '../../screen/progress-line.ts';
import { tellHeld, tellLeftOut, tellPublished } from '../../sharing/publish-sharing.ts';
import { checkSeeded, refuseSecrets, sharedPlaces } from '../../sharing/shareable.ts';
import { loadTorrent } from '../../sources/torrent-source.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { confirmRights, rightsOption } from '../account/rights.ts';
import { tellFaults } from '../making/release-faults.ts';
import { plain } from '../making/torrent-summary.ts';

// The tracker sets the announce addresses; `--tracker` names the tracker.
const { announce: _, ...folderOptions } = contentOptions;

export default defineCommand({
  usage: 'publish <path..>',
  describe: "Publish folders in a tracker's catalogue, without seeding them",
  positionals: {
    path: { type: 'string', array: true, demandOption: true, describe: 'Folders, or .torrent files' },
  },
  options: {
    ...visibilityOption,
    ...rightsOption,
    from: {
      type: 'string',
      requiresArg: true,
      describe: 'Folder with the files of a .torrent, to read their tags',
    },
    ...folderOptions,
    ...accountOptions,
  },
  examples: [
    ['publish ~/Music/Album', `others find it; ${calledAs} share ~/Music/Album gives it to them`],
    ['publish Album.torrent --from ~/Music', 'a torrent that is seeded by another program'],
    ['publish Album --visibility members', 'only for those who have an account there'],
  ],

  async run({ path: paths, visibility: access, from, ...args }, output) {
    const signal = interruption();
    // Checks all folders before the first one is published.
    sharedPlaces(
      paths.filter((path) => !isTorrent(path)),
      args,
    );
    if (from !== undefined && paths.length > 1)
      throw badOption('--from: that is for one torrent, and several are given');
    return await withAccount(args, async (account, place) => {
      await confirmRights(account, args['i-may-share'], output);
      const identity = await openIdentity(place.stateFolder);
      const publish = async (path: string): Promise<void> => {
        if (isTorrent(path)) {
          const { metainfo } = await loadTorrent(path, signal);
          // The tags and the cover are read from that folder, and published.
          if (from !== undefined) await checkSeeded(metainfo, from, args, output);
          else refuseSecrets(metainfo, secretNames(metainfo), args, output);
          const release = await readRelease(metainfo, from ?? (() => undefined), { signal });
          const isElsewhere = (id: string) =>
            isPublishedElsewhere(place.stateFolder, account.url, undefined, id);
          const publication = { metainfo, release, access, releaseId: undefined, isAsked: true, isElsewhere };
          const published = await publishRelease(account, identity, publication);
          tell(published, release.faults, account.url, output);
          tellFaults(release.faults, from === undefined, output);
          return;
        }
        const create = createOptions({ announce: undefined, ...args }, []);
        const shared = await publishFolder({
          ...{ folder: path, place, account, identity, create, access, threads: args.threads, isAsked: true },
          includeSecrets: args['include-secrets'],
          onLeftOut: (file) => tellLeftOut(file, output),
          onHash: (progress) => output.live(hashingLine('Hashing', progress)),
          onTrouble: (error) => output.remark(plain(errorWords(error))),
          async onPublished(_version, published, faults) {
            tell(published, faults, account.url, output);
            tellFaults(faults, false, output);
          },
        });
        await shared.close();
        output.remark(`Nobody has it from here before this runs: ${plain(commandLine(['share', path]))}`);
      };
      let held: TrackerError | undefined;
      for (const path of paths) {
        try {
          await publish(path);
        } catch (error) {
          if (!isHeld(error) || paths.length === 1) throw error;
          // This release waits for a moderator; the others are published all the same.
          held = error;
          tellHeld(error, path, undefined, output);
        }
      }
      return held === undefined ? exitCode.done : exitCodeOf(held);
    });
  },
});

function isTorrent(path: string): boolean {
  if (/^https?:\/\//i.test(path) || path === '-') return true;
  return /\.torrent$/i.test(path) && statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true;
}

function tell(
  { release, isNew, isAccessChanged }: Published,
  faults: readonly ReleaseFault[],
  tracker: string,
  output: Output,
): void {
  output.clearLive();
  const { id, version, visibility, album } = release;
  output.document({ event: 'published', release: id, version, visibility, album, published: isNew, faults });
  const now = isAccessChanged ? `; ${newAudienceWords(release)}` : '';
  if (!isNew) output.remark(`${plain(album)} was published already, as version ${version}${now}.`);
  tellPublished(release, true, tracker, output);
}
