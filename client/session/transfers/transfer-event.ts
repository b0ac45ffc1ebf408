/**
 * What happens to the torrents of a session, as any user interface can tell it: values without words for people. One union
 * for all of them; what the engine reports becomes events in one place (following/following.ts).
 */
import type { HashProgress } from '../../../torrents/hashing/engine.ts';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { DiskTrouble } from '../../engine/contract.ts';
import type { ClaimWait } from '../../host/claims/download-claim.ts';
import type { TransferState } from './next-step.ts';

export type TransferEvent =
  | { readonly type: 'added' }
  /** It is another one than before: an interface that shows states need not know why. */
  | { readonly type: 'state'; readonly state: TransferState }
  /** What a magnet link stands for is known: the transfer has its torrent. */
  | { readonly type: 'found' }
  /** What lies there is read and compared. */
  | { readonly type: 'checking'; readonly progress: HashProgress }
  /** It runs: what was there is known. */
  | { readonly type: 'started' }
  | { readonly type: 'failed'; readonly error: Error }
  /** Every wanted piece is stored and every wanted file has its name. */
  | { readonly type: 'completed' }
  /** It has given enough, and rests. */
  | { readonly type: 'limit-reached'; readonly limit: 'ratio' | 'time' }
  /** At most a few times a second, and when all files have their new names. In bytes. */
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
      /** The engine's code, or the system's. */
      readonly reason: string;
      /** Payload bytes of this connection that were verified or may yet be. */
      readonly bytes: number;
      /** It has sent data that did not match, now or before. */
      readonly lied: boolean;
    }
  /** Once for each peer and reason. */
  | { readonly type: 'dial-failed'; readonly peer: string; readonly reason: string }
  | { readonly type: 'tracker-answered'; readonly tracker: string; readonly peers: number }
  | {
      readonly type: 'tracker-failed';
      readonly tracker: string;
      readonly reason: string;
      /** Undefined: it is never asked again. */
      readonly retryInSeconds: number | undefined;
    }
  /** It does not match its hash, and is fetched again. */
  | { readonly type: 'piece-failed'; readonly pieceIndex: number }
  | { readonly type: 'file-done'; readonly file: TorrentFile };

export type DiskEvent =
  | {
      readonly type: 'disk-trouble';
      readonly trouble: DiskTrouble;
      /** `files`: they are not as they were; `end`: the download ends with it; `disk`: the disk refuses. */
      readonly about: 'files' | 'end' | 'disk';
      /** False: the same as before, or of no consequence. */
      readonly isNews: boolean;
    }
  /** The disk takes again what it has refused. */
  | { readonly type: 'disk-recovered' }
  | {
      readonly type: 'pieces-lost';
      readonly pieces: number;
      readonly bytes: number;
      readonly trouble: DiskTrouble;
      readonly about: 'files' | 'end' | 'disk';
      readonly isNews: boolean;
    }
  /** Its files are not as they were: nothing is given on until they are. */
  | { readonly type: 'content-offline'; readonly trouble: DiskTrouble }
  | { readonly type: 'content-online' }
  /** Another torrent is fetching some of its files to the same place; undefined: not any more. */
  | { readonly type: 'waiting'; readonly wait: ClaimWait | undefined }
  /** Other programs on this machine cannot be asked whether they write to the same place. */
  | { readonly type: 'unguarded'; readonly error: unknown };
