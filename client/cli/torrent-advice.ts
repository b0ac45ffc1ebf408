/** The advice about errors of creating, reading and verifying torrents: a part of advice.ts. */
import type { CreateErrorCode, CreateErrorFields } from '../../torrents/create/create-error.ts';
import type { MagnetErrorCode } from '../../torrents/magnet.ts';
import type { MetainfoErrorCode, MetainfoErrorFields } from '../../torrents/metainfo/metainfo-fields.ts';
import type { VerifyErrorCode } from '../../torrents/verify-error.ts';
import type { AdviceFor } from './advice.ts';
import { calledAs, quoted } from './screen/command-line.ts';

const inParts = ': share its folders one by one';

export const createAdvice: AdviceFor<CreateErrorCode, CreateErrorFields> = {
  'file-missing': undefined,
  'file-changed': ({ isTriedAgain = false }) =>
    isTriedAgain ? undefined : ': try again when nothing writes to it',
  'file-unreadable': undefined,
  'create-not-a-file': undefined,
  'create-nothing': undefined,
  'create-secret': undefined,
  'create-name': undefined,
  'create-name-not-utf8': ': rename it and try again',
  'create-too-deep': undefined,
  'create-too-many-files': inParts,
  'create-text': undefined,
  'create-url': undefined,
  'create-piece-length': undefined,
  'create-too-many-pieces': ': choose longer pieces',
  'create-too-large': inParts,
  'create-over-content': ': the torrent needs a name of its own',
  exists: ': replace it with --force',
  'create-disk-full': '; make room, or choose another place',
  'create-write': undefined,
};

/**
 * Only the torrent's maker can mend a faulty torrent, so there is advice only for a file that is not a
 * torrent.
 */
export const metainfoAdvice: AdviceFor<MetainfoErrorCode, MetainfoErrorFields> = {
  'metainfo-empty': undefined,
  'metainfo-web-page': undefined,
  'metainfo-json': undefined,
  'metainfo-magnet': ': give the link itself',
  'metainfo-compressed': ': unpack it first',
  'metainfo-music': ({ source }) =>
    source === undefined ? undefined : `; to share it: ${calledAs} share ${quoted(source)}`,
  'metainfo-other-file': undefined,
  'metainfo-info-missing': undefined,
  'metainfo-version': undefined,
  'metainfo-nothing': undefined,
  'metainfo-length': undefined,
  'metainfo-files': undefined,
  'metainfo-too-many-files': undefined,
  'metainfo-file-tree': undefined,
  'metainfo-key-order': undefined,
  'metainfo-path': undefined,
  'metainfo-path-depth': undefined,
  'metainfo-piece-length': undefined,
  'metainfo-pieces': undefined,
  'metainfo-too-many-pieces': undefined,
  'metainfo-pieces-root': undefined,
  'metainfo-piece-layer': undefined,
  'metainfo-hybrid-mismatch': undefined,
  'path-twice': undefined,
  'path-empty': undefined,
  'path-nul': undefined,
  'path-separator': undefined,
  'path-traversal': undefined,
  'bencode-empty': undefined,
  'bencode-truncated': undefined,
  'bencode-trailing-bytes': undefined,
  'bencode-too-large': undefined,
  'bencode-too-many-tokens': undefined,
  'bencode-too-deep': undefined,
  'bencode-not-a-value': undefined,
  'bencode-value-missing': undefined,
  'bencode-key-not-string': undefined,
  'bencode-awkward-key': undefined,
  'bencode-bad-length': undefined,
  'bencode-bad-integer': undefined,
  'bencode-integer-range': undefined,
};

export const magnetAdvice: AdviceFor<MagnetErrorCode> = {
  'magnet-scheme': undefined,
  'magnet-too-long': undefined,
  'magnet-hash': undefined,
  'magnet-hash-missing': undefined,
  'magnet-select': undefined,
};

export const verifyAdvice: AdviceFor<VerifyErrorCode> = {
  'verify-path-missing': undefined,
  'verify-not-a-folder': undefined,
  'verify-no-hashes': undefined,
};
