import { expect, it } from 'vitest';
import { AnnounceTurns } from '../../../client/host/network/announce-turns.ts';

/** Announces that are answered when the test says so; `begun` has those under way and finished. */
function scene() {
  const turns = new AnnounceTurns();
  const begun: string[] = [];
  const answers = new Map<string, PromiseWithResolvers<string>>();
  const ask = (name: string, url = 'http://one:1/a', isFarewell = false) =>
    turns.run(url, isFarewell, () => {
      begun.push(name);
      const answer = Promise.withResolvers<string>();
      answers.set(name, answer);
      return answer.promise;
    });
  const settle = () => new Promise(setImmediate);
  return { begun, answers, ask, settle };
}

it('one tracker has at most four announces under way, and a failed one makes room like any other', async () => {
  const { begun, answers, ask, settle } = scene();
  const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ask(name, `http://one:1/${name}`));
  await settle();
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  answers.get('c')!.resolve('answer');
  expect(await all[2]).toBe('answer');
  await settle();
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  answers.get('a')!.reject(new Error('away'));
  await expect(all[0]).rejects.toThrow('away');
  await settle();
  expect(begun.at(-1)).toBe('f');
});

it('a tracker that does not answer delays no other one', async () => {
  const { begun, ask, settle } = scene();
  for (const name of ['a', 'b', 'c', 'd', 'e']) void ask(name);
  for (const url of ['http://two:1/a', 'https://one:1/a', 'http://one:2/a', 'no address']) void ask(url, url);
  await settle();
  expect(begun).toEqual([
    'a',
    'b',
    'c',
    'd',
    'http://two:1/a',
    'https://one:1/a',
    'http://one:2/a',
    'no address',
  ]);
});

it('an announce with `stopped` precedes all waiting ones, and four may run again once all have ended', async () => {
  const { begun, answers, ask, settle } = scene();
  for (const name of ['a', 'b', 'c', 'd', 'e']) void ask(name);
  void ask('farewell', 'http://one:1/a', true);
  answers.get('b')!.resolve('');
  await settle();
  expect(begun.slice(4)).toEqual(['farewell']);
  for (const name of ['a', 'c', 'd', 'farewell']) answers.get(name)!.resolve('');
  await settle();
  answers.get('e')!.resolve('');
  await settle();
  for (const name of ['f', 'g', 'h', 'i', 'j']) void ask(name);
  await settle();
  expect(begun.slice(5)).toEqual(['e', 'f', 'g', 'h', 'i']);
});
