/**
 * Shares at a tracker with a catalogue: publishes, seeds and watches every folder, and publishes it again
 * when it changes.
 */
import type { Skipped } from '../../../torrents/create/create.ts';
import { count, grouped, size } from '../../../torrents/wording.ts';
import { isLoopback, packAddress } from '../../../tracker/protocol/address.ts';
import { openAccount, type TrackerAccount } from '../../account/account.ts';
import type { TrackerError } from '../../account/tracker-error.ts';
import type { Session } from '../../session/session.ts';
import {
  PublishedShares,
  type PublishedSharesOptions,
  type PublishedSharesPorts,
} from '../../session/shares/published-shares.ts';
import { noSeedLimits } from '../../session/transfers/seed-limits.ts';
import type { ReleaseDetail } from '../../sharing/publishing.ts';
import { confirmRights } from '../commands/account/rights.ts';
import { tellFaults } from '../commands/making/release-faults.ts';
import { plain, torrentDocument } from '../commands/making/torrent-summary.ts';
import { errorWords, whilePublishing } from '../error-words.ts';
import { exitCode } from '../exit-codes.ts';
import { audienceWords } from '../options/visibility.ts';
import { releaseTitle } from '../results/release-names.ts';
import { commandElsewhere } from '../screen/command-line.ts';
import { type Output, paint } from '../screen/output.ts';
import { hashingLine } from '../screen/progress-line.ts';
import { seedUntil } from '../transfer/seeding.ts';
import { TransferVoice } from '../transfer/transfer-voice.ts';
import { tellStanding } from './standing-words.ts';
import { tellTrouble } from './trouble-words.ts';

export interface PublishSharing extends PublishedSharesOptions {
  /** The user confirms the right to share on this command line. */
  readonly mayShare: boolean | undefined;
}

/** Resolves when the command is to stop. */
export async function sharePublished(
  session: Session,
  sharing: PublishSharing,
  output: Output,
): Promise<number> {
  const account = await openAccount(sharing.place);
  try {
    return await shareWith(session, account, sharing, output);
  } finally {
    await account.close();
  }
}

async function shareWith(
  session: Session,
  account: TrackerAccount,
  { mayShare, ...options }: PublishSharing,
  output: Output,
): Promise<number> {
  // Before anything is hashed: checks that the tracker is reachable, and that the user is signed in.
  await confirmRights(account, mayShare, output).catch((error: unknown) => {
    throw whilePublishing(error);
  });
  const isCollection = options.collections.length > 0;
  new TransferVoice(session, output, { areWatched: true, areMany: isCollection });
  const ports = portsOf(session, account, isCollection, output);
  const shares = await PublishedShares.open(session, account, options, ports);
  try {
    await shares.start();
    output.clearLive();
    const news = isCollection ? ' New albums are published as they come.' : '';
    output.remark(paint('dim', `Sharing until Ctrl-C; when a folder changes, that is a new version.${news}`));
    const until = AbortSignal.any([options.place.signal, shares.nothingLeft]);
    const following = shares.follow(until);
    await seedUntil(until, shares.transfers, output, noSeedLimits, isCollection);
    await following;
    return shares.nothingLeft.aborted ? exitCode.notAllowed : exitCode.done;
  } finally {
    await shares.close();
  }
}

function portsOf(
  session: Session,
  account: TrackerAccount,
  isCollection: boolean,
  output: Output,
): PublishedSharesPorts {
  return {
    onPublishing: (index, folders) => {
      const words = `Publishing ${grouped(index + 1)} of ${count(folders, 'folder')}`;
      if (folders > 1) output.live({ lines: () => [words], plain: () => words });
    },
    onHash: (progress) => output.live(hashingLine('Hashing', progress)),
    onLeftOut: (file) => tellLeftOut(file, output),
    onTrouble: (error, folder, next) => {
      output.clearLive();
      tellTrouble(error, folder, next, output);
    },
    onHeld: (error, folder, release) => {
      output.clearLive();
      tellHeld(error, folder, release, output);
    },
    onStanding: (trouble) => tellStanding(trouble, account.url, output),
    onGone: (path) => {
      output.document({ event: 'gone', path });
      output.remark(`${plain(path)} is not there any more: it is not shared; nothing is withdrawn`);
    },
    onPublished: ({ version, release, isNew, faults, isFirst }) => {
      output.clearLive();
      const document = {
        ...torrentDocument(version.metainfo, null),
        ...{ release: release.id, version: release.version, visibility: release.visibility },
      };
      const event = isFirst ? 'sharing' : 'new-version';
      output.document({ event, ...document, published: isNew, faults, url: null, port: session.port });
      tellPublished(release, isFirst, account.url, output, isCollection);
      tellFaults(faults, false, output);
    },
  };
}

/** `publish` uses it as well. */
export function tellPublished(
  release: ReleaseDetail,
  isFirst: boolean,
  tracker: string,
  output: Output,
  isOneOfMany = false,
): void {
  const { id, bytes, trackCount, version, visibility } = release;
  const name = releaseTitle(release);
  const songs = count(trackCount, 'song');
  if (!isFirst) return output.result(`Version ${version} of ${name}: ${size(bytes)}, ${songs}`);
  const seen = visibility === 'everyone' ? '' : `, ${audienceWords(release)}`;
  output.result(`${name}: ${size(bytes)}, ${songs}; version ${version} at ${plain(tracker)}${seen}`);
  if (visibility === 'nobody' || isOneOfMany) return;
  const where = isOnThisMachine(tracker)
    ? 'this computer (others need another address of the tracker)'
    : 'another computer';
  output.result(`To fetch it on ${where}:`);
  output.result(paint('bold', plain(commandElsewhere(['get', id, '--tracker', tracker]))));
}

function isOnThisMachine(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const address = packAddress(host);
  return host === 'localhost' || (address !== undefined && isLoopback(address));
}

/** `publish` uses it as well. Reported once: a moderator decides, and another try changes nothing. */
export function tellHeld(
  error: TrackerError,
  folder: string,
  release: string | undefined,
  output: Output,
): void {
  const { code } = error;
  const message = errorWords(error);
  output.document({ event: code, path: folder, release: release ?? null, message });
  output.remark(`${plain(folder)}: ${plain(message)}.`);
}

/** `publish` uses it as well. */
export function tellLeftOut({ path, reason, looksLike = 'a secret' }: Skipped, output: Output): void {
  output.document({ event: 'left-out', path, reason, looksLike });
  output.remark(`Left out: ${plain(path)} (it looks like ${looksLike}; --include-secrets shares it)`);
}
