/**
 * A whole tracker is killed repeatedly while users publish and chat. It keeps what it has acknowledged,
 * followers are notified, and peers are listed again after their next announce.
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
 * How much longer a start takes than with an empty data folder, until announces and the catalogue are served.
 * The start itself depends on the machine.
 */
const putBackMsMax = 2_000;
const underLoadMsMax = 400;
/** Sixty starts of one to three seconds, and as much time between them. Doubled for a slow machine. */
const timeoutMs = 10 * 60_000;

/** Node's default place for compiled modules. It halves the time of a start. */
const compiled = join(tmpdir(), 'node-compile-cache');

const program = fileURLToPath(new URL('./tracker-under-load.ts', import.meta.url));

large('kill -9 of the tracker', () => {
  it('after fifty kills under load, nothing acknowledged is lost, and the tracker recovers within two seconds', {
    timeout: timeoutMs,
  }, async () => {
    using temporary = new TemporaryFolder();
    const folder = temporary.in('data');
    const path = join(folder, 'tracker.db');
    const random = new Prng(process.pid);
    /** Everything that was ever acknowledged, and how much of it earlier runs have checked. */
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
      // Every fifth time it is also killed while it recovers from the kill before.
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
      // The last run checks everything, the others what is new.
      const ledger = ledgerFrom(isLast ? { messages: 0, releases: 0 } : checked);
      checked = { messages: messages.length, releases: releaseIds.length };
      child.send({ check: ledger } satisfies ToChild);
      expect((await answers('missing')).missing, `after kill ${kill - 1}`).toEqual([]);
      // Reads the database while the tracker runs, so that the tracker has recovered the log and not this
      // connection.
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
    // The slowest start may be slow because of other work of the machine.
    expect(median - bare).toBeLessThan(putBackMsMax);
  });
});

function medianOf(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[values.length >> 1]!);
}

/** The next message with this field. `hear` gets every message, earlier ones too. */
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
  // Messages sent before the kill still arrive, and `close` comes after them.
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
