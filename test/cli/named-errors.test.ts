/** An error names the argument that it is about, so that the user sees which of several words is wrong. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningTracker, startTracker } from '../../tracker/server.ts';
import { TemporaryFolder } from '../e2e/shared-folder.ts';
import { runCicada } from './run-cicada.ts';

const place = new TemporaryFolder();
let tracker: RunningTracker;

/** Runs a command as a user at a computer of their own. */
const at = (home: string, ...args: string[]) =>
  runCicada([...args, '--tracker', tracker.url], { env: { XDG_STATE_HOME: place.in(home) } });

beforeAll(async () => {
  tracker = await startTracker({ port: 0, dataFolder: place.in('tracker') });
  await at('ada', 'register', 'ada');
  await at('ben', 'register', 'ben');
});
afterAll(async () => {
  await tracker?.close();
  place[Symbol.dispose]();
});

describe('a refusal names the thing that was typed', () => {
  it.each([
    ['an empty name', ['register', ''], 28, 'name is empty'],
    ['a name that is taken', ['register', 'BEN'], 13, '“BEN” is taken here'],
    ['a room that is not there', ['say', 'attic', 'hello'], 3, '"attic"'],
    ['a room that is not there, read', ['read', 'attic'], 3, '"attic"'],
    ['a person that is not there', ['browse', 'nemo'], 3, '“nemo”'],
    ['a person to search by', ['search', 'x', '--user', 'nemo'], 3, '“nemo”'],
    ['a group of a new room', ['rooms', '--open', 'den', '--group', 'friends'], 3, 'group “friends”'],
    ['a member for a new group', ['group', 'friends', '--add', 'nemo'], 3, '"nemo"'],
    ['an account to sign in to', ['login', 'nemo'], 24, '“nemo”'],
    ['an empty name to sign in to', ['login', ''], 28, 'name is empty'],
  ])('the error names what was typed: %s', async (_what, args, code, words) => {
    const answer = await at('ada', ...args);
    expect(answer.stderr).toContain(words);
    expect(answer.code).toBe(code);
  });

  it('a key of another account is refused with the name of the account that it opens', async () => {
    const registered = await at('ada', 'register', 'zoe');
    expect(registered).toMatchObject({ code: 13 });
    expect(registered.stderr).toContain('the account “ada”');
    const signedIn = await at('ada', 'login', 'ben');
    expect(signedIn).toMatchObject({ code: 24 });
    expect(signedIn.stderr).toContain('does not open an account “ben”');
    expect(signedIn.stderr).toContain('signed in there as “ada”');
  });

  it('where strangers see no accounts, the account of another key is not named', async () => {
    const closed = await startTracker({
      port: 0,
      dataFolder: place.in('closed'),
      policy: { signInRequired: true, newcomerRole: 'member' },
    });
    try {
      const there = (...args: string[]) =>
        runCicada([...args, '--tracker', closed.url], { env: { XDG_STATE_HOME: place.in('ada') } });
      expect((await there('register', 'secretive')).code).toBe(0);
      const { code, stderr } = await there('register', 'zoe');
      expect(code).toBe(13);
      expect(stderr).not.toContain('secretive');
    } finally {
      await closed.close();
    }
  });
});
