/** Albums to publish: turns short descriptions into publications with real torrents. */
import { createHash } from 'node:crypto';
import { encodeInfo, encodeMetainfo } from '../../../torrents/metainfo/metainfo-encode.ts';
import type { Viewer } from '../../../tracker/access.ts';
import type { VersionInput, WantedAccess } from '../../../tracker/catalogue/contract.ts';

export interface AlbumTrack {
  readonly title: string;
  readonly artist?: string;
  readonly durationMs?: number;
  readonly codec?: string;
  readonly bitRate?: number;
  /** Tracks with the same content have the same pieces root. */
  readonly content?: string;
}

export interface Album {
  readonly album: string;
  readonly artist?: string;
  readonly albumArtist?: string;
  readonly year?: number;
  readonly genre?: string;
  readonly licence?: string;
  readonly tracks: readonly (string | AlbumTrack)[];
  readonly private?: boolean;
  readonly access?: WantedAccess;
  readonly format?: 'v1' | 'v2';
}

/** Longer than a track here, so that a file is one piece and its root needs no piece layer. */
const pieceLength = 16 * 1024 * 1024;

const lossless = new Set(['flac', 'alac', 'wav']);

export function albumTorrent({
  album,
  tracks,
  private: isPrivate = false,
  format = 'v2',
}: Album): Uint8Array {
  const files = tracks.map((track, index) => {
    const { title, content = `${album}/${title}` } = trackOf(track);
    const name = `${String(index + 1).padStart(4, '0')} ${title.replaceAll(/[/\0]/g, '_').slice(0, 60)}.flac`;
    const bytes = 5_000_000 + index;
    return {
      components: [name],
      bytes,
      piecesRoot: createHash('sha256').update(content).digest(),
      isPad: false,
    };
  });
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const pieceHashes =
    format === 'v1'
      ? new Uint8Array(20 * Math.ceil(totalBytes / pieceLength)).fill(album.length)
      : new Uint8Array(0);
  const name = album.replaceAll(/[/\0]/g, '_').slice(0, 60);
  const infoBytes = encodeInfo({ format, name, pieceLength, pieceHashes, files, private: isPrivate });
  return encodeMetainfo({ infoBytes });
}

export function publication(
  releaseId: string,
  viewer: Viewer,
  album: Album,
): VersionInput & { readonly access: WantedAccess } {
  return {
    viewer,
    releaseId,
    torrent: albumTorrent(album),
    access: album.access ?? { visibility: 'everyone' },
    description: {
      album: album.album,
      artist: album.artist,
      albumArtist: album.albumArtist,
      year: album.year,
      genre: album.genre,
      licence: album.licence,
      tracks: album.tracks.map((track, index) => {
        const { title, artist, durationMs = 200_000, codec = 'flac', bitRate = 900_000 } = trackOf(track);
        return {
          ...{
            fileIndex: index,
            disc: undefined,
            track: index + 1,
            title,
            artist,
            durationMs,
            codec,
            bitRate,
          },
          ...{ lossless: lossless.has(codec), sampleRate: 44_100 },
        };
      }),
    },
    publishedAtMs: 1_700_000_000_000,
    nowMs: 1_700_000_000_500,
  };
}

/** 26 characters of base32, the same for the same name. */
export function releaseIdOf(name: string): string {
  const digits = 'abcdefghijklmnopqrstuvwxyz234567';
  return [...createHash('sha256').update(name).digest().subarray(0, 26)]
    .map((byte) => digits[byte & 31])
    .join('');
}

function trackOf(track: string | AlbumTrack): AlbumTrack {
  return typeof track === 'string' ? { title: track } : track;
}
