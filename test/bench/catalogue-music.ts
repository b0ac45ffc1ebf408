/**
 * Invented music, any amount and always the same: releases with artists and titles in several scripts. Word
 * frequencies are as uneven as in real releases.
 */
import type { Album } from '../tracker/catalogue/catalogue-album.ts';
import { createPrng, type Prng } from './catalogue-prng.ts';

interface Script {
  /** In percent of the releases. */
  readonly share: number;
  readonly words: readonly string[];
  /** The separator between words. */
  readonly space: string;
}

const latin =
  'ka lo ri ven sto mar an the ill ow br æ ø é ü ñ ing ter sun ri ver night hea rt bl ue gold en dan ce'.split(
    ' ',
  );
const cyrillic = 'зве зда сол нце но чь лю бовь ве тер до ждь го род мо ре сне г кро вь ти ши на ре ка'.split(
  ' ',
);
const greek = 'θά λα σσα ου ρα νός α γά πη νύ χτα φως κα ρδιά τα ξί δι'.split(' ');
const kana =
  'さくらゆめそらかぜひかりなみだこころはなつきよるあさうみカタナメロディーブルスカイ夜空花火恋愛心夢海風光星'.split(
    '',
  );
const han = '愛情夢想天空海洋風雨春夏秋冬明月星光歲月孤單城市故事自由時間世界雙截棍東西南北'.split('');
const hangul = '사랑하늘바다구름별빛달밤꽃봄여름가을겨울노래마음눈물시간우리그대나무길'.split('');

/** As many different words as in a large collection. A few of them are very frequent. */
const latinWords = 90_000;
const artistCount = 12_000;
/** Alternating: this gives a million tracks in 80,000 releases. */
const trackCounts = [12, 13];
const genres = [
  'Rock',
  'Electronic',
  'Hip-Hop',
  'Jazz',
  'Classical',
  'Folk',
  'J-Pop',
  'Метал',
  'Ambient',
  'Latin',
];
const formats = [
  { codec: 'flac', bitRate: 900_000 },
  { codec: 'mp3', bitRate: 320_000 },
  { codec: 'mp3', bitRate: 192_000 },
  { codec: 'opus', bitRate: 128_000 },
];

/** `index` starts at zero. The same index gives the same release. */
export function musicLibrary(): (index: number) => Album {
  const random = createPrng(1);
  const word = (parts: readonly string[], from: number, to: number) =>
    Array.from({ length: from + random.below(to - from + 1) }, () => parts[random.below(parts.length)]!).join(
      '',
    );
  const many = (count: number, make: () => string) => [...new Set(Array.from({ length: count }, make))];
  const scripts: readonly Script[] = [
    { share: 70, space: ' ', words: many(latinWords, () => word(latin, 1, 4)) },
    { share: 9, space: ' ', words: many(20_000, () => word(cyrillic, 1, 4)) },
    { share: 3, space: ' ', words: many(8_000, () => word(greek, 2, 4)) },
    { share: 6, space: '', words: many(20_000, () => word(kana, 2, 4)) },
    { share: 6, space: '', words: many(20_000, () => word(han, 1, 3)) },
    { share: 6, space: ' ', words: many(20_000, () => word(hangul, 1, 3)) },
  ];
  const artists = Array.from({ length: artistCount }, (_, index) => {
    const script = scriptOf(scripts, index);
    return { script, name: textOf(script, createPrng(1_000_000 + index), 1, 2) };
  });
  return (index) => {
    const prng = createPrng(2_000_000 + index);
    const { script, name } = artists[prng.uneven(artistCount)]!;
    const format = formats[prng.below(formats.length)]!;
    return {
      album: `${textOf(script, prng, 1, 4)}${index % 7 === 0 ? ` ${index}` : ''}`,
      artist: name,
      year: 1960 + prng.below(66),
      genre: genres[prng.below(genres.length)]!,
      tracks: Array.from({ length: trackCounts[index % 2]! }, (_, place) => ({
        title: textOf(script, prng, 1, 5),
        durationMs: 60_000 + prng.below(400_000),
        content: `${index}/${place}`,
        ...format,
      })),
    };
  };
}

function scriptOf(scripts: readonly Script[], index: number): Script {
  let place = (index * 37) % 100;
  return scripts.find(({ share }) => (place -= share) < 0)!;
}

function textOf({ words, space }: Script, prng: Prng, from: number, to: number): string {
  const count = from + prng.below(to - from + 1);
  const text = Array.from({ length: count }, () => words[prng.uneven(words.length)]!).join(space);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
