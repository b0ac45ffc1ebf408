/**
 * Events of a session's torrents, for any user interface: values without texts. One union for all of them.
 * following/following.ts converts engine reports to events.
 */
import type { HashProgress } from '../../../torrents/hashing/engine.ts';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { DiskTrouble } from '../../engine/contract.ts';
import type { ClaimWait } from '../../host/claims/download-claim.ts';
import type { TransferState } from './next-step.ts';

export type TransferEvent =
  | { readonly type: 'added' }
  /** The state has changed. An interface that shows states needs no other events. */
  | { readonly type: 'state'; readonly state: TransferState }
  /** The metadata of a magnet link was fetched: the transfer has its torrent. */
  | { readonly type: 'found' }
  /** Files on disk are being hashed. */
  | { readonly type: 'checking'; readonly progress: HashProgress }
  /** The torrent runs, and its files on disk are known. */
  | { readonly type: 'started' }
  | { readonly type: 'failed'; readonly error: Error }
  /** Every wanted piece is stored, and every wanted file has its final name. */
  | { readonly type: 'completed' }
  /** A seed limit was reached, so the transfer is paused. */
  | { readonly type: 'limit-reached'; readonly limit: 'ratio' | 'time' }
  /** In bytes. At most four times a second, and when all files have their new names. */
  | { readonly type: 'moving'; readonly done: number; readonly total: number }
  | { readonly type: 'moved'; readonly place: string }
  | { readonly type: 'removed'; readonly isErased: boolean }
  | SwarmEvent
  | DiskEvent;

export type SwarmEvent =
  | { readonly type: 'peer-connected'; readonly peer: string }
  | {
      readonly type: 'peer-dropped';
      readonly peer: string;
      /** A code of the engine or of the system. */
      readonly reason: string;
      /** Payload bytes of this connection that were verified or may yet be. */
      readonly bytes: number;
      /** The peer has sent corrupt data, now or earlier. */
      readonly lied: boolean;
    }
  /** Once per peer and reason. */
  | { readonly type: 'dial-failed'; readonly peer: string; readonly reason: string }
  | { readonly type: 'tracker-answered'; readonly tracker: string; readonly peers: number }
  | {
      readonly type: 'tracker-failed';
      readonly tracker: string;
      readonly reason: string;
      /** Undefined: it will not be retried. */
      readonly retryInSeconds: number | undefined;
    }
  /** The piece does not match its hash and is fetched again. */
  | { readonly type: 'piece-failed'; readonly pieceIndex: number }
  | { readonly type: 'file-done'; readonly file: TorrentFile };

export type DiskEvent =
  | {
      readonly type: 'disk-trouble';
      readonly trouble: DiskTrouble;
      /**
       * `files`: the files were changed. `end`: the download cannot go on. `disk`: the disk refuses reads or
       * writes.
       */
      readonly about: 'files' | 'end' | 'disk';
      /** False: the same as before, or without consequences. */
      readonly isNews: boolean;
    }
  /** The disk accepts again what it refused. */
  | { readonly type: 'disk-recovered' }
  | {
      readonly type: 'pieces-lost';
      readonly pieces: number;
      readonly bytes: number;
      readonly trouble: DiskTrouble;
      readonly about: 'files' | 'end' | 'disk';
      readonly isNews: boolean;
    }
  /** The files of a seed were changed. Nothing is uploaded until they are as before. */
  | { readonly type: 'content-offline'; readonly trouble: DiskTrouble }
  | { readonly type: 'content-online' }
  /** Another torrent is fetching some of the files to the same path. Undefined: no longer. */
  | { readonly type: 'waiting'; readonly wait: ClaimWait | undefined }
  /** Other processes on this machine cannot be asked whether they write to the same path. */
  | { readonly type: 'unguarded'; readonly error: unknown };
