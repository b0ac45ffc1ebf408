/**
 * `cicada-swarm/torrents`: a public library that makes, reads and checks torrent files.
 *
 * ```ts
 * import { createTorrent, magnetOf, parseMetainfo } from 'cicada-swarm/torrents';
 * import { verifyTorrent, writeTorrentFile } from 'cicada-swarm/torrents';
 *
 * const { bytes, metainfo, skipped } = await createTorrent('Some Album', {
 *   trackers: [['http://tracker.example/announce']],
 * });
 * await writeTorrentFile('Some Album.torrent', bytes);
 * console.log(magnetOf(metainfo), skipped);
 *
 * const { ok, badPieces, files } = await verifyTorrent(parseMetainfo(bytes), 'Some Album');
 * ```
 *
 * Torrents are hybrids of v1 and v2 (BEP 52) by default. Old clients (aria2 1.36, Transmission 3.00) cannot
 * read hybrids: use `format: 'v1'` for them.
 *
 * Every error thrown has a stable `code`. The exports of this file follow semantic versioning; everything
 * else is internal.
 */

export {
  BencodeError,
  type BencodeLimits,
  BValue,
  localLimits,
  peerLimits,
  scan as scanBencode,
} from './bencode/bencode.ts';
export { type BEncodable, encode as encodeBencode } from './bencode/bencode-encode.ts';
export { type Album, type Albums, findAlbums } from './create/albums.ts';
export {
  type CreatedTorrent,
  CreateError,
  type CreateOptions,
  createTorrent,
  defaultFormat,
  type KnownFiles,
  knownFilesOf,
  planTorrent,
  type Skipped,
  type TorrentPlan,
  writeTorrentFile,
} from './create/create.ts';
export { type Block, blockBytesMax, Geometry, type PieceIndex } from './geometry.ts';
export type { HashControl, HashProgress } from './hashing/engine.ts';
export { HashPool } from './hashing/pool.ts';
export { type FileRange, MagnetError, type MagnetLink, magnetOf, makeMagnet, parseMagnet } from './magnet.ts';
export {
  hashAt,
  layersAbove,
  leafHash,
  proofOf,
  rootFromProof,
  rootOf,
} from './merkle.ts';
export { FileLayout, type FileSegment, type TorrentFile } from './metainfo/file-layout.ts';
export {
  type Metainfo,
  MetainfoError,
  type MetainfoWarning,
  type ParseInfoOptions,
  type ParseOptions,
  type PieceLayer,
  parseInfo,
  parseMetainfo,
  type TorrentFormat,
} from './metainfo/metainfo.ts';
export { encodeMetainfo, type OuterFields } from './metainfo/metainfo-encode.ts';
export { displayPath, hostPlatform, type PathPlatform } from './paths/path-rules.ts';
export { suggestedPieceLength } from './piece-length.ts';
export {
  type CoverImage,
  type Release,
  type ReleaseControl,
  type ReleaseFault,
  type ReleaseFields,
  type ReleaseTrack,
  readRelease,
  type TagFault,
} from './release/release.ts';
export {
  isSignedBy,
  latestVersion,
  type ReleaseVersion,
  type SignedVersion,
  signVersion,
  versionOf,
} from './release/version-signature.ts';
export {
  type FilePaths,
  locateFiles,
  type VerifiedFile,
  VerifyError,
  type VerifyResult,
  verifyTorrent,
} from './verify.ts';
