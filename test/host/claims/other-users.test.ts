/**
 * Claims of several users of one machine. Only root can act for others; without it these tests are skipped.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { claimsOf } from '../../../client/host/claims/claim-keys.ts';
import { ClaimRegister } from '../../../client/host/claims/claim-register.ts';
import { Child } from '../../e2e/child.ts';
import { type MadeTorrent, temporaryFolder, torrentOf } from './meeting-torrents.ts';

const claimant = fileURLToPath(new URL('claimant.ts', import.meta.url));
const other = 4_321;

/** Like /tmp: each user may create a folder there, and none can remove another's. */
function openBase(): string {
  const base = temporaryFolder();
  chmodSync(base, 0o1777);
  return base;
}

function startedAs(userId: number, base: string, { torrent }: MadeTorrent, ...rounds: string[]): Child {
  const copy = join(base, `${userId}.torrent`);
  copyFileSync(torrent, copy);
  chmodSync(copy, 0o644);
  const user = ['setpriv', `--reuid=${userId}`, `--regid=${userId}`, '--clear-groups'];
  const words = [...user, process.execPath, claimant, base, copy, '/music', ...rounds];
  const child = new Child(words, { withChannel: true });
  onTestFinished(() => child.kill());
  return child;
}

const said = (child: Child) => child.line('said how it stands', (line) => line);

/** The first conflicting claim; undefined when it gets its paths. */
function met(base: string, { metainfo }: MadeTorrent, othersMayWrite: boolean) {
  const register = new ClaimRegister({ bases: [base], userId: 0 });
  const answer = register.take({
    claims: claimsOf({ metainfo, folder: '/music', kindOf: () => 'file' }),
    about: { name: metainfo.name, infoHash: 'aa', path: '/music' },
    othersMayWrite,
  });
  if ('length' in answer) return answer[0];
  answer.release();
  return undefined;
}

const twoSongs = async () =>
  [await torrentOf('a.flac', { '': [50_000, 1] }), await torrentOf('a.flac', { '': [50_000, 2] })] as const;

describe.runIf(process.getuid?.() === 0)('between users', () => {
  it('a path claimed by one user is refused to another, with the user’s name and no torrent', async () => {
    const base = openBase();
    const [a, b] = await twoSongs();
    const child = startedAs(other, base, a);
    expect(await said(child)).toBe('held');
    expect(met(base, b, true)).toMatchObject({ meeting: 'different', holder: { userId: other } });
    expect(met(base, b, true)?.holder.name).toBeUndefined();
    await child.kill();
    expect(met(base, b, true)).toBeUndefined();
  });

  it('claims of a user who cannot write in the folder do not count', async () => {
    const base = openBase();
    const [a, b] = await twoSongs();
    await said(startedAs(other, base, a));
    expect(met(base, b, false)).toBeUndefined();
  });

  it('a claim does not reveal its torrent to other users', async () => {
    const base = openBase();
    const [a] = await twoSongs();
    await said(startedAs(other, base, a));
    const folder = join(base, `cicada-claims-${other}`);
    const asThird = (file: string) => () =>
      execFileSync('setpriv', ['--reuid=4322', '--regid=4322', '--clear-groups', 'cat', join(folder, file)], {
        stdio: 'pipe',
      }).toString();
    const names = readdirSync(folder);
    expect(asThird(names.find((name) => name.endsWith('.about'))!)).toThrow(/Permission denied/);
    const claims = asThird(names.find((name) => name.endsWith('.claims'))!)();
    for (const secret of ['a.flac', '/music', a.metainfo.infoHash.toString()]) {
      expect(claims).not.toContain(secret);
    }
  });

  it('two users that claim at the same moment never both get the path', async () => {
    const base = openBase();
    const both = (await twoSongs()).map((song, i) => startedAs(other + i, base, song, '20'));
    for (const child of both) expect(await said(child)).toBe('ready');
    for (const child of both) child.send(Date.now() + 300);
    const answers = await Promise.all(
      both.map(async (child) => {
        await child.line('asked twenty times', () => child.lines.length > 20 || undefined);
        return child.lines.slice(1);
      }),
    );
    for (let i = 0; i < 20; i++) {
      const round = answers.map((lines) => lines[i]);
      expect(round.filter((answer) => answer === 'held').length, `round ${i}: ${round}`).toBeLessThan(2);
      expect(round.filter((answer) => !['held', 'different'].includes(answer ?? ''))).toEqual([]);
    }
  });

  it('what a hostile user writes in a folder of claims neither counts nor hinders', async () => {
    const base = openBase();
    const [a, b] = await twoSongs();
    const child = startedAs(other, base, a);
    await said(child);
    const folder = join(base, `cicada-claims-${other}`);
    const names = readdirSync(folder);
    const claims = names.find((name) => name.endsWith('.claims'))!;
    // A life file that is a database full of another user's claims; one that is a pipe; claims that never end
    // or lead away.
    const put = (life: string, make: (at: string) => void) => {
      make(join(folder, life));
      return life.slice(0, 16);
    };
    for (const [i, make] of [
      (at: string) => writeFileSync(at, 'SQLite format 3\0'.padEnd(4096)),
      (at: string) => void execFileSync('mkfifo', [at]),
      (at: string) => symlinkSync('/etc/passwd', at),
      (at: string) => mkdirSync(at),
    ].entries()) {
      const life = put(`${`${i}`.repeat(16)}.life`, make);
      copyFileSync(join(folder, claims), join(folder, `${life}-1.claims`));
    }
    const life = claims.slice(0, 16);
    execFileSync('mkfifo', [join(folder, `${life}-2.claims`)]);
    symlinkSync('/dev/zero', join(folder, `${life}-3.claims`));
    writeFileSync(join(folder, `${life}-4.claims`), '');
    truncateSync(join(folder, `${life}-4.claims`), 2 ** 40);
    writeFileSync(join(folder, `${life}-5.claims`), 'nonsense'.repeat(1000));
    for (const name of readdirSync(folder)) {
      if (!name.includes('-3.') && !name.startsWith('2')) chownSync(join(folder, name), other, other);
    }
    expect(met(base, b, true)).toMatchObject({ meeting: 'different', holder: { userId: other } });
    await child.kill();
    expect(met(base, b, true)).toBeUndefined();
  });
});
