import { crc32, deflateSync } from 'node:zlib';
import { PhotonImage } from '@silvia-odwyer/photon-node';
import { describe, expect, it } from 'vitest';
import { createTorrent } from '../../../../torrents/create/create.ts';
import { readRelease } from '../../../../torrents/release/release.ts';
import { coverBytesMax, coverImage, imageSize } from '../../../../torrents/tags/covers/cover-image.ts';
import { makeFolder, noise } from '../../folder-fixture.ts';
import { flac, jpeg, png } from '../tag-fixtures.ts';

/** A picture of noise, which no format compresses well. */
const picture = (width: number, height: number): PhotonImage => {
  const pixels = noise(width * height * 4, 9);
  return new PhotonImage(new Uint8Array(pixels), width, height);
};
const large = {
  jpeg: picture(900, 600).get_bytes_jpeg(100),
  webp: picture(600, 400).get_bytes_webp(),
  png: realPng(500, 400),
};

/** A PNG with 8 bits per colour and valid chunk checksums. */
function realPng(width: number, height: number): Uint8Array {
  const rows = Array.from({ length: height }, (_, row) =>
    Buffer.concat([Buffer.alloc(1), noise(width * 3, row)]),
  );
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  const data = deflateSync(Buffer.concat(rows));
  return Buffer.concat([
    signature,
    pngChunk('IHDR', header),
    pngChunk('IDAT', data),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(name: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name), content]);
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(content.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([frame, body, sum]);
}

async function releaseOf(files: Record<string, Uint8Array>) {
  const folder = makeFolder('Album', files);
  const { metainfo } = await createTorrent(folder);
  return readRelease(metainfo, folder);
}

const song = flac({ TITLE: 'x' });

describe('a picture above 256 KiB', () => {
  it.each(['jpeg', 'png', 'webp'] as const)(
    'a picture file above 256 KiB beside the music is scaled down: %s',
    async (kind) => {
      expect(large[kind].length).toBeGreaterThan(coverBytesMax);
      const { cover, faults } = await releaseOf({ '1.flac': song, [`cover.${kind}`]: large[kind] });
      expect(faults).toEqual([]);
      expect(cover!.type).toBe('image/jpeg');
      expect(coverImage(cover!.bytes)).toBeDefined();
      const [before, after] = [imageSize(large[kind])!, imageSize(cover!.bytes)!];
      expect(after[0]).toBeGreaterThanOrEqual(300);
      expect(after[0] / after[1]).toBeCloseTo(before[0] / before[1], 1);
    },
  );

  it('a picture above 256 KiB in the tags is scaled down, and a file beside the music comes first', async () => {
    const tagged = flac({ TITLE: 'x' }, large.png);
    expect(imageSize((await releaseOf({ '1.flac': tagged, '2.flac': tagged })).cover!.bytes)).toEqual([
      500, 400,
    ]);
    const both = await releaseOf({ '1.flac': tagged, 'folder.jpg': jpeg(30, 30) });
    expect(both.cover!.bytes).toHaveLength(jpeg(30, 30).length);
  });

  it('a picture that cannot be scaled is reported, and the next picture is used', async () => {
    const bomb = Buffer.concat([png(60_000, 60_000), Buffer.alloc(coverBytesMax)]);
    const broken = Buffer.concat([jpeg(300, 300), noise(coverBytesMax, 3)]);
    const text = Buffer.concat([Buffer.from('<svg>'), Buffer.alloc(coverBytesMax)]);
    const alone = await releaseOf({ '1.flac': song, 'cover.png': bomb, 'folder.jpg': broken });
    expect(alone.cover).toBeUndefined();
    expect(alone.faults).toEqual([
      { path: 'cover.png', fault: 'cover-too-large' },
      { path: 'folder.jpg', fault: 'cover-unreadable' },
    ]);
    expect((await releaseOf({ '1.flac': flac({ TITLE: 'x' }, bomb) })).faults).toEqual([
      { path: '1.flac', fault: 'cover-too-large' },
    ]);
    const next = await releaseOf({ '1.flac': flac({ TITLE: 'x' }, png(20, 20)), 'cover.jpg': text });
    expect([next.cover!.type, next.faults]).toEqual(['image/png', []]);
  });
});
