import { expect, it } from 'vitest';
import { createTorrent } from '../../../../torrents/create/create.ts';
import { readRelease } from '../../../../torrents/release/release.ts';
import { audioBytes } from '../../../../torrents/tags/audio/audio-bytes.ts';
import { audioFormat } from '../../../../torrents/tags/audio/audio-formats.ts';
import { bytesOf } from '../../../../torrents/tags/audio/byte-source.ts';
import { framesDuration, oggDuration } from '../../../../torrents/tags/audio/stream-length.ts';
import { makeFolder, noise } from '../../folder-fixture.ts';
import { ac3Frames, adtsFrames, caf, mp3Frames, mp3WithTable, opus, wav } from '../audio-fixtures.ts';
import { flac, mp3, png } from '../tag-fixtures.ts';

const second = Buffer.alloc(176_400);
const text = (content: string): Uint8Array => Buffer.from(content, 'latin1');

it('the bytes of a file decide its format, not its extension', async () => {
  const files = {
    '01.flac': mp3(3, { TIT2: 'a' }),
    '02.wav': flac({ TITLE: 'b' }),
    '03.mp3': wav(1, second),
    '04.mp3': mp3Frames(Array<number>(9).fill(192), 2),
    '05.wav': wav(6, second),
    '06.wav': wav(0x55, second),
    '07.wav': wav(0xfffe, second, [], 1),
    '08.wav': wav(0xfffe, second, [], 2),
    '09.ogg': opus({ TITLE: 'c' }, 48_000),
    '10.webm': adtsFrames([300, 310, 320, 330]),
    '11.mp4': caf('lpcm', second),
    '12.caf': caf('ulaw', second),
    '13.ac3': ac3Frames(5),
  };
  const folder = makeFolder('Album', files);
  const { metainfo } = await createTorrent(folder);
  const { tracks, faults } = await readRelease(metainfo, folder);
  expect(tracks.map(({ path, codec, lossless }) => [path, codec, lossless])).toEqual([
    ['01.flac', 'mp3', false],
    ['02.wav', 'flac', true],
    ['03.mp3', 'pcm', true],
    ['04.mp3', 'mp2', false],
    ['05.wav', 'g711', false],
    ['06.wav', 'mp3', false],
    ['07.wav', 'pcm', true],
    ['08.wav', 'adpcm', false],
    ['09.ogg', 'opus', false],
    ['10.webm', 'aac', false],
    ['11.mp4', 'pcm', true],
    ['12.caf', 'g711', false],
    ['13.ac3', 'ac3', false],
  ]);
  expect(faults.map(({ path, fault, codec }) => `${path} ${fault} ${codec}`)).toEqual([
    '01.flac misnamed mp3',
    '02.wav misnamed flac',
    '03.mp3 misnamed pcm',
    '04.mp3 misnamed mp2',
    '05.wav misnamed g711',
    '06.wav misnamed mp3',
    '08.wav misnamed adpcm',
  ]);
  expect(tracks.map(({ durationMs }) => Math.round(durationMs! / 10))).toEqual([
    8, 200, 100, 24, 100, 100, 100, 100, 100, 9, 100, 100, 16,
  ]);
});

it('a file without audio gets no format, and is reported', async () => {
  const files = {
    '1 zeros.flac': Buffer.alloc(50_000),
    '2 page.wav': text('<!DOCTYPE html><html><body>404</body></html>'),
    '3 header.flac': flac({ TITLE: 'only a header' }).slice(0, -70),
    '4 header.wav': wav(1, Buffer.alloc(0)),
    '5 archive.ape': text(`PK\x03\x04${'\xff\xfb\x90\x64'.repeat(99)}`),
    '6 picture.m4a': png(10, 10),
    '7 tag.mp3': mp3(4, { TIT2: 'a tag before nothing' }).slice(0, -3 * 417),
    '8 noise.opus': noise(40_000, 5),
    '9 short.dsf': text('D'),
  };
  const folder = makeFolder('Album', files);
  const { metainfo } = await createTorrent(folder);
  const { tracks, faults } = await readRelease(metainfo, folder);
  expect(tracks.map(({ codec, lossless, bitRate }) => [codec, lossless, bitRate])).toEqual(
    Array(9).fill([undefined, undefined, undefined]),
  );
  expect(faults).toEqual(Object.keys(files).map((path) => ({ path, fault: 'not-audio' })));
});

it('without the file, the extension decides the format', async () => {
  const folder = makeFolder('Album', { '1.flac': noise(10, 1), '2.wav': noise(10, 2) });
  const { metainfo } = await createTorrent(folder);
  const { tracks, faults } = await readRelease(metainfo, () => undefined);
  expect(tracks.map(({ codec, lossless }) => [codec, lossless])).toEqual([
    ['flac', true],
    ['pcm', true],
  ]);
  expect(faults.map(({ fault }) => fault)).toEqual(['not-reached', 'not-reached']);
});

it("a parser's codec description becomes a short name, which is lossless only for a lossless codec", () => {
  const named = (codec: string, container?: string) => Object.values(audioFormat(codec, container, true));
  expect(named('MPEG 1 Layer 3', 'MPEG')).toEqual(['mp3', false]);
  expect(named('Windows Media Audio 9.2 Lossless', 'ASF')).toEqual(['wma', true]);
  expect(named('Windows Media Audio 9.2', 'ASF')).toEqual(['wma', false]);
  expect(named('PCM', 'WavPack')).toEqual(['wavpack', true]);
  expect(Object.values(audioFormat('PCM', 'WavPack', false))).toEqual(['wavpack', false]);
  expect(named('<avc1>+ALAC', 'M4A/isom')).toEqual(['alac', true]);
  expect(named('non-PCM (1234)', 'WAVE')).toEqual([undefined, undefined]);
  expect(named('µLaw 2:1	8-bit ITU-T G.711 µ-law', 'AIFF-C')).toEqual(['g711', false]);
});

it('the duration of MPEG and AAC frames is right for constant and variable bit rates, with and without a frame count', () => {
  const lengthOf = (bytes: Uint8Array): number => Math.round(framesDuration(bytesOf(bytes), 0)!);
  const frameMs = 1152 / 44.1;
  const changing = mp3Frames(Array.from({ length: 400 }, (_, index) => (index < 200 ? 32 : 320)));
  expect(lengthOf(changing)).toBe(Math.round(400 * frameMs));
  expect(lengthOf(mp3Frames(Array<number>(400).fill(128)))).toBe(Math.round(400 * frameMs));
  for (const kind of ['Xing', 'VBRI'] as const) {
    expect(lengthOf(mp3WithTable(kind, 1_000, changing))).toBe(Math.round(1_000 * frameMs));
  }
  const tag = Buffer.alloc(128);
  tag.write('TAG');
  expect(lengthOf(Buffer.concat([mp3Frames(Array<number>(9).fill(128)), tag]))).toBe(Math.round(9 * frameMs));
  expect(lengthOf(adtsFrames([300, 200, 400, 300]))).toBe(Math.round((4 * 1024) / 44.1));
});

it('the last page of an Ogg gives its duration, without the samples that a decoder discards', () => {
  expect(oggDuration(bytesOf(opus({}, 96_000)))).toBe(2_000);
  expect(oggDuration(bytesOf(opus({}, 4_800, 3_840)))).toBe(100);
  expect(oggDuration(bytesOf(opus({}, 96_000).subarray(0, 90)))).toBeUndefined();
});

it('audio is found after ID3 tags and padding, and truncated bytes cause no error', () => {
  const song = mp3Frames(Array<number>(5).fill(128));
  const twice = Buffer.concat([
    mp3(3, { TIT2: 'x' }).slice(0, -3 * 417),
    mp3(4, { TIT2: 'y' }).slice(0, -3 * 417),
  ]);
  const padded = Buffer.concat([twice, Buffer.alloc(5_000), song]);
  expect(audioBytes(bytesOf(padded))).toMatchObject({
    parser: '.mp3',
    codec: 'mp3',
    start: twice.length + 5_000,
  });
  for (const whole of [
    padded,
    wav(0xfffe, second.subarray(0, 20), [], 1),
    caf('lpcm', second.subarray(0, 20)),
  ]) {
    for (let bytes = 0; bytes < Math.min(whole.length, 200); bytes++) {
      const source = bytesOf(whole.subarray(0, bytes));
      expect(() => [audioBytes(source), framesDuration(source, 0), oggDuration(source)]).not.toThrow();
    }
  }
});
