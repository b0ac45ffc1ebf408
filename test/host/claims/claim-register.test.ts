import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { claimsOf } from '../../../client/host/claims/claim-keys.ts';
import { ClaimRegister, type HeldClaims } from '../../../client/host/claims/claim-register.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { Child } from '../../e2e/child.ts';
import { temporaryFolder, torrentOf } from './meeting-torrents.ts';

const userId = process.getuid?.();
const claimant = fileURLToPath(new URL('claimant.ts', import.meta.url));

function requestOf(metainfo: Metainfo, folder: string, more: { othersMayWrite?: boolean } = {}) {
  const unguarded: unknown[] = [];
  const request = {
    claims: claimsOf({ metainfo, folder, kindOf: () => 'file' }),
    about: { name: metainfo.name, infoHash: Buffer.from(metainfo.infoHash).toString('hex'), path: folder },
    othersMayWrite: more.othersMayWrite ?? false,
    onUnguarded: (error: unknown) => unguarded.push(error),
  };
  return { request, unguarded };
}

/** Held claims, or the claim they met. */
function take(register: ClaimRegister, ...request: Parameters<typeof requestOf>) {
  const { request: asked, unguarded } = requestOf(...request);
  const answer = register.take(asked);
  expect(unguarded).toEqual([]);
  return 'length' in answer ? answer[0]! : answer;
}

function started(base: string, torrent: string, folder: string, ...rounds: string[]): Child {
  const words = [process.execPath, claimant, base, torrent, folder, ...rounds];
  const child = new Child(words, { withChannel: true });
  onTestFinished(() => child.kill());
  return child;
}

const said = (child: Child) => child.line('said how it stands', (line) => line);

async function twoSongs() {
  return [
    await torrentOf('a.flac', { '': [50_000, 1] }),
    await torrentOf('a.flac', { '': [50_000, 2] }),
  ] as const;
}

it('a claim of another process is refused with its name until it is given up, and then nothing is left', async () => {
  const base = temporaryFolder();
  const [a, b] = await twoSongs();
  const [one, other] = [0, 1].map(() => new ClaimRegister({ bases: [base], userId }));
  const held = take(one!, a.metainfo, '/music') as HeldClaims;
  expect(take(other!, b.metainfo, '/music')).toMatchObject({
    meeting: 'different',
    holder: { name: 'a.flac', path: '/music', processId: process.pid },
  });
  expect(other!.running()).toMatchObject([{ name: 'a.flac' }]);
  held.release();
  const again = take(other!, b.metainfo, '/music') as HeldClaims;
  again.release();
  expect(readdirSync(join(base, `cicada-claims-${userId}`))).toEqual(['guard']);
});

it('claims for which a place has no room are written to the next place, found there, and leave nothing in the first', async () => {
  const bases = [temporaryFolder(), temporaryFolder()];
  const inBase = (at: number) => readdirSync(join(bases[at]!, `cicada-claims-${userId}`));
  const [a, b] = await twoSongs();
  const small = await torrentOf('small.flac', { '': [50_000, 3] });
  let freeBytes = 1024 ** 3;
  const freeBytesIn = (base: string) => (base === bases[0] ? freeBytes : undefined);
  const place = { bases, userId, freeBytesIn };
  const [one, other] = [0, 1].map(() => new ClaimRegister(place));
  const first = take(one!, small.metainfo, '/music') as HeldClaims;
  expect(inBase(0)).toHaveLength(4);
  freeBytes = 100_000;
  const held = take(one!, a.metainfo, '/music') as HeldClaims;
  expect(inBase(0)).toEqual(['guard']);
  freeBytes = 1024 ** 3;
  const conflict = { meeting: 'different', holder: { name: 'a.flac', processId: process.pid } };
  expect(take(other!, b.metainfo, '/music')).toMatchObject(conflict);
  expect(take(other!, small.metainfo, '/music')).toMatchObject({ meeting: 'same' });
  expect(other!.running()).toHaveLength(2);
  held.release();
  (take(other!, b.metainfo, '/music') as HeldClaims).release();
  first.release();
  expect([inBase(0), inBase(1)]).toEqual([['guard'], ['guard']]);
});

it('a claim ends at once with kill -9 of its process, and so does what it had written', async () => {
  const base = temporaryFolder();
  const [a, b] = await twoSongs();
  const child = started(base, a.torrent, '/music');
  expect(await said(child)).toBe('held');
  const register = new ClaimRegister({ bases: [base], userId });
  expect(take(register, b.metainfo, '/music')).toMatchObject({
    meeting: 'different',
    holder: { processId: child.pid },
  });
  await child.kill();
  const held = take(register, b.metainfo, '/music') as HeldClaims;
  held.release();
  expect(readdirSync(join(base, `cicada-claims-${userId}`))).toEqual(['guard']);
});

it('a process number alone holds no claim, even if a process with that number runs', async () => {
  const base = temporaryFolder();
  const [a, b] = await twoSongs();
  const child = started(base, a.torrent, '/music');
  await said(child);
  await child.kill();
  const folder = join(base, `cicada-claims-${userId}`);
  const about = readdirSync(folder).find((name) => name.endsWith('.about'))!;
  writeFileSync(join(folder, about), JSON.stringify({ name: 'a.flac', processId: process.pid }));
  (take(new ClaimRegister({ bases: [base], userId }), b.metainfo, '/music') as HeldClaims).release();
});

it('exactly one of two processes that claim at the same moment gets the path, in twenty rounds', async () => {
  const base = temporaryFolder();
  const both = (await twoSongs()).map(({ torrent }) => started(base, torrent, '/music', '20'));
  for (const child of both) expect(await said(child)).toBe('ready');
  for (const child of both) child.send(Date.now() + 200);
  const answers = await Promise.all(
    both.map(async (child) => {
      await child.line('asked twenty times', () => child.lines.length > 20 || undefined);
      return child.lines.slice(1);
    }),
  );
  for (let i = 0; i < 20; i++) {
    expect(answers.map((lines) => lines[i]).sort(), `round ${i}`).toEqual(['different', 'held']);
  }
});

it('a claim gets all paths of a torrent or none', async () => {
  const base = temporaryFolder();
  const register = new ClaimRegister({ bases: [base], userId });
  const cover = [70_000, 9] as const;
  const a = await torrentOf('Album', { 'cover.jpg': cover }, 'hybrid');
  const b = await torrentOf('Album', { 'cover.jpg': cover, '1.flac': [50_000, 1] }, 'hybrid');
  const c = await torrentOf('Album', { '1.flac': [50_000, 2] }, 'hybrid');
  const held = take(register, a.metainfo, '/music') as HeldClaims;
  expect(take(register, b.metainfo, '/music')).toMatchObject({ meeting: 'busy' });
  // It waits for the cover and has not claimed its song.
  (take(register, c.metainfo, '/music') as HeldClaims).release();
  held.release();
  (take(register, b.metainfo, '/music') as HeldClaims).release();
});

it('a claim can grow and shrink, and is unchanged when it cannot grow', async () => {
  const base = temporaryFolder();
  const [one, other] = [0, 1].map(() => new ClaimRegister({ bases: [base], userId }));
  const a = await torrentOf('Album', { '1.flac': [50_000, 1], '2.flac': [50_000, 2] }, 'v2');
  const b = await torrentOf('Album', { '2.flac': [50_000, 3] }, 'v2');
  const only = (name: string) => ({
    ...requestOf(a.metainfo, '/music').request,
    claims: claimsOf({
      metainfo: a.metainfo,
      folder: '/music',
      kindOf: ({ components }) => (components[0] === name ? 'file' : undefined),
    }),
  });
  const first = one!.take(only('1.flac')) as HeldClaims;
  const second = take(other!, b.metainfo, '/music') as HeldClaims;
  expect(first.change(requestOf(a.metainfo, '/music').request)[0]).toMatchObject({ meeting: 'different' });
  second.release();
  expect(first.change(requestOf(a.metainfo, '/music').request)).toEqual([]);
  expect(take(other!, b.metainfo, '/music')).toMatchObject({ meeting: 'different' });
  expect(first.change(only('1.flac'))).toEqual([]);
  (take(other!, b.metainfo, '/music') as HeldClaims).release();
  first.release();
});

it('a deleted folder of claims is written again with all held claims', async () => {
  const base = temporaryFolder();
  const [a, b] = await twoSongs();
  const [one, other] = [0, 1].map(() => new ClaimRegister({ bases: [base], userId }));
  take(one!, a.metainfo, '/music');
  rmSync(join(base, `cicada-claims-${userId}`), { recursive: true });
  take(one!, a.metainfo, '/elsewhere');
  expect(take(other!, b.metainfo, '/music')).toMatchObject({ meeting: 'different' });
});

it.each<readonly [string, (folder: string) => void]>([
  ['a link', (folder) => symlinkSync('elsewhere', folder)],
  ['a file', (folder) => writeFileSync(folder, '')],
  ['a folder in which others may write', (folder) => chmodSync(mkdirOf(folder), 0o777)],
  // Only root can make one.
  ...(userId === 0 ? [['a folder of another user', foreignFolder] as const] : []),
])('%s in the place of the folder of claims is not used: the next place is', async (_, put) => {
  const [base, next] = [temporaryFolder(), temporaryFolder()];
  mkdirSync(join(base, 'elsewhere'));
  put(join(base, `cicada-claims-${userId}`));
  const [a, b] = await twoSongs();
  const [one, other] = [0, 1].map(() => new ClaimRegister({ bases: [base, next], userId }));
  const held = take(one!, a.metainfo, '/music') as HeldClaims;
  expect(take(other!, b.metainfo, '/music')).toMatchObject({ meeting: 'different' });
  expect(readdirSync(next)).toEqual([`cicada-claims-${userId}`]);
  expect(readdirSync(join(base, 'elsewhere'))).toEqual([]);
  held.release();
});

it('claims without a writable place cause a notice and hold within their process', async () => {
  const [a, b] = await twoSongs();
  const register = new ClaimRegister({ bases: ['/proc/nowhere', '/dev/null'], userId });
  const { request, unguarded } = requestOf(a.metainfo, '/music');
  const held = register.take(request) as HeldClaims;
  expect(unguarded).toHaveLength(1);
  expect(take(register, b.metainfo, '/music')).toMatchObject({ meeting: 'different' });
  held.release();
  expect('length' in register.take(requestOf(b.metainfo, '/music').request)).toBe(false);
});

function foreignFolder(folder: string): void {
  chownSync(mkdirOf(folder), 1234, 1234);
}

function mkdirOf(folder: string): string {
  mkdirSync(folder);
  return folder;
}
