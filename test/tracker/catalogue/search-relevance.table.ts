/** What users type and what must come first: the catalogue and the searches. */
import type { Album } from './catalogue-album.ts';

const numbered = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name} ${n + 1}`);

/** In the order of publication; none has seeds. */
export const shelf: readonly Album[] = [
  {
    album: 'Evening Call',
    artist: 'Nightjar',
    tracks: ['Evening Call', 'Morning Call', 'Evening Callers', 'Call', 'Last'],
  },
  { album: 'Calls', artist: 'Evan Ing', tracks: ['Evensong', 'The Evening Call of the Owl', 'Evening'] },
  { album: 'Back in Black', artist: 'AC/DC', tracks: ['Hells Bells', 'T.N.T.', 'Thunderstruck'] },
  { album: 'Animal', artist: 'Ke$ha', tracks: ['TiK ToK', 'Blah Blah Blah'] },
  { album: 'Out of Time', artist: 'R.E.M.', tracks: ['Losing My Religion', 'Radio Song'] },
  { album: 'Enema of the State', artist: 'blink-182', tracks: ['Dumpweed', 'Adam’s Song'] },
  { album: 'The Lion and the Cobra', artist: 'Sinéad O’Connor', tracks: ['Mandinka', 'Troy'] },
  { album: 'Louden Up Now', artist: '!!!', tracks: ['Pardon My Freedom', 'Hello? Is This Thing On?'] },
  { album: 'Self Preserved', artist: '+/-', tracks: ['All I Do', 'Summer Dress'] },
  { album: 'Je dis aime', artist: '-M-', tracks: ['Je dis aime', 'Onde sensuelle'] },
  { album: 'M', artist: 'Letters', tracks: ['M', 'N'] },
  { album: 'Missundaztood', artist: 'P!nk', tracks: ['Get the Party Started'] },
  { album: 'Bookends', artist: 'Simon & Garfunkel', tracks: ['Mrs. Robinson', 'America'] },
  { album: '÷', artist: 'Ed Sheeran', tracks: ['Castle on the Hill'] },
  { album: 'The Massacre', artist: '50 Cent', tracks: ['Candy Shop'] },
  { album: 'The White Album', artist: 'The Beatles', tracks: ['Blackbird', 'Don’t Pass Me By', 'Yesterday'] },
  { album: 'Yesterday', artist: 'Yester', tracks: ['Once More', 'All Our Yesterdays'] },
  {
    album: 'Tropics',
    artist: 'Band',
    tracks: ['Black Bird Singing', 'Gloves', 'Beloved', 'Clover', 'Love Song', 'Love'],
  },
  {
    album: 'Long Inside',
    artist: 'Words',
    tracks: numbered('Unglovely', 3).concat(numbered('Slovenly', 9), ['Plovers', 'Sloven', 'Pullovers']),
  },
  { album: 'รวมเพลง', artist: 'พุ่มพวง', tracks: ['ความรักครั้งสุดท้าย', 'สยามเมืองยิ้ม'] },
  { album: 'ເພງລາວ', artist: 'ນັກຮ້ອງ', tracks: ['ດວງຈຳປາທີ່ບ້ານ'] },
  { album: 'ចម្រៀង', artist: 'ស៊ិនស៊ីសាមុត', tracks: ['ចំប៉ាបាត់ដំបង'] },
  { album: 'သီချင်း', artist: 'စိုင်းထီးဆိုင်', tracks: ['ချစ်သောမြန်မာပြည်'] },
  { album: '范特西', artist: '周杰倫', tracks: ['愛在西元前', '雙截棍'] },
  { album: '简单爱', artist: '孙燕姿', tracks: ['遇见', '开始懂了'] },
  { album: '無限の空', artist: '沢田研二', tracks: ['さくらさくら', 'カタオモイ'] },
  { album: 'スーパーフライ', artist: 'Superfly', tracks: ['あいをこめて花束を'] },
  { album: 'Группа крови', artist: 'Кино', tracks: ['Группа крови', 'Звезда по имени Солнце'] },
  { album: 'Лебединое озеро', artist: 'Чайковский', tracks: ['Вальс'] },
  { album: 'Kino Hits', artist: 'Projector', tracks: ['Gruppa', 'Movie'] },
  { album: 'Prospekt', artist: 'Zemfira', tracks: ['Iskala', 'Hochesh'] },
  { album: 'Vespertine', artist: 'Björk', tracks: ['Hidden Place', 'Cocoon'] },
  { album: 'Takk...', artist: 'Sigur Rós', tracks: ['Sæglópur', 'Hoppípolla'] },
  { album: '봄여름가을겨울', artist: '아이유', tracks: ['봄 사랑 벚꽃 말고', '좋은 날'] },
  { album: 'Ταξίδι', artist: 'Σπύρος', tracks: ['Θάλασσα'] },
  { album: 'Numbers', artist: 'Counting', tracks: numbered('Part', 12) },
];

export interface Asked {
  readonly what: string;
  readonly typed: string;
  /** The titles of the first songs. */
  readonly first: readonly string[];
  /** The exact number of hits. */
  readonly count?: number;
}

const rows = (
  what: string,
  ...asked: readonly (readonly [typed: string, first: readonly string[], count?: number])[]
) =>
  asked.map(
    ([typed, first, count]): Asked => ({ what, typed, first, ...(count !== undefined && { count }) }),
  );

export const questions: readonly Asked[] = [
  ...rows(
    'the closest title comes first, then longer titles, then an album with that name',
    ['evning call', ['Evening Call', 'The Evening Call of the Owl', 'Evening Callers']],
    ['evening cal', ['Evening Call', 'Evening Callers', 'The Evening Call of the Owl']],
    ['evening call', ['Evening Call', 'The Evening Call of the Owl', 'Evening Callers']],
    ['call evening', ['Evening Call']],
    ['love', ['Love', 'Love Song']],
    ['hidden plase', ['Hidden Place']],
    ['losing my relegion', ['Losing My Religion']],
    ['yesterdya', ['Yesterday']],
  ),
  ...rows(
    'a song is found by its artist and a word of its title, in any order',
    ['beatles yesterday', ['Yesterday']],
    ['blackbird beatles', ['Blackbird']],
    ['bjork cocoon', ['Cocoon']],
  ),
  ...rows(
    'the songs of an artist or an album are in the order of the album',
    ['nightjar', ['Evening Call', 'Morning Call', 'Evening Callers', 'Call', 'Last'], 5],
    ['counting', numbered('Part', 12), 12],
    ['part', numbered('Part', 12)],
    ['vespertine', ['Hidden Place', 'Cocoon'], 2],
  ),
  ...rows(
    'names with punctuation are found without it',
    ['acdc', ['Hells Bells', 'T.N.T.', 'Thunderstruck'], 3],
    ['ac dc', ['Hells Bells', 'T.N.T.', 'Thunderstruck'], 3],
    ['tnt', ['T.N.T.']],
    ['kesha', ['TiK ToK', 'Blah Blah Blah']],
    ['rem', ['Losing My Religion', 'Radio Song']],
    ['r.e.m', ['Losing My Religion', 'Radio Song']],
    ['blink182', ['Dumpweed', 'Adam’s Song'], 2],
    ['blink 182', ['Dumpweed', 'Adam’s Song'], 2],
    ['sinead o connor', ['Mandinka', 'Troy'], 2],
    ['sinead oconnor', ['Mandinka', 'Troy'], 2],
    ["sinead o'connor mandinka", ['Mandinka']],
    ['pink party', ['Get the Party Started']],
    ['simon and garfunkel', ['Mrs. Robinson', 'America'], 2],
    ['50cent', ['Candy Shop'], 1],
    ['dont pass me', ['Don’t Pass Me By']],
    ['don t pass me', ['Don’t Pass Me By']],
  ),
  ...rows(
    'names made of punctuation are found by it',
    ['!!!', ['Pardon My Freedom', 'Hello? Is This Thing On?'], 2],
    ['+/-', ['All I Do', 'Summer Dress'], 2],
    ['-M-', ['Je dis aime', 'Onde sensuelle']],
    ['÷', ['Castle on the Hill'], 1],
  ),
  ...rows(
    'words that were split or joined are found',
    ['black bird', ['Blackbird', 'Black Bird Singing'], 2],
    ['blackbird', ['Blackbird']],
    ['garfun kel', ['Mrs. Robinson', 'America']],
  ),
  ...rows(
    'all words that contain the typed text are found',
    ['lov ', ['Love', 'Love Song', 'Sloven', 'Gloves', 'Clover', 'Plovers', 'Beloved']],
    ['pullove', ['Pullovers']],
    ['ullov', ['Pullovers'], 1],
    ['lovenl', numbered('Slovenly', 9)],
  ),
  ...rows(
    'a part of a title in a script without spaces is found',
    ['รัก', ['ความรักครั้งสุดท้าย'], 1],
    ['สุดท้าย', ['ความรักครั้งสุดท้าย'], 1],
    ['ยิ้ม', ['สยามเมืองยิ้ม'], 1],
    ['ຈຳປາ', ['ດວງຈຳປາທີ່ບ້ານ'], 1],
    ['បាត់ដំបង', ['ចំប៉ាបាត់ដំបង'], 1],
    ['မြန်မာ', ['ချစ်သောမြန်မာပြည်'], 1],
    ['サディ', [], 0],
    ['벚꽃', ['봄 사랑 벚꽃 말고'], 1],
  ),
  ...rows(
    'Chinese and Japanese characters in another form are found',
    ['爱在西元前', ['愛在西元前'], 1],
    ['双截棍', ['雙截棍'], 1],
    ['周杰伦', ['愛在西元前', '雙截棍'], 2],
    ['簡單愛', ['遇见', '开始懂了'], 2],
    ['孫燕姿', ['遇见', '开始懂了'], 2],
    ['澤田研二', ['さくらさくら', 'カタオモイ'], 2],
  ),
  ...rows(
    'hiragana and katakana find each other',
    ['サクラ', ['さくらさくら'], 1],
    ['かたおもい', ['カタオモイ'], 1],
    ['ｽｰﾊﾟｰﾌﾗｲ', ['あいをこめて花束を'], 1],
  ),
  ...rows(
    'Cyrillic and its romanisations find each other',
    ['gruppa krovi', ['Группа крови', 'Звезда по имени Солнце']],
    ['zvezda po imeni solntse', ['Звезда по имени Солнце'], 1],
    ['kino zvezda', ['Звезда по имени Солнце'], 1],
    ['tchaikovsky', ['Вальс'], 1],
    ['Tschaikowski', ['Вальс'], 1],
    ['земфира', ['Iskala', 'Hochesh'], 2],
    ['хочешь', ['Hochesh']],
    ['группа', ['Gruppa', 'Группа крови', 'Звезда по имени Солнце'], 3],
  ),
  ...rows(
    'letters with accents are found without them',
    ['sigur ros hoppipolla', ['Hoppípolla'], 1],
    ['saeglopur', ['Sæglópur'], 1],
    ['θαλασσα', ['Θάλασσα'], 1],
  ),
];
