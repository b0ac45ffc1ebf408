/**
 * Turns the body of a publication into what the writer stores: JSON, schema, base64, torrent, texts, cover
 * and signature. All input is hostile until it is checked here. This takes up to seconds, so it runs in a
 * worker thread (upload-worker.ts).
 *
 * The result is small except for the parcel, which is passed on unopened. The torrent has then been written
 * to disk and synced.
 */
import { readPublication } from '../../catalogue/publication/publication.ts';
import { packPublication } from '../../catalogue/publication/publication-parcel.ts';
import { type IncomingTorrent, writeIncoming } from '../../catalogue/publication/torrent-files.ts';
import * as schemas from '../../protocol/api/release-shapes.ts';
import { checkComplaint, openChecks } from '../api/checks.ts';
import { isWithin } from './json-shape.ts';
import { publishJson } from './limits.ts';

/** What is known before the body is read. */
export interface UploadFrame {
  /** The publisher's key, if the publisher has one. The signature must then be made with it. */
  readonly publisherKey: Uint8Array | undefined;
  /** The release whose next version this is. Undefined for a new release, whose id is in the body. */
  readonly releaseId: string | undefined;
}

export interface Upload {
  readonly releaseId: string;
  /** 1 for a new release. */
  readonly version: number;
  readonly access: schemas.AccessBody | undefined;
  readonly publishedAtMs: number;
  readonly signature: Uint8Array | undefined;
  readonly trackCount: number;
  readonly torrent: IncomingTorrent;
  /** A packed Publication. */
  readonly parcel: Uint8Array;
}

/** Answered with status 400 and this code and message. */
class UploadError extends Error {
  readonly code: 'bad-request' | 'body-too-complex';

  constructor(code: UploadError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const check = openChecks();
const checks = {
  release: check(schemas.publishBody, 'body'),
  version: check(schemas.addVersionBody, 'body'),
};

/** `folder`: of the catalogue's torrents. Throws UploadError, CatalogueError, and errors of the disk. */
export function readUpload(body: Uint8Array, frame: UploadFrame, folder: string): Upload {
  const sent = readBody(body, frame);
  const releaseId = frame.releaseId ?? sent.releaseId!;
  const version = sent.version ?? 1;
  const { album, artist, albumArtist, year, genre, licence, copyright, tracks, publishedAtMs } = sent;
  const signature = sent.signature === undefined ? undefined : fromBase64(sent.signature);
  const input = {
    releaseId,
    torrent: fromBase64(sent.torrent),
    description: {
      ...{ album, artist, albumArtist, year, genre, licence, copyright },
      tracks: tracks.map(withAllFields),
    },
    cover: sent.cover === undefined ? undefined : fromBase64(sent.cover),
    publishedAtMs,
    signature,
    publisherKey: frame.publisherKey,
  };
  const { file, ...publication } = readPublication(input, version);
  const torrent = writeIncoming(folder, file as Uint8Array);
  const parcel = packPublication({ ...publication, file: torrent });
  const trackCount = publication.tracks.length;
  return { releaseId, version, access: sent.access, publishedAtMs, signature, trackCount, torrent, parcel };
}

type Sent = Omit<schemas.PublishBody, 'releaseId'> & {
  readonly releaseId?: string;
  readonly version?: number;
};

/** Throws UploadError. */
function readBody(body: Uint8Array, { releaseId }: UploadFrame): Sent {
  if (!isWithin(body, publishJson)) {
    throw new UploadError(
      'body-too-complex',
      'there are more values in this body than a release of 8,000 tracks has, or it is nested deeper: publish it in parts',
    );
  }
  let sent: unknown;
  try {
    sent = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new UploadError('bad-request', 'the body cannot be read: send whole JSON');
  }
  const isValid = releaseId === undefined ? checks.release : checks.version;
  if (!isValid(sent)) throw new UploadError('bad-request', checkComplaint(isValid.errors?.[0], 'body'));
  return sent as Sent;
}

const noFields = {
  ...{ disc: undefined, track: undefined, artist: undefined, durationMs: undefined, codec: undefined },
  ...{ lossless: undefined, bitRate: undefined, sampleRate: undefined },
};

const withAllFields = (track: schemas.PublishBody['tracks'][number]) => ({ ...noFields, ...track });

const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
