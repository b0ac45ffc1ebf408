import { expect, it } from 'vitest';
import { differences } from './difference.ts';
import { Names } from './names.ts';

function named(...outputs: string[]): string[] {
  const names = new Names();
  names.call('/tmp/here', '<place>');
  names.call('/tmp/here/checkout', '<checkout>');
  return outputs.map((output) => names.ofOutput(output));
}

it('values that differ between runs are replaced by names, and a place inside another has its own name', () => {
  expect(
    named(
      'listening at http://127.0.0.1:43211, magnet:?tr=http%3A%2F%2F127.0.0.1%3A43211%2Fannounce',
      '/tmp/here/work and /tmp/here/checkout/client at 2026-11-30T18:00:00.123Z',
      'up for 2 minutes. In 12 minutes, in 1.3 s, 3.7 MiB/s, process 4711',
    ),
  ).toEqual([
    'listening at http://127.0.0.1:<port>, magnet:?tr=http%3A%2F%2F127.0.0.1%3A<port>%2Fannounce',
    '<place>/work and <checkout>/client at <time>',
    'up for <time>. In 12 minutes, in <seconds>, <rate>, process <pid>',
  ]);
});

it('every occurrence of an ID gets the same name', () => {
  const [one, other] = ['a', 'b'].map((letter) => letter.repeat(26));
  expect(named(`${one} ${other}`, `again ${other}`)).toEqual(['<id 1> <id 2>', 'again <id 2>']);
});

it('info-hashes, sizes and durations of music are compared unchanged', () => {
  const document = {
    infoHash: '0'.repeat(40),
    bytes: 5,
    durationMs: 2000,
    createdAtMs: 1_796_064_443_293,
    port: 6881,
    connectMs: 28.8,
  };
  expect(named(JSON.stringify(document))).toEqual([
    JSON.stringify(
      { ...document, createdAtMs: '<moment>', port: '<port>', connectMs: '<connectMs>' },
      undefined,
      1,
    ),
  ]);
});

it('equal answers are no difference, and only the changed lines of a long answer are shown', () => {
  const lines = Array.from({ length: 50 }, (_, at) => `line ${at}`);
  const changed = lines.with(20, 'another line');
  expect(differences('part', { asked: 'yes' }, { asked: 'yes' })).toEqual([]);
  expect(differences('part', { asked: lines.join('\n') }, { asked: changed.join('\n') })).toEqual([
    'part: asked\n  - line 20\n  + another line',
  ]);
});

it('a question asked of only one side is a difference', () => {
  expect(differences('part', { old: 'a' }, { new: 'b' })).toEqual([
    'part: old\n  - not asked any more\n  - a',
    'part: new\n  + not asked before\n  + b',
  ]);
});
