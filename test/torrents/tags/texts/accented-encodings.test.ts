import { describe, expect, it, test } from 'vitest';
import { createTorrent } from '../../../../torrents/create/create.ts';
import { readRelease } from '../../../../torrents/release/release.ts';
import { mendTexts } from '../../../../torrents/tags/texts/old-encodings.ts';
import { plainLetters } from '../../../../torrents/tags/texts/plain-letters.ts';
import { makeFolder } from '../../folder-fixture.ts';
import { mp3Frames } from '../audio-fixtures.ts';
import { flac } from '../tag-fixtures.ts';

/** The bytes that a program with this encoding wrote. */
function encoded(text: string, encoding: string): Buffer {
  const all = new TextDecoder(encoding).decode(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  return Buffer.from(
    [...text].map((character) => {
      const byte = all.indexOf(character);
      if (byte < 0) throw new Error(`${encoding} has no ${character}`);
      return byte;
    }),
  );
}

/** The text as an ID3 reader decodes it, as Latin-1. */
const misread = (text: string, encoding: string): string => encoded(text, encoding).toString('latin1');

const mend = (texts: readonly string[], encoding: string, names: readonly string[]) => {
  const wrong = texts.map((text) => misread(text, encoding));
  const mended = mendTexts(new Set(wrong), names);
  return wrong.map((text) => (mended.has(text) ? mended.get(text) : text));
};

const albums: readonly (readonly [language: string, encoding: string, titles: readonly string[]])[] = [
  ['Czech', 'windows-1250', ['Dvořák', 'Příliš žluťoučký kůň', 'Měsíčku na nebi hlubokém']],
  ['Slovak', 'windows-1250', ['Ľúbostná', 'Žabí kráľ', 'Ďaleko']],
  ['Polish', 'windows-1250', ['Łódź', 'Gdzie są kwiaty', 'Zażółć gęślą jaźń']],
  ['Polish of Unix', 'iso-8859-2', ['Łódź', 'Gdzie są kwiaty', 'Święta noc']],
  ['Turkish', 'windows-1254', ['Ağır şarkı', 'İstanbul', 'Güneş doğdu']],
  ['Lithuanian', 'windows-1257', ['Žemaitija', 'Šiaurės vėjas', 'Mėnulio kelias ąžuolų']],
  ['Latvian', 'windows-1257', ['Pūt vējiņi', 'Saules mūžs', 'Ķēniņš']],
];

describe('an album that was tagged before Unicode', () => {
  test.each(albums)(
    'an album tagged before Unicode in %s is recognised by names with its accents',
    (_, encoding, titles) => {
      const names = titles.map((title, at) => `0${at + 1} - ${title}.mp3`);
      expect(mend(titles, encoding, names)).toEqual(titles);
      // In the decomposed form of macOS, with the name of one song only.
      expect(mend(titles, encoding, [names[0]!.normalize('NFD')])).toEqual(titles);
    },
  );

  test.each(albums)(
    'an album tagged before Unicode in %s is recognised by names without its accents',
    (_, encoding, titles) => {
      const names = titles.map((title, at) => `0${at + 1}_${plainLetters(title).replaceAll(' ', '_')}.mp3`);
      expect(mend(titles, encoding, names)).toEqual(titles);
    },
  );

  it('an album tagged in Hungarian is recognised by names with its accents', () => {
    const titles = ['Erdőben', 'Tűzmadár', 'Hősök'];
    expect(mend(titles, 'windows-1250', ['01 Erdőben.mp3'])).toEqual(titles);
    expect(mend(titles, 'windows-1250', ['Tűzmadár'])).toEqual(titles);
    // Without accents, Hungarian and Portuguese are alike: `õ` and `ő` both become `o`.
    const open = titles.map((title) => misread(title, 'windows-1250'));
    expect(mend(titles, 'windows-1250', ['01 Erdoben.mp3', '02 Tuzmadar.mp3'])).toEqual(open);
  });

  it('an album whose artist is spelled alike in Latin-1 is recognised by its songs', () => {
    const texts = ['André', 'Příběh', 'Kůň'];
    expect(mend(texts, 'windows-1250', ['André - Kone', '01 Pribeh.mp3'])).toEqual(texts);
  });

  it('an album stays unchanged if names give no hint, or too little', () => {
    const open = albums
      .map(([, encoding, titles]) => titles.map((title) => misread(title, encoding)))
      // Only albums that consist of Latin-1 letters.
      .filter((titles) => !/[\x80-\x9f]/.test(titles.join('')));
    expect(open.length).toBeGreaterThanOrEqual(3);
    for (const titles of open) {
      expect([...mendTexts(new Set(titles), ['01.mp3', '02.mp3'])]).toEqual(
        titles.map((title) => [title, title]),
      );
    }
    expect(mend(['Così'], 'windows-1252', ['Le cose', '01.mp3'])).toEqual(['Così']);
  });
});

describe('an album in Latin-1 stays as it is', () => {
  const latin: readonly (readonly [language: string, titles: readonly string[]])[] = [
    ['French', ['Là-bas', 'Où est le château ?', 'Été à la forêt', 'Ça ira, garçon']],
    ['German', ['Für Elise', 'Über den Wölken', 'Straße', 'Mädchen ärgern']],
    ['Spanish', ['Mañana', 'Corazón', '¿Dónde está?', 'Pingüino']],
    ['Portuguese', ['São João', 'Canções', 'Avó', 'Coração']],
    ['Icelandic', ['Þú og ég', 'Veðrið', 'Hjá mér', 'Nýtt líf']],
    ['Danish', ['Smørrebrød', 'Ærlighed', 'Blå']],
    ['Swedish', ['Trädgård', 'På månen', 'Öppna']],
    ['Italian', ['Così', 'Perché', 'Città', 'Però']],
  ];
  const namings = [
    ['with its accents', (title: string) => title],
    ['without', plainLetters],
    ['of numbers', () => '1'],
    ['with accents left out', (title: string) => title.replaceAll(/[^\x00-\x7f]/g, '')],
    ['with accents turned into a sign', (title: string) => title.replaceAll(/[^\x00-\x7f]/g, '_')],
  ] as const;
  for (const [manner, nameOf] of namings) {
    test.each(latin)(`Latin-1 titles in %s stay unchanged, with names ${manner}`, (_, titles) => {
      const names = titles.map((title, at) => `0${at + 1} - ${nameOf(title)}.mp3`);
      expect(mend(titles, 'windows-1252', names)).toEqual(titles);
    });
  }

  it('Latin-1 titles stay unchanged beside Czech names of other songs', () => {
    const names = ['01 - Příliš.mp3', '02 - Là-bas.mp3', '03 - Forêt.mp3'];
    expect(mend(['Là-bas', 'Forêt'], 'windows-1252', names)).toEqual(['Là-bas', 'Forêt']);
  });
});

it("a cue sheet in windows-1250 is decoded with the help of the torrent's name", async () => {
  const sheet =
    'FILE "a.wav" WAVE\nTRACK 01 AUDIO\nTITLE "Příběh"\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nTITLE "Dvořák"\nINDEX 01 00:01:00';
  const folder = makeFolder('Dvořák', { 'a.flac': flac({}), 'a.cue': encoded(sheet, 'windows-1250') });
  const { metainfo } = await createTorrent(folder);
  const { tracks } = await readRelease(metainfo, folder);
  expect(tracks.map(({ title }) => title)).toEqual(['Příběh', 'Dvořák']);
});

it('a folder of Turkish songs is published in Turkish', async () => {
  const song = (title: string): Uint8Array => {
    const content = Buffer.concat([Buffer.from([0]), encoded(title, 'windows-1254')]);
    const head = Buffer.from('TIT2\0\0\0\0\0\0', 'latin1');
    head.writeUInt32BE(content.length, 4);
    const tag = Buffer.from([0x49, 0x44, 0x33, 3, 0, 0, 0, 0, 0, head.length + content.length]);
    return Buffer.concat([tag, head, content, mp3Frames([128, 128, 128])]);
  };
  const folder = makeFolder('Sezen', {
    '01 - Gulumse.mp3': song('Gülümse'),
    '02 - Hadi Bakalim.mp3': song('Hadi Bakalım'),
    '03 - Degisik Sarki.mp3': song('Değişik Şarkı'),
  });
  const { metainfo } = await createTorrent(folder);
  const { tracks } = await readRelease(metainfo, folder);
  expect(tracks.map(({ title }) => title)).toEqual(['Gülümse', 'Hadi Bakalım', 'Değişik Şarkı']);
});
