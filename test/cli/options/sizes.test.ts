import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../client/cli/options/duration-parser.ts';
import { parseRate, parseSize } from '../../../client/cli/options/size-parser.ts';
import { count, duration, list, percent, size, sizeOf } from '../../../torrents/wording.ts';

describe('durations as people type them', () => {
  const inSeconds = (text: string) => parseDuration(text, '--x', { bare: 's', example: '30' });

  it.each([
    ['90', 90],
    ['60s', 60],
    ['2h', 7200],
    ['45min', 2700],
    ['45m', 2700],
    ['1.5h', 5400],
    ['1h30m', 5400],
    ['1 h 5 min', 3900],
    ['2d', 172_800],
    ['3:30', 210],
    ['1:02:03', 3723],
    ['10 SEC', 10],
    ['0', 0],
  ])('the duration %s is %d seconds', (text, seconds) => expect(inSeconds(text)).toBe(seconds));

  it('a number without a unit has the unit of the option', () => {
    expect(parseDuration('90', '--x', { bare: 'min', example: '90' })).toBe(5400);
    expect(parseDuration('90s', '--x', { bare: 'min', example: '90' })).toBe(90);
  });

  it.each([
    '',
    ' ',
    'soon',
    '-1',
    '1e3',
    '5x',
    '3:99',
    '30m2h',
    '1h1h',
    '1h30',
    'h',
    's5',
    '99999999',
    '9999d',
  ])('the duration "%s" is refused with the name of the flag', (text) =>
    expect(() => inSeconds(text)).toThrow(/^--x: .* is no length of time; .*like 30, or 60s/),
  );
});

describe('sizes as people type them', () => {
  it.each([
    ['16384', 16384],
    ['1KiB', 1024],
    ['1k', 1024],
    ['1kB', 1000],
    ['1MiB', 1024 ** 2],
    ['1M', 1024 ** 2],
    ['2 MB', 2_000_000],
    ['1.5MiB', 1.5 * 1024 ** 2],
    ['3gib', 3 * 1024 ** 3],
    ['10B', 10],
    ['0', 0],
  ])('the size %s is %d bytes', (text, bytes) => expect(parseSize(text, '--x')).toBe(bytes));

  it.each(['1MiB/s', '1 MiB/S', '1MiB', '1m/s'])('%s is a rate', (text) => {
    expect(parseRate(text, '--x')).toBe(1024 ** 2);
  });

  it.each(['', 'fast', '-1', '1XB', '1e6', 'NaN', '0x10', '1,5MiB', '99999999999GiB', '1MiB/s/s', ' '])(
    'the size "%s" is refused with the name of the flag',
    (text) => expect(() => parseSize(text, '--x')).toThrow(/^--x: .* is not a size/),
  );

  it('every printed size is read back, to the printed precision', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 39 }), (bytes) => {
        const text = size(bytes);
        expect(Math.abs(parseSize(text, '--x') - bytes)).toBeLessThanOrEqual(Math.max(1, bytes * 0.06));
        expect(text.length).toBeLessThanOrEqual('99.9 MiB'.length);
      }),
    );
  });
});

describe('numbers as people read them', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KiB'],
    [1024, '1 KiB'],
    [50_436_506, '48.1 MiB'],
    [104_752_742, '99.9 MiB'],
    [104_806_000, '100 MiB'],
    [1023.4 * 1024 ** 2, '1.0 GiB'],
  ])('%d bytes are %s', (bytes, text) => expect(size(bytes)).toBe(text));

  it.each([
    [0.04, '0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.6, '1 min'],
    [200, '3 min 20 s'],
    [3599.6, '1 h'],
    [7500, '2 h 5 min'],
    [273_600, '3 days 4 h'],
  ])('%d s are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  it('a percentage is 100% only when nothing is missing', () => {
    expect(percent(9_999_999, 10_000_000)).toBe('99%');
    expect(percent(10_000_000, 10_000_000)).toBe('100%');
  });

  it('a pair of sizes with one unit names it once', () => {
    expect(sizeOf(13.5 * 1024 ** 2, 57.2 * 1024 ** 2)).toBe('13.5 of 57.2 MiB');
    expect(sizeOf(13.5 * 1024, 57.2 * 1024 ** 2)).toBe('13.5 KiB of 57.2 MiB');
  });

  it('numbers and lists are printed in plain English', () => {
    expect([count(1, 'file'), count(12_345, 'file')]).toEqual(['1 file', '12,345 files']);
    expect([list(['a']), list(['a', 'b']), list(['a', 'b', 'c'])]).toEqual(['a', 'a and b', 'a, b and c']);
  });
});
