/**
 * The body of a publication → what the writer stores: JSON, shapes, base64, the torrent, texts, the cover and the
 * signature, all of them hostile until they are checked here. It takes up to seconds, so it runs in a thread of its own
 * (upload-worker.ts).
 *
 * What comes out is small, but for the parcel, which is passed on unopened. The torrent is on the disk then, and synced.
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
  /** Of whoever publishes, where they have one: then the signature must be its. */
  readonly publisherKey: Uint8Array | undefined;
  /** A version of that release; undefined: a release of its own, whose body says its id. */
  readonly releaseId: string | undefined;
}

export interface Upload {
  readonly releaseId: string;
  /** 1 for a release of its own. */
  readonly version: number;
  readonly access: schemas.AccessBody | undefined;
  readonly publishedAtMs: number;
  readonly signature: Uint8Array | undefined;
  readonly trackCount: number;
  readonly torrent: IncomingTorrent;
  /** A packed Publication. */
  readonly parcel: Uint8Array;
}

/** Its code and message are answered as they are, with status 400. */
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

/** `folder`: of the catalogue's torrents. Throws UploadError, CatalogueError, and what the disk answers. */
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
