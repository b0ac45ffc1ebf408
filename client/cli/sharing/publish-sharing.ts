/** Sharing at a tracker with a catalogue: every folder is published, seeded, watched, and published again when it changes. */
import type { Album } from '../../../torrents/create/albums.ts';
import type { CreateOptions, Skipped } from '../../../torrents/create/create.ts';
import { HashPool } from '../../../torrents/hashing/pool.ts';
import { count, grouped, size } from '../../../torrents/wording.ts';
import { isLoopback, packAddress } from '../../../tracker/protocol/address.ts';
import { type AccountPlace, openAccount, type TrackerAccount } from '../../account/account.ts';
import { openIdentity } from '../../account/identity.ts';
import { ShareError } from '../../account/share-error.ts';
import type { TrackerError } from '../../account/tracker-error.ts';
import { noSeedLimits } from '../../session/seed-limits.ts';
import type { Session } from '../../session/session.ts';
import type { Transfer } from '../../session/transfer.ts';
import { type AccessBody, isHeld, type ReleaseDetail } from '../../sharing/publishing.ts';
import type { SharedFolder } from '../../sharing/shared-folder.ts';
import { codeOf } from '../cli-error.ts';
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
import { startTransfer } from '../transfer/client-session.ts';
import { seedUntil } from '../transfer/seeding.ts';
import { TransferVoice } from '../transfer/transfer-voice.ts';
import { scoutAlbums } from './album-scout.ts';
import { publishFolder } from './publishing-folder.ts';
import { watchStanding } from './share-standing.ts';

type SharingPlace = AccountPlace & { readonly signal: AbortSignal };

export interface PublishSharing {
  /** Each a release; with `collections` those that were found in them so far. */
  readonly folders: readonly SharedPlace[];
  /** Folders of albums: later ones are shared as they come. */
  readonly collections: readonly string[];
  readonly create: CreateOptions;
  readonly access: AccessBody | undefined;
  readonly threads: number | undefined;
  readonly includeSecrets: boolean | undefined;
  /** The user says so now. */
  readonly mayShare: boolean | undefined;
}

type SharedPlace = Pick<Album, 'path'> & Partial<Album>;

/** Resolves when it is time to stop. */
export async function sharePublished(
  session: Session,
  place: SharingPlace,
  sharing: PublishSharing,
  output: Output,
): Promise<number> {
  const account = await openAccount(place);
  try {
    return await shareWith(session, account, place, sharing, output);
  } finally {
    await account.close();
  }
}

/** One of the folders, while it is shared. */
interface Sharing {
  readonly folder: string;
  share: SharedFolder | undefined;
  transfer: Transfer | undefined;
  release: ReleaseDetail | undefined;
}

async function shareWith(
  session: Session,
  account: TrackerAccount,
  place: SharingPlace,
  { folders, collections, create, mayShare, ...options }: PublishSharing,
  output: Output,
): Promise<number> {
  const { signal, stateFolder } = place;
  const isCollection = collections.length > 0;
  const pool = new HashPool(options.threads);
  const identity = await openIdentity(stateFolder);
  // Before anything is hashed: whether the tracker is there, and knows us.
  await confirmRights(account, mayShare, output).catch((error: unknown) => {
    throw whilePublishing(error);
  });
  const trust = { origin: new URL(account.url).origin };
  const sharings: Sharing[] = [];
  const transfers: Transfer[] = [];
  const nothingLeft = new AbortController();
  let lastHeld: TrackerError | undefined;
  /** Taken down, or waiting for a moderator: trying again changes nothing. */
  const givenUp = new Set<string>();
  new TransferVoice(session, output, { areWatched: true, areMany: isCollection });

  /** A moderator took it down: it is neither published nor given on any more. The other folders stay. */
  async function end(sharing: Sharing, error: TrackerError): Promise<void> {
    const at = sharings.indexOf(sharing);
    if (at < 0) return;
    sharings.splice(at, 1);
    givenUp.add(sharing.folder);
    lastHeld = error;
    tellHeld(error, sharing.folder, sharing.release?.id, output);
    const transferAt = sharing.transfer === undefined ? -1 : transfers.indexOf(sharing.transfer);
    if (transferAt >= 0) transfers.splice(transferAt, 1);
    if (sharing.transfer !== undefined) await session.remove(sharing.transfer);
    if (sharings.length === 0 && !isCollection) nothingLeft.abort();
    // Its watcher may be what told us: it is not waited for.
    void sharing.share?.close();
  }

  async function shareOne({ path: folder, wanted, wantedNow }: SharedPlace, sharing: Sharing): Promise<void> {
    sharing.share = await publishFolder({
      ...{ ...options, folder, place, account, identity, pool },
      create: wanted === undefined ? create : { ...create, wanted },
      ...{ wantedNow, isTold: isCollection },
      onHash: (progress) => output.live(hashingLine('Hashing', progress)),
      onLeftOut: (file) => tellLeftOut(file, output),
      onTrouble: (error) => {
        if (!isForbidden(error)) return tellTrouble(error, folder, 'it is tried again', output);
        // What lies there now is not what was shared: nothing of it is given away.
        sharing.transfer?.pause();
        tellTrouble(error, folder, 'it is not seeded any more', output);
      },
      async onHeld(error) {
        if (error.code === 'taken-down') await end(sharing, error);
        else tellHeld(error, folder, sharing.release?.id, output);
      },
      onPublished: async (version, { release, isNew }, faults) => {
        output.clearLive();
        const { transfer: before } = sharing;
        sharing.release = release;
        // Its files are no longer what the version before says: whoever needs that one has to ask somebody else.
        if (before !== undefined) await session.remove(before);
        // It bears a passkey for this release, so it is never printed.
        const metainfo = { ...version.metainfo, trackers: [[release.announceUrl]] };
        const request = { wanted: { metainfo }, kind: 'share', place: folder, verify: false, trust } as const;
        const transfer = await startTransfer(session, request, signal);
        sharing.transfer = transfer;
        if (before === undefined) transfers.push(transfer);
        else transfers[transfers.indexOf(before)] = transfer;
        const document = {
          ...torrentDocument(version.metainfo, null),
          ...{ release: release.id, version: release.version, visibility: release.visibility },
        };
        const event = before === undefined ? 'sharing' : 'new-version';
        output.document({ event, ...document, published: isNew, faults, url: null, port: session.port });
        tellPublished(release, before === undefined, account.url, output, isCollection);
        tellFaults(faults, false, output);
      },
    });
  }

  /** Of many: what stands in the way of one is said once, and it is tried again at the next look. */
  const said = new Map<string, string>();
  async function shareOneOfMany(found: SharedPlace): Promise<void> {
    const { path: folder } = found;
    const sharing: Sharing = { folder, share: undefined, transfer: undefined, release: undefined };
    sharings.push(sharing);
    try {
      await shareOne(found, sharing);
      said.delete(folder);
    } catch (error) {
      output.clearLive();
      sharings.splice(sharings.indexOf(sharing), 1);
      if (signal.aborted) return;
      if (isHeld(error)) {
        // The other folders are shared all the same.
        lastHeld = error;
        givenUp.add(folder);
        return tellHeld(error, folder, undefined, output);
      }
      if (said.get(folder) !== String(error)) tellTrouble(error, folder, 'it is tried again', output);
      said.set(folder, String(error));
    }
  }

  try {
    for (const [index, found] of folders.entries()) {
      signal.throwIfAborted();
      const words = `Publishing ${grouped(index + 1)} of ${count(folders.length, 'folder')}`;
      if (folders.length > 1) output.live({ lines: () => [words], plain: () => words });
      if (isCollection) {
        await shareOneOfMany(found);
        continue;
      }
      const sharing: Sharing = {
        folder: found.path,
        share: undefined,
        transfer: undefined,
        release: undefined,
      };
      sharings.push(sharing);
      try {
        await shareOne(found, sharing);
      } catch (error) {
        if (!isHeld(error) || folders.length === 1) throw error;
        // The other folders are shared all the same.
        output.clearLive();
        sharings.splice(sharings.indexOf(sharing), 1);
        lastHeld = error;
        tellHeld(error, found.path, undefined, output);
      }
    }
    output.clearLive();
    if (!isCollection && sharings.length === 0 && lastHeld !== undefined) throw lastHeld;
    const news = isCollection ? ' New albums are published as they come.' : '';
    output.remark(paint('dim', `Sharing until Ctrl-C; when a folder changes, that is a new version.${news}`));
    const until = AbortSignal.any([signal, nothingLeft.signal]);
    const shown = () => sharings.flatMap(({ release }) => (release === undefined ? [] : [release]));
    const watching = watchStanding(account, shown, until, {
      document: (document) => output.document(document),
      remark: (line) => output.remark(line),
      async onTakenDown(releaseId, error) {
        const sharing = sharings.find(({ release }) => release?.id === releaseId);
        if (sharing !== undefined) await end(sharing, error);
      },
    });
    const known = folders.flatMap(({ path, stamp = '' }) => ({ path, stamp }));
    const looks = { folders: collections, known, scan: create, signal: until };
    const scouting = scoutAlbums(looks, {
      isKnown: (path) => givenUp.has(path) || sharings.some(({ folder }) => folder === path),
      onAlbum: shareOneOfMany,
      onChanged: async (album) => sharings.find(({ folder }) => folder === album.path)?.share?.touch(),
      shared: () => sharings.map(({ folder }) => folder),
      onGone: async (path) => {
        const sharing = sharings.find(({ folder }) => folder === path);
        if (sharing === undefined) return;
        sharings.splice(sharings.indexOf(sharing), 1);
        const at = sharing.transfer === undefined ? -1 : transfers.indexOf(sharing.transfer);
        if (at >= 0) transfers.splice(at, 1);
        output.document({ event: 'gone', path });
        output.remark(`${plain(path)} is not there any more: it is not shared; nothing is withdrawn`);
        if (sharing.transfer !== undefined) await session.remove(sharing.transfer);
        await sharing.share?.close();
      },
      onTrouble: (error, folder) => tellTrouble(error, folder, 'it is looked at again', output),
    });
    await seedUntil(until, transfers, output, noSeedLimits, isCollection);
    await Promise.all([watching, isCollection ? scouting : undefined]);
    return nothingLeft.signal.aborted ? exitCode.notAllowed : exitCode.done;
  } finally {
    await Promise.all([pool.close(), ...sharings.map(({ share }) => share?.close())]);
  }
}

/** Also of `publish`. */
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

/** Also of `publish`. Said once: a moderator decides, and trying again changes nothing. */
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

function tellTrouble(error: unknown, folder: string, next: string, output: Output): void {
  const message = errorWords(error);
  output.document({ event: 'trouble', path: folder, code: codeOf(error), message });
  output.remark(`${plain(folder)}: ${plain(message)}; ${next}`);
}

/** A folder that is not there may be back soon. */
function isForbidden(error: unknown): boolean {
  return error instanceof ShareError && error.code !== 'share-missing';
}

/** Also of `publish`. */
export function tellLeftOut({ path, reason, looksLike = 'a secret' }: Skipped, output: Output): void {
  output.document({ event: 'left-out', path, reason, looksLike });
  output.remark(`Left out: ${plain(path)} (it looks like ${looksLike}; --include-secrets shares it)`);
}
