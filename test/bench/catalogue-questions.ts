/** Search texts as users type them, made from an existing album. */
import type { SearchInput } from '../../tracker/catalogue/contract.ts';
import type { Album, AlbumTrack } from '../tracker/catalogue/catalogue-album.ts';
import type { Prng } from './catalogue-prng.ts';

type Question = Omit<SearchInput, 'viewer'>;

/** Searches for releases. All others search for tracks. */
export const releaseQuestionKinds: typeof questionKinds = {
  'releases: an album': (album) => ({ text: album.album }),
  'releases: an album, misspelt': (album, prng) => ({ text: misspelt(album.album, prng) }),
  'releases: with a song on it': (album, prng) => ({ text: titleOf(album, prng) }),
};

export const questionKinds: Readonly<Record<string, (album: Album, prng: Prng) => Question>> = {
  'the title of a track': (album, prng) => ({ text: titleOf(album, prng) }),
  'an artist': (album) => ({ text: album.artist! }),
  'artist and a word of a title': (album, prng) => ({
    text: `${wordOf(titleOf(album, prng), prng)} ${album.artist}`,
  }),
  'one word, finished': (album, prng) => ({ text: `${wordOf(titleOf(album, prng), prng)} ` }),
  'as it is typed, from two letters on': (album, prng) => {
    const title = titleOf(album, prng);
    return { text: title.slice(0, 2 + prng.below(Math.max(1, title.length - 1))) };
  },
  'two letters': (album, prng) => ({ text: titleOf(album, prng).slice(0, 2) }),
  'a title, one word misspelt': (album, prng) => ({ text: misspelt(titleOf(album, prng), prng) }),
  'an artist, misspelt': (album, prng) => ({ text: misspelt(album.artist!, prng) }),
  'the middle of a word': (album, prng) => {
    const word = longest(titleOf(album, prng));
    return { text: word.slice(1, Math.max(3, word.length - 1)) };
  },
  'lossless, by year': (album, prng) => ({
    ...{ text: wordOf(titleOf(album, prng), prng), lossless: true },
    ...{ yearFrom: album.year! - 1, yearTo: album.year! + 1 },
  }),
  'with seeds, long, of a good bit rate': (album, prng) => ({
    ...{
      text: wordOf(titleOf(album, prng), prng),
      hasSeeds: true,
      bitRateMin: 300_000,
      durationMinMs: 300_000,
    },
  }),
};

function titleOf({ tracks }: Album, prng: Prng): string {
  return (tracks[prng.below(tracks.length)] as AlbumTrack).title;
}

function wordOf(text: string, prng: Prng): string {
  const words = text.split(' ');
  return words[prng.below(words.length)]!;
}

function longest(text: string): string {
  return text.split(' ').reduce((a, b) => (b.length > a.length ? b : a));
}

/** Makes one typing error in the longest word: a letter missing, doubled or wrong, or two swapped. */
function misspelt(text: string, prng: Prng): string {
  const word = longest(text);
  const at = prng.below(Math.max(1, word.length - 1));
  const [before, letter, after] = [word.slice(0, at), word.charAt(at), word.slice(at + 1)];
  const errors = [
    before + after,
    before + letter + letter + after,
    `${before}x${after}`,
    before + after.charAt(0) + letter + after.slice(1),
  ];
  return text.replace(word, errors[prng.below(errors.length)]!);
}
