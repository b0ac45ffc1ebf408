/** Search filters, the table of results, and the meaning of a number or an id afterwards. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { messageLines, placeOf } from '../../../client/cli/commands/community/talk-view.ts';
import { searchOptions, wishArguments } from '../../../client/cli/options/search-options.ts';
import { visibilityOption } from '../../../client/cli/options/visibility.ts';
import { saveResults } from '../../../client/cli/results/last-results.ts';
import { isNumbers, isReleaseId, resultsAt } from '../../../client/cli/results/release-names.ts';
import { lengthWords, resultLines, type ShownResult } from '../../../client/cli/results/result-table.ts';
import { textWidth } from '../../../client/cli/screen/text-width.ts';
import { withoutPasskey } from '../../../client/cli/swarm-view/shown-tracker.ts';
import { runHere, temporaryFolder } from '../run-cicada.ts';

const releaseId = 'a'.repeat(26);
const passkey = 'b2'.repeat(16);

describe('filters', () => {
  it.each([
    [{}, ['brood', 'live'], 'wish brood live'],
    [{ codec: 'mp3', 'bit-rate': '320' }, ['brood'], 'wish brood --codec=mp3 --bit-rate=320k'],
    [{ 'bit-rate': '44100' }, ['brood'], 'wish brood --bit-rate=44100'],
    [{ lossless: true, year: '1990-' }, ['brood'], 'wish brood --lossless --year=1990-'],
    [{ year: '-1999', licence: 'CC BY' }, ['brood'], 'wish brood --year=-1999 --licence=cc-by'],
    [{ year: '1994' }, ['-M-'], 'wish --year=1994 -- -M-'],
  ])('a search with %j that finds nothing suggests a wish with the same filters', (typed, words, line) => {
    const read = (flags: Record<string, unknown>) => {
      const { 'bit-rate': bits, year: years, licence } = searchOptions;
      return {
        codec: flags.codec as string | undefined,
        lossless: flags.lossless as boolean | undefined,
        'bit-rate': flags['bit-rate'] === undefined ? undefined : bits.coerce(String(flags['bit-rate'])),
        year: flags.year === undefined ? undefined : years.coerce(String(flags.year)),
        licence: flags.licence === undefined ? undefined : licence.coerce(String(flags.licence)),
      };
    };
    const printed = wishArguments(words, read(typed));
    expect(printed.join(' ')).toBe(line);
    const flags = printed.flatMap((word) => [...word.matchAll(/^--([a-z-]+)(?:=(.*))?$/g)]);
    expect(read(Object.fromEntries(flags.map(([, name, value = true]) => [name, value])))).toEqual(
      read(typed),
    );
  });

  const { 'bit-rate': rate, year, 'min-duration': length } = searchOptions;
  it.each([
    ['320k', 320_000],
    ['320', 320_000],
    ['320kbps', 320_000],
    ['192000', 192_000],
  ])('a bit rate of %s is %d', (text, bits) => expect(rate.coerce(text)).toBe(bits));
  it.each([
    ['1994', { from: 1994, to: 1994 }],
    ['1990-1999', { from: 1990, to: 1999 }],
    ['1990-', { from: 1990 }],
    ['-1999', { to: 1999 }],
  ])('a year of %s is %j', (text, span) => expect(year.coerce(text)).toEqual(span));
  it.each([
    ['210', 210_000],
    ['3:30', 210_000],
    ['1:02:03', 3_723_000],
  ])('a duration of %s is %d ms', (text, ms) => expect(length.coerce(text)).toBe(ms));
  it.each([
    [rate, 'much'],
    [rate, '-1'],
    [year, '-'],
    [year, '1999-1990'],
    [year, ''],
    [length, '3:70'],
    [length, '1:2:3:4'],
    [visibilityOption.visibility, 'friends'],
    [visibilityOption.visibility, 'group:'],
    [visibilityOption.visibility, 'people:'],
    [visibilityOption.visibility, 'people:ada,,bob'],
    [visibilityOption.visibility, 'everyone:x'],
  ])('an invalid filter is refused', (option, text) => {
    expect(() => option.coerce(text)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });
});

it.each([
  ['everyone', { visibility: 'everyone' }],
  ['group:my friends', { visibility: 'group', group: 'my friends' }],
  ['people:ada, @bob', { visibility: 'people', people: ['ada', 'bob'] }],
])('--visibility takes %s', (text, access) =>
  expect(visibilityOption.visibility.coerce(text)).toEqual(access),
);

describe('the table', () => {
  const row = (over: Partial<ShownResult> = {}): ShownResult => ({
    ...{ title: 'Evening Call', artist: 'The Brood', album: 'Seventeen Summers', durationMs: 185_000 },
    ...{ torrent: '', by: '', when: '', format: 'flac', seeds: 2, leechers: 1, holders: [] },
    ...over,
  });
  const holder = (name: string, port: number, isSeed = true) => ({ name, host: '192.0.2.1', port, isSeed });

  it('the table shows the torrent’s name where it differs, and has no such column elsewhere', () => {
    const options = { columns: 160, nearness: new Map(), self: undefined };
    const [titles, line] = resultLines([row({ torrent: 'x\u202Egnp.exe' })], options);
    expect(titles).toContain('torrent');
    expect(line).toContain('x\\u202egnp.exe');
    expect(resultLines([row()], options)[0]).not.toContain('torrent');
  });

  it('the table shows publisher and time where asked, and has no such columns elsewhere', () => {
    const options = { columns: 160, nearness: new Map(), self: undefined };
    const [titles, line] = resultLines([row({ by: 'a\u202eda', when: '2026-11-30' })], options);
    expect(titles).toMatch(/ by +when +length/);
    expect(line).toContain('a\\u202eda  2026-11-30');
    expect(resultLines([row()], options)[0]).not.toMatch(/ by | when /);
  });

  it('the table names seeds before leechers, the lowest latency first, and the user', () => {
    const holders = [holder('far', 1), holder('part', 2, false), holder('me', 3), holder('near', 4)];
    const nearness = new Map([
      ['192.0.2.1 1', 80],
      ['192.0.2.1 2', 0.4],
      ['192.0.2.1 4', 3.4],
    ]);
    const [, line] = resultLines([row({ holders })], { columns: 160, nearness, self: 'me' });
    expect(line).toMatch(/ 3:05 +flac +2\+1 +near 3 ms, far 80 ms, you, 1 more$/);
  });

  it('the table fits its width for any content', () => {
    const wide = row({ title: '夏の終わりに鳴く蝉の声'.repeat(8), album: 'x'.repeat(300) });
    const lines = resultLines([row(), wide], { columns: 80, nearness: new Map(), self: undefined });
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(80);
  });

  it('the table shows no control characters', () => {
    const evil = row({ title: '\u001b[2J\u202egnp', artist: 'a\nb' });
    const text = resultLines([evil], { columns: 160, nearness: new Map(), self: undefined })[1]!;
    expect(text).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it('the table prints the length of a song as players do', () => {
    expect([0, 5_000, 185_400, 3_723_000].map(lengthWords)).toEqual(['', '0:05', '3:05', '1:02:03']);
  });
});

describe('a number', () => {
  const song = { releaseId, song: { version: 2, fileIndex: 4 } };
  const whole = { releaseId, song: undefined };

  it('a number means a result of the last search, and several numbers mean several results', async () => {
    const state = temporaryFolder();
    await saveResults(state, { tracker: 'http://t', rows: [song, whole, song] });
    expect(await resultsAt('1-2,3', state)).toEqual({ tracker: 'http://t', results: [song, whole, song] });
    await expect(resultsAt('4', state)).rejects.toMatchObject({ code: 'result-not-found' });
    await expect(resultsAt('0', state)).rejects.toMatchObject({ code: 'option-invalid' });
    await expect(resultsAt('3-1', state)).rejects.toMatchObject({ code: 'option-invalid' });
  });

  it('a number means nothing before a search, or when the saved results are damaged', async () => {
    const state = temporaryFolder();
    await expect(resultsAt('1', state)).rejects.toMatchObject({ code: 'result-not-found' });
    writeFileSync(join(state, 'results.json'), '{"tracker":1}', { mode: 0o600 });
    await expect(resultsAt('1', state)).rejects.toMatchObject({ code: 'result-not-found' });
  });

  it('a number is a file when a file of that name exists, and that is printed', async () => {
    const here = temporaryFolder();
    writeFileSync(join(here, '3'), 'no torrent');
    const { code, stderr } = await runHere(['get', '3'], here);
    expect(stderr).toContain('3 is a file here, and that is what is taken.');
    expect(code).toBe(26);
  });

  it('numbers and ids are told apart from hashes and paths', () => {
    expect(['3', '1-3', '1,4-6'].every(isNumbers)).toBe(true);
    expect(['', 'a', '1-', '1.torrent', '1000', '1-2-3'].some(isNumbers)).toBe(false);
    expect(isReleaseId(releaseId)).toBe(true);
    expect(['a'.repeat(32), 'a'.repeat(40), 'A'.repeat(26), '1'.repeat(26)].some(isReleaseId)).toBe(false);
  });
});

describe('what is told to others', () => {
  it('a printed announce URL has no passkey', () => {
    expect(withoutPasskey(`http://t:1/${passkey}/announce`)).toBe('http://t:1/…/announce');
    expect(withoutPasskey(`http://t/announce?passkey=${passkey}&x=1`)).toBe(
      'http://t/announce?passkey=…&x=1',
    );
    expect(withoutPasskey(`http://t:1/${'b2'.repeat(24)}/announce`)).toBe('http://t:1/…/announce');
    expect(withoutPasskey('http://t/announce')).toBe('http://t/announce');
  });

  it('a message goes to a room, or to a user', () => {
    expect(placeOf('jazz')).toEqual({ room: 'jazz' });
    expect(placeOf('#jazz')).toEqual({ room: 'jazz' });
    expect(placeOf('@ada')).toEqual({ person: 'ada' });
    expect(() => placeOf('@')).toThrow(/neither a room nor a user/);
  });

  it('a printed message keeps its line breaks, and no other control character', () => {
    const id = 'a'.repeat(26);
    const message = { id, author: 'e\u001bve', text: 'a\u0007\nb\u202e', sentAtMs: 0, isDeleted: false };
    const lines = messageLines(message).split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.replace(/\u001b\[\d+m/g, '')).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(messageLines({ ...message, isDeleted: true })).toContain('(deleted)');
  });
});
