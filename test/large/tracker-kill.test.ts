/**
 * A whole tracker that is killed again and again while people publish and talk: what it acknowledged, it keeps, whoever
 * follows is told of it, and peers are back with their next announce.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Prng } from '../../client/engine/prng.ts';
import { TemporaryFolder } from '../e2e/shared-folder.ts';
import { large } from './large.ts';
import type { FromChild, Ledger, People, ToChild } from './tracker-under-load.ts';

const kills = 50;
/**
 * From the start of the program to the moment at which it answers announces and has its catalogue: so much more than where
 * there is nothing to put back. How long that takes is the machine's affair.
 */
const putBackMsMax = 2_000;
const underLoadMsMax = 400;
/** Sixty starts of the program, each one to three seconds, and as much between them: twice that on a slow machine. */
const timeoutMs = 10 * 60_000;

/** Where Node keeps compiled modules unless it is told otherwise: the program starts in half the time. */
const compiled = join(tmpdir(), 'node-compile-cache');

const program = fileURLToPath(new URL('./tracker-under-load.ts', import.meta.url));

large('kill -9 of the tracker', () => {
  it('fifty times under load: nothing acknowledged is lost, and all is back in two seconds', {
    timeout: timeoutMs,
  }, async () => {
    using temporary = new TemporaryFolder();
    const folder = temporary.in('data');
    const path = join(folder, 'tracker.db');
    const random = new Prng(process.pid);
    /** Everything that was ever acknowledged, and how much of it the runs before the last one were asked for. */
    const messages: (readonly [string, string])[] = [];
    const releaseIds: string[] = [];
    const feedKeys: string[] = [];
    let people: People | undefined;
    let checked = { messages: 0, releases: 0 };
    const startsMs: number[] = [];

    const start = (at = folder) => {
      const sessions = people === undefined ? [] : [people.publisher, people.follower];
      return fork(program, [at, ...sessions], {
        stdio: 'inherit',
        env: { NODE_COMPILE_CACHE: compiled, ...process.env },
      });
    };
    const ledgerFrom = (from: typeof checked): Ledger => ({
      messages: messages.slice(from.messages),
      releaseIds: releaseIds.slice(from.releases),
      feedKeys,
    });

    const bareMs: number[] = [];
    for (const name of ['first', 'second', 'third']) {
      const startedMs = performance.now();
      const child = start(temporary.in(name));
      await listen(child, () => {})('ready');
      bareMs.push(performance.now() - startedMs);
      await end(child, 0);
    }

    for (let kill = 1; kill <= kills + 1; kill++) {
      // Now and then it is killed while it puts back what the kill before has left.
      if (kill % 5 === 0) await end(start(), random.below(200));
      const startedMs = performance.now();
      const child = start();
      const answers = listen(child, (message) => {
        if ('said' in message) messages.push(message.said);
        if ('published' in message) releaseIds.push(message.published);
        if ('feedKey' in message) feedKeys.push(message.feedKey);
      });
      people = (await answers('ready')).ready;
      startsMs.push(performance.now() - startedMs);
      const isLast = kill > kills;
      // The last time everything, before that what came since.
      const ledger = ledgerFrom(isLast ? { messages: 0, releases: 0 } : checked);
      checked = { messages: messages.length, releases: releaseIds.length };
      child.send({ check: ledger } satisfies ToChild);
      expect((await answers('missing')).missing, `after kill ${kill - 1}`).toEqual([]);
      // Beside the program, which has put back what the log held: nothing of that may be left to us.
      expect(integrityOf(path), `after kill ${kill - 1}`).toEqual(['ok']);
      await answers('published');
      await end(child, random.below(underLoadMsMax));
    }
    const bare = medianOf(bareMs);
    const median = medianOf(startsMs);
    const slowest = Math.round(Math.max(...startsMs));
    console.log(
      `${kills} kills: ${messages.length} messages and ${releaseIds.length} releases kept, ` +
        `back in ${median} ms (median), ${slowest} ms (slowest), ${bare} ms where nothing is there`,
    );
    expect(messages.length).toBeGreaterThan(kills);
    expect(releaseIds.length).toBeGreaterThan(kills);
    // The slowest tells of the machine's other work as well.
    expect(median - bare).toBeLessThan(putBackMsMax);
  });
});

function medianOf(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[values.length >> 1]!);
}

/** The next message that has this field. What was said before it was heard, too. */
type Answers = <Name extends string>(field: Name) => Promise<Extract<FromChild, Record<Name, unknown>>>;

function listen(child: ChildProcess, hear: (message: FromChild) => void): Answers {
  child.on('message', (message) => hear(message as FromChild));
  return (field) =>
    new Promise((resolve, reject) => {
      child.once('exit', (code, signal) => reject(new Error(`it ended by itself: ${code ?? signal}`)));
      child.on('message', (message) => {
        if (field in (message as FromChild)) resolve(message as never);
      });
    });
}

async function end(child: ChildProcess, afterMs: number): Promise<void> {
  // What it has sent before its end still arrives, and `close` comes after it.
  const closed = once(child, 'close');
  await sleep(afterMs);
  child.kill('SIGKILL');
  await closed;
}

function integrityOf(path: string): string[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db
      .prepare('PRAGMA integrity_check')
      .all()
      .map((row) => String(row.integrity_check));
  } finally {
    db.close();
  }
}
