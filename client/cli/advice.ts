/**
 * The command line's advice about an error: one entry for every code of every library, so that a code without
 * an entry does not compile. `undefined`: there is nothing to do, or the message says it already.
 *
 * Each advice begins with the punctuation that joins it to the message before it.
 */
import type { ShareErrorCode, ShareErrorFields } from '../account/share-error.ts';
import type { OwnTrackerErrorCode, TrackerErrorFields } from '../account/tracker-error.ts';
import type { ClientErrorCode, ClientErrorFields, Obstacle } from '../host/client-error.ts';
import type { WebErrorCode } from '../host/network/web-error.ts';
import type { SessionErrorCode, SessionErrorFields } from '../session/session-error.ts';
import type { CliErrorCode } from './cli-error.ts';
import { calledAs } from './screen/command-line.ts';

export type Advice<Fields> = string | undefined | ((fields: Fields) => string | undefined);
export type AdviceFor<Code extends string, Fields = object> = Readonly<Record<Code, Advice<Fields>>>;

const verifyOrCreate =
  ': the command "verify" tells which files; a changed folder needs a new torrent (the command "create")';
const renameToUtf8 =
  ': where its name has the bytes of an older encoding it can be verified, and shared once it is renamed to UTF-8 (the program convmv does that)';

const obstacles: Readonly<Record<Obstacle, string>> = {
  'other-file': '; move it away or choose another --out',
  newcomer: ': move it away',
  'worked-on': ': start again to have it compared',
  'not-compared': ': stop this download and begin it again, so that it is compared',
  'hidden-folder': '; choose another --out',
  recording: ': name another file to record into',
};

export const clientAdvice: AdviceFor<ClientErrorCode, ClientErrorFields> = {
  'port-in-use': ': choose one with --port, or 0 for any',
  'port-not-permitted': ': choose one above 1023',
  'address-not-available': undefined,
  'listen-failed': undefined,
  'already-added': ({ holder }) => (holder === undefined ? undefined : ': stop that one first'),
  claimed: ({ isOfSelection = false }) =>
    isOfSelection
      ? ': choose it when that is done'
      : '; choose another --out, or come again when that one is done',
  exists: ({ obstacle }) => obstacle && obstacles[obstacle],
  'disk-full':
    '. Make room, choose another --out, or some of its files with --select-file; --no-space-check starts all the same',
  'format-not-supported': ({ missing }) =>
    missing === 'piece-hashes' ? ': fetch it from its .torrent file' : undefined,
  'not-a-folder': ': choose another place with --out',
  'folder-not-writable': ({ system }) =>
    system === undefined ? ': choose another place with --out, or ask its owner' : undefined,
  'unsafe-link': ': remove it or choose another --out',
  'not-found': ({ path, mayBeRaw = false }) => {
    if (path === undefined) return undefined;
    return mayBeRaw ? renameToUtf8 : verifyOrCreate;
  },
  unreadable: undefined,
  'data-mismatch': verifyOrCreate,
  stopped: undefined,
};

const places: Readonly<Record<NonNullable<ShareErrorFields['instead']>, string>> = {
  'folder-within': '; choose the folder with the music in it',
  'own-folder':
    '; move the music to a folder of your own, such as Music, and share that; a link to it is not enough',
  'own-mount': '; mount that folder below /media or /mnt, and share it there',
};

const another = ({ instead }: ShareErrorFields) => instead && places[instead];

export const shareAdvice: AdviceFor<ShareErrorCode, ShareErrorFields> = {
  'share-missing': undefined,
  'share-not-a-folder': undefined,
  'share-system-folder': another,
  'share-whole-home': another,
  'share-hidden': another,
  'share-private-folder': another,
  'share-secret': ({ isInTorrent = false }) =>
    isInTorrent
      ? `: a torrent is shared whole, so make one without them (${calledAs} create leaves them out), or add --include-secrets`
      : '; --include-secrets shares it all the same',
  'share-moved': '; share that folder itself',
  'private-file-readable': ': chmod 600, and renew it',
  'private-file-damaged': ': put a backup in its place, or move it away to begin anew',
  'private-file-unusable': undefined,
};

/** A refusal that the tracker words itself is printed as it is: the tracker knows what to do. */
export const trackerAdvice: AdviceFor<OwnTrackerErrorCode, TrackerErrorFields> = {
  'tracker-invalid': '; give it like http://HOST:6969',
  'tracker-unreachable': ({ system }) => (system === 'ENOTFOUND' ? '; check the address' : undefined),
  'tracker-unclear': undefined,
  'tracker-bare': ': it was started without --data',
  'release-forged': undefined,
  'session-invalid': ({ account }) =>
    account === undefined ? undefined : ': sign in again (the command "login")',
  'name-invalid': undefined,
  'not-found': undefined,
  'taken-down': undefined,
};

export const sessionAdvice: AdviceFor<SessionErrorCode, SessionErrorFields> = {
  'already-in-list': undefined,
  'not-in-list': undefined,
  'no-torrent-yet': undefined,
  'nothing-chosen': undefined,
  'list-in-use': ': stop that one first',
  'list-damaged': undefined,
  'not-found': ({ isTooMany = false }) => (isTooMany ? ': name its folders' : undefined),
  'file-unreadable': undefined,
};

/** An error while a shared folder is being published has one more way out. */
export const publishingAdvice: ReadonlyMap<CliErrorCode, string> = new Map([
  ['rights-unconfirmed', ' (--no-publish shares without it)'],
  ['tracker-unreachable', ' (--no-publish shares without it)'],
]);

export const webAdvice: AdviceFor<WebErrorCode> = {
  'web-too-large': undefined,
  'web-encoding': undefined,
  'web-redirects': undefined,
  'web-redirect-protocol': undefined,
  'web-redirect-private': undefined,
  'web-address-private': '; what you type yourself with --tracker is asked',
  'web-address-forbidden': undefined,
  'web-family': undefined,
};
