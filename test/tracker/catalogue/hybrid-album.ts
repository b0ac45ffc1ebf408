/** An album in a hybrid torrent, which is announced under two info-hashes. */
import { parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { encodeInfo, encodeMetainfo } from '../../../torrents/metainfo/metainfo-encode.ts';
import { signVersion, versionOf } from '../../../torrents/release/version-signature.ts';
import { type Person, publishBody } from '../http/api/api-scene.ts';

/** `hashes`: 20 bytes each, as in announces. */
export function hybridBody(name: string, by: Person) {
  const file = { components: [name], bytes: 9, piecesRoot: new Uint8Array(32).fill(1), isPad: false };
  const fields = {
    name,
    pieceLength: 16_384,
    pieceHashes: new Uint8Array(20),
    files: [file],
    private: true,
  };
  const infoBytes = encodeInfo({ ...fields, format: 'hybrid', isSingleFile: true });
  const torrent = encodeMetainfo({ infoBytes });
  const metainfo = parseMetainfo(torrent);
  const body = publishBody({ album: name, tracks: ['a'] }, by);
  const { releaseId, publishedAtMs } = body;
  const { signature } = signVersion(versionOf(metainfo, { releaseId, version: 1, publishedAtMs }), by.key);
  return {
    body: {
      ...body,
      torrent: Buffer.from(torrent).toString('base64'),
      signature: Buffer.from(signature).toString('base64'),
    },
    hashes: [metainfo.infoHash, metainfo.infoHashV2!.subarray(0, 20)] as const,
  };
}
