/** Keys of a running command: their actions, and the state of the terminal. */
import { describe, expect, it } from 'vitest';
import { isForegroundIn, type KeyTerminal, listenToKeys } from '../../../client/cli/screen/keys.ts';
import { announceKey, announceWords, isKeyOfUse } from '../../../client/cli/swarm-view/announce-key.ts';
import type { PeerStatus, TrackerStatus } from '../../../client/engine/status.ts';

function terminal() {
  const log: string[] = [];
  const listeners = new Set<(keys: Buffer) => void>();
  const world = { isOurs: true, continued: () => {}, isRaw: false };
  const it: KeyTerminal = {
    stdin: {
      setRawMode(isRaw) {
        world.isRaw = isRaw;
      },
      on: (_, listener) => listeners.add(listener),
      off: (_, listener) => listeners.delete(listener),
      resume: () => log.push('reads'),
      pause: () => log.push('reads no more'),
    },
    isForeground: () => world.isOurs,
    send: (signal) => log.push(`${signal}${world.isRaw ? ' in raw mode' : ''}`),
    onContinued(listener) {
      world.continued = listener;
      return () => {
        world.continued = () => {};
      };
    },
  };
  const press = (keys: string) => {
    for (const listener of [...listeners]) listener(Buffer.from(keys, 'latin1'));
  };
  return { it, log, world, press };
}

describe('keys of a running command', () => {
  it('a key does its action in either case, and nothing when it is part of an arrow key', () => {
    const { it, press } = terminal();
    let pressed = 0;
    listenToKeys({ a: () => (pressed += 1) }, it);
    for (const keys of ['a', 'A', 'x', '\x1b[A', 'xa']) press(keys);
    expect(pressed).toBe(3);
  });

  it('from the first Ctrl-C on, the terminal handles Ctrl-C itself', () => {
    const { it, log, world, press } = terminal();
    listenToKeys({}, it);
    press('\x03');
    expect(log).toEqual(['reads', 'reads no more', 'SIGINT']);
    expect(world.isRaw).toBe(false);
    world.continued();
    expect(world.isRaw).toBe(false);
  });

  it('keys work again when a suspended command is back in the foreground, and not in the background', () => {
    const { it, log, world, press } = terminal();
    let pressed = 0;
    listenToKeys({ a: () => (pressed += 1) }, it);
    press('\x1a');
    expect(log.at(-1)).toBe('SIGTSTP');
    expect(world.isRaw).toBe(false);
    world.isOurs = false;
    world.continued();
    press('a');
    expect([world.isRaw, pressed]).toEqual([false, 0]);
    world.isOurs = true;
    world.continued();
    press('a');
    expect([world.isRaw, pressed]).toEqual([true, 1]);
  });

  it('the terminal is restored when the command ends, and is not touched in the background', () => {
    const { it, log, world } = terminal();
    const stop = listenToKeys({}, it);
    expect(world.isRaw).toBe(true);
    stop();
    expect(world.isRaw).toBe(false);
    world.isOurs = false;
    log.length = 0;
    listenToKeys({}, it)();
    expect(log).toEqual([]);
  });
});

it('a job is in the foreground when the terminal’s group is its own, for any process name', () => {
  expect(isForegroundIn('17 (a) b (c)) S 1 17 16 34816 17 4194304')).toBe(true);
  expect(isForegroundIn('17 (node) S 1 17 16 34816 16 4194304')).toBe(false);
  expect(isForegroundIn('17 (node) S 1 17 16 0 -1 4194304')).toBe(false);
});

describe('the key that asks for peers', () => {
  const tracker = (url: string, askedInSeconds?: number): TrackerStatus => ({
    ...{
      url,
      working: true,
      lastFailure: undefined,
      retryInSeconds: undefined,
      lastWarning: undefined,
      peers: 0,
      askedInSeconds,
    },
  });

  it('the announce key says that trackers are asked, or when the next one may be', () => {
    expect(announceWords([tracker('http://one/announce')])).toBe('Asking the trackers for peers.');
    const two = [tracker('http://one/announce', 25), tracker('http://two/announce', 90)];
    expect(announceWords(two)).toBe('one allows no earlier question: it is asked for peers in 25 s.');
    expect(announceWords([])).toMatch(/^No tracker/);
  });

  it('the hint about the announce key appears without peers, if a tracker can be asked', () => {
    const peer = {} as PeerStatus;
    const http = tracker('http://one/announce');
    expect(isKeyOfUse([{ peers: [], trackers: [http] }])).toBe(true);
    expect(isKeyOfUse([{ peers: [], trackers: [] }])).toBe(false);
    expect(isKeyOfUse([{ peers: [], trackers: [tracker('udp://two:1')] }])).toBe(false);
    expect(isKeyOfUse([{ peers: [peer], trackers: [http] }])).toBe(false);
    expect(isKeyOfUse([])).toBe(false);
  });

  it('the announce key does not say that a tracker forbids an announce after a failure', () => {
    const failed = { ...tracker('http://one/announce', 9), lastFailure: 'connection refused' };
    expect(announceWords([failed])).toBe('The last question to one failed: it is asked again in 9 s.');
  });

  it('the announce key asks and answers once a second, however long it is held down', () => {
    let nowMs = 5;
    let asked = 0;
    const said: string[] = [];
    const active = { announceNow: () => void (asked += 1) };
    const transfer = { run: { active, status: { trackers: [tracker('http://one/announce')] } } };
    const press = announceKey(
      () => [transfer],
      (words) => said.push(words),
      () => nowMs,
    );
    for (let i = 0; i < 30; i++) {
      press();
      nowMs += 33;
    }
    expect([asked, said.length]).toEqual([1, 1]);
    nowMs += 1_000;
    press();
    expect([asked, said.length]).toEqual([2, 2]);
  });
});
