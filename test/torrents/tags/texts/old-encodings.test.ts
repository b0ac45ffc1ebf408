import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createTorrent } from '../../../../torrents/create/create.ts';
import { readRelease } from '../../../../torrents/release/release.ts';
import { mendTexts } from '../../../../torrents/tags/texts/old-encodings.ts';
import { readableText } from '../../../../torrents/tags/texts/tag-text.ts';
import { makeFolder } from '../../folder-fixture.ts';
import { mp3Frames, riffInfo, wav } from '../audio-fixtures.ts';
import { flac } from '../tag-fixtures.ts';

/** Bytes of titles as programs wrote them in old encodings. */
const bytes = {
  // Синее небо / Белая река / Группа крови, cp1251
  cyrillic: ['d1e8ede5e520ede5e1ee', 'c1e5ebe0ff20f0e5eae0', 'c3f0f3efefe020eaf0eee2e8'],
  // 月亮代表我的心 / 夜来香 / 我爱你, GBK
  chinese: ['d4c2c1c1b4fab1edced2b5c4d0c4', 'd2b9c0b4cfe3', 'ced2b0aec4e3'],
  // さくら / 千のナイフ / ラブソング, Shift-JIS
  japanese: ['82b382ad82e7', '90e782cc836983438374', '83898375835c8393834f'],
  // 사랑해 / 봄날 / 아리랑, EUC-KR
  korean: ['bbe7b6fbc7d8', 'babdb3af', 'bec6b8aeb6fb'],
} as const;
const right = {
  cyrillic: ['Синее небо', 'Белая река', 'Группа крови'],
  chinese: ['月亮代表我的心', '夜来香', '我爱你'],
  japanese: ['さくら', '千のナイフ', 'ラブソング'],
  korean: ['사랑해', '봄날', '아리랑'],
} as const;
const latin1 = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1');

/** An MP3 with an ID3v2.3 title that is declared as Latin-1, with bytes in any encoding. */
function song(title: Uint8Array): Uint8Array {
  const content = Buffer.concat([Buffer.from([0]), title]);
  const head = Buffer.from('TIT2\0\0\0\0\0\0', 'latin1');
  head.writeUInt32BE(content.length, 4);
  const tag = Buffer.from([0x49, 0x44, 0x33, 3, 0, 0, 0, 0, 0, head.length + content.length]);
  return Buffer.concat([tag, head, content, mp3Frames([128, 128, 128])]);
}

const mend = (texts: readonly string[], names: readonly string[] = []) => {
  const mended = mendTexts(new Set(texts), names);
  return texts.map((text) => (mended.has(text) ? mended.get(text) : text));
};

describe('text that counts as Latin-1', () => {
  it.each(['cyrillic', 'chinese', 'japanese', 'korean'] as const)(
    '%s text declared as Latin-1 is recognised by its letters',
    (script) => {
      expect(mend(bytes[script].map(latin1), ['01.mp3', '02.mp3'])).toEqual(right[script]);
      // As another program wrote it after reading it as windows-1252.
      const wrong = bytes[script].map((hex) =>
        new TextDecoder('windows-1252').decode(Buffer.from(hex, 'hex')),
      );
      expect(mend(wrong)).toEqual(right[script]);
    },
  );

  it('text with too few letters to decide is recognised by the names of files', () => {
    // Kraków and Łódź in windows-1250; Ελλάδα in windows-1253; İstanbul Şarkısı in windows-1254.
    expect(mend([latin1('4b72616bf377'), latin1('a3f3649f')], ['Łódź.mp3'])).toEqual(['Kraków', 'Łódź']);
    expect(mend([latin1('c5ebebdce4e1')], ['Ελλάδα - 1.mp3'])).toEqual(['Ελλάδα']);
    expect(mend([latin1('dd7374616e62756c20de61726bfd73fd')], ['01 İstanbul Şarkısı.mp3'])).toEqual([
      'İstanbul Şarkısı',
    ]);
  });

  it('UTF-8 text declared as Latin-1 is decoded, even beside real Latin-1', () => {
    const misread = Buffer.from('Björk – Jóga').toString('latin1');
    expect(mend([misread, 'Déjà vu', 'plain'])).toEqual(['Björk – Jóga', 'Déjà vu', 'plain']);
    expect(mend([new TextDecoder('windows-1252').decode(Buffer.from('Sigur Rós – “Ágætis”'))])).toEqual([
      'Sigur Rós – “Ágætis”',
    ]);
  });

  it.each([
    'Déjà vu',
    'Été',
    'Ça ira où',
    'Sigur Rós',
    'Motörhead',
    'Für Elise – “Live”',
    'Ænima',
    'Žižek’s café…',
    'Ålesund',
    'São João',
    '¿Dónde está?',
    'Mañana',
    'Beyoncé',
    'Trädgård på månen',
    '©2010 Ava®',
    '½ Hour',
    'Niño',
    'Œuvre',
  ])('text that really is Latin-1 stays unchanged: %s', (text) => {
    expect(mend([text])).toEqual([text]);
  });

  it('a huge set of texts is judged by the first of them', () => {
    const many = Array.from({ length: 2_000 }, (_, at) => `${at} ${'ñ¡'.repeat(450)}`);
    const read = mend([...bytes.cyrillic.map(latin1), ...many]);
    // Judging all of them would take 15 seconds, and the test would time out.
    expect(read).toHaveLength(2_003);
    const songs = Array.from({ length: 4_000 }, (_, at) => `${at} ${latin1(bytes.cyrillic[0])}`);
    expect(mend(songs).every((text) => text?.endsWith(right.cyrillic[0]))).toBe(true);
  });

  it('text that no encoding can read is removed', () => {
    expect(mend(['\x98¡¢\x98\xad±ÿþ\x98', '\x98\x8d\x8f\x90'])).toEqual([undefined, undefined]);
  });
});

it('text whose letters were replaced with question marks is removed', () => {
  for (const lost of ['?????', '??? ????', 'Caf\ufffd del Mar', '\ufffd\ufffd']) {
    expect(readableText(lost)).toBeUndefined();
  }
  for (const kept of ['Who?', '??', 'What?! (Why??)', 'Café']) expect(readableText(kept)).toBe(kept);
  expect(readableText('Синее не\ufffd')).toBe('Синее не');
});

it('titles are published correctly for tags of different programs', async () => {
  const hex = (text: string) => Buffer.from(text, 'hex');
  const folder = makeFolder('Альбом', {
    '01.mp3': song(hex(bytes.cyrillic[0])),
    '02.mp3': song(hex(bytes.cyrillic[1])),
    '03 - Имя.mp3': song(hex('fffe98fdfb98')),
    '04.wav': wav(1, Buffer.alloc(999), [riffInfo({ INAM: Buffer.from('Тихо'), IART: Buffer.from('Ünal') })]),
    '05.wav': wav(1, Buffer.alloc(999), [riffInfo({ INAM: hex(bytes.cyrillic[2]) })]),
    '06 - Имя.flac': flac({ TITLE: '???' }),
  });
  const { metainfo } = await createTorrent(folder);
  const { tracks } = await readRelease(metainfo, folder);
  expect(tracks.map(({ title }) => title)).toEqual([
    'Синее небо',
    'Белая река',
    'Имя',
    'Тихо',
    'Группа крови',
    'Имя',
  ]);
  expect(tracks[3]!.artist).toBe('Ünal');
});

it('the platform supports the encodings that are tried', () => {
  // A Node without full ICU throws for most of them.
  expect(
    execFileSync(process.execPath, ['-p', 'new TextDecoder("gb18030").encoding']).toString().trim(),
  ).toBe('gb18030');
});
