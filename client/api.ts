/**
 * The public entry of `cicada-swarm/client`: fetch and seed torrents from a program of your own.
 *
 *     import { readFile } from 'node:fs/promises';
 *     import { openClient } from 'cicada-swarm/client';
 *     import { parseMetainfo } from 'cicada-swarm/torrents';
 *
 *     const client = await openClient();
 *     const album = await client.download(parseMetainfo(await readFile('album.torrent')), { folder: 'music'
 *     });
 *     const timer = setInterval(() => {
 *       const { haveBytes, totalBytes, downBps, peers } = album.status();
 *       console.log(`${haveBytes} of ${totalBytes} bytes, ${downBps} bytes/s from ${peers.length} peers`);
 *     }, 1000);
 *     await album.completed;
 *     clearInterval(timer);
 *     await client.close();
 *
 * A long-running program opens a session: a list of transfers that can be paused, resumed, moved and limited,
 * with one stream of events.
 *
 *     const { session } = await openSession({ stateFolder: 'state', keepsList: true });
 *     session.onEvent((event, transfer) => console.log(transfer?.name, event.type));
 *     await session.add({ wanted: { metainfo }, kind: 'download', place: 'music' }).completed;
 */

export { type Identity, openIdentity } from './account/identity.ts';
export { ShareError, type ShareErrorCode } from './account/share-error.ts';
export {
  forgetSession,
  loadSession,
  saveSession,
  type TrackerSession,
} from './account/tracker-sessions.ts';
export type { DiskTrouble, PeerAddress, Report } from './engine/contract.ts';
export type { PeerStatus, TorrentStatus, TrackerStatus } from './engine/status.ts';
export type { ActiveTorrent, DownloadOptions, TorrentControl } from './host/active-torrent.ts';
export { ClaimError } from './host/claims/claim-error.ts';
export type { ClaimHolder } from './host/claims/claim-files.ts';
export type { ClaimWait } from './host/claims/download-claim.ts';
export type { Client } from './host/client.ts';
export { ClientError, type ClientErrorCode, type SpaceFigures } from './host/client-error.ts';
export type { DiskSpace } from './host/disk/free-space.ts';
export type { FileChoice } from './host/file-selection.ts';
export type { UserTrust } from './host/network/user-trust.ts';
export { type ClientOptions, openClient } from './host/open-client.ts';
export type { FoundTorrent, PendingMagnet } from './host/pending-magnet.ts';
export type { TorrentWishes } from './host/torrent-wishes.ts';
export { leftBehind, type UpgradeFrom } from './host/upgrade.ts';
export { type OpenedSession, openSession, type SessionOptions } from './session/open-session.ts';
export type { Session, SessionLimits, SessionListener } from './session/session.ts';
export { SessionError, type SessionErrorCode } from './session/session-error.ts';
export type { FilePatterns } from './session/transfers/file-patterns.ts';
export type { Transfer } from './session/transfers/transfer.ts';
export type { TransferEvent } from './session/transfers/transfer-event.ts';
export type { AddRequest, TransferSettings } from './session/transfers/transfer-settings.ts';
export { type FolderChanges, type FolderListing, folderChanges } from './sharing/folder-listing.ts';
export { type FolderVersion, makeVersion } from './sharing/folder-version.ts';
export { newReleaseId } from './sharing/release-id.ts';
export { secretOf } from './sharing/secret-files.ts';
export { checkSeed, type SecretFile } from './sharing/seed-rules.ts';
export { checkShare, type ShareMachine } from './sharing/share-rules.ts';
export { forgetVersion } from './sharing/share-store.ts';
export { type SharedFolder, type SharedFolderOptions, shareFolder } from './sharing/shared-folder.ts';
