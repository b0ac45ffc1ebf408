import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { claimsIn, type Meeting, mayMeet, meetings } from '../../../client/host/claims/claim.ts';
import { packClaims, unpackClaims } from '../../../client/host/claims/claim-bytes.ts';
import { claimsOf } from '../../../client/host/claims/claim-keys.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { type Files, type Format, torrentOf as sourceOf, temporaryFolder } from './meeting-torrents.ts';

const torrentOf = async (name: string, files: Files, format: Format = 'v1') =>
  (await sourceOf(name, files, format)).metainfo;

const claims = (metainfo: Metainfo, folder: string, kind: 'file' | 'replace' = 'file') =>
  claimsOf({ metainfo, folder, kindOf: () => kind });

/** The gravest conflict, with the path below the folder. */
function meetingOf(
  a: ReturnType<typeof claims>,
  b: ReturnType<typeof claims>,
  isThere = false,
): Meeting | undefined {
  if (!mayMeet(a, b)) return undefined;
  return meetings(a, b, () => isThere)[0]?.meeting;
}

it.each<Format>(['v1', 'v2', 'hybrid'])(
  'files of the same length with other bytes are known to differ before either is on the disk (%s)',
  async (format) => {
    const [a, b] = await Promise.all([
      torrentOf('a.flac', { '': [100_000, 1] }, format),
      torrentOf('a.flac', { '': [100_000, 2] }, format),
    ]);
    expect(meetingOf(claims(a, '/music'), claims(b, '/music'))).toBe('different');
    expect(meetingOf(claims(a, '/music'), claims(b, '/music'), true)).toBe('different');
    expect(meetingOf(claims(a, '/music'), claims(b, '/other'))).toBeUndefined();
  },
);

it('a file shared by two torrents is waited for, and only read once it is complete', async () => {
  const [a, b] = await Promise.all([
    torrentOf('Album', { 'cover.jpg': [70_000, 9], '1.flac': [100_000, 1] }, 'hybrid'),
    torrentOf('Album', { 'cover.jpg': [70_000, 9], '2.flac': [100_000, 2] }, 'hybrid'),
  ]);
  const met = meetings(claims(a, '/music'), claims(b, '/music'), () => false);
  expect(met.map(({ meeting, claim }) => [meeting, claim.kind, join(...claim.place)])).toEqual([
    ['busy', 'file', '/music/Album/cover.jpg'],
    ['busy', 'part', '/music/Album/cover.jpg.part'],
  ]);
  expect(meetings(claims(a, '/music'), claims(b, '/music'), () => true)).toEqual([]);
});

it('files of v1 torrents with different piece layouts are known to differ only by their length', async () => {
  const [a, b, c] = await Promise.all([
    torrentOf('Album', { '1.flac': [10, 1], 'cover.jpg': [70_000, 9] }),
    torrentOf('Album', { '1.flac': [20, 1], 'cover.jpg': [70_000, 8] }),
    torrentOf('Album', { '0.flac': [20, 1], 'cover.jpg': [70_001, 8] }),
  ]);
  const only = (metainfo: Metainfo) =>
    claimsOf({
      metainfo,
      folder: '/m',
      kindOf: ({ bytes }) => (bytes > 1000 ? 'file' : undefined),
    });
  expect(meetingOf(only(a), only(b))).toBe('busy');
  expect(meetingOf(only(a), only(c))).toBe('different');
});

it.each([
  ['case', 'Cover.JPG', 'cover.jpg'],
  ['composition', 'Caf\u00e9.flac', 'Cafe\u0301.flac'],
  ['case of other scripts', 'ПЕСНЯ.flac', 'песня.flac'],
])('names that differ in %s only are one name', async (_, one, other) => {
  const [a, b] = await Promise.all([
    torrentOf('Album', { [one]: [50_000, 1] }, 'v2'),
    torrentOf('ALBUM', { [other]: [50_000, 2] }, 'v2'),
  ]);
  expect(meetingOf(claims(a, '/Music'), claims(b, '/music'))).toBe('different');
});

it('links in the chosen folder’s path are followed', async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'music'));
  symlinkSync('music', join(root, 'link'));
  const [a, b] = await Promise.all([
    torrentOf('a.flac', { '': [50_000, 1] }),
    torrentOf('a.flac', { '': [50_000, 2] }),
  ]);
  const [through, direct] = [claims(a, join(root, 'link', 'new', 'x')), claims(b, join(root, 'music/new/x'))];
  expect(meetingOf(through, direct)).toBe('different');
  expect(join(...through.top[0]!.place)).toBe(join(root, 'link/new/x/a.flac'));
});

it.each<[string, Files, string, Files, string]>([
  ['the part of the other', { '': [100, 1] }, 'a.flac', { '': [100, 1] }, 'a.flac.part'],
  ['a folder of the other', { '': [100, 1] }, 'Album', { 'a.flac': [100, 1] }, 'Album'],
  ['a folder above the other', { '': [100, 1] }, 'below', { 'a.flac': [100, 1] }, 'Album'],
])('a file that is %s is refused, in both orders', async (_, one, oneName, two, twoName) => {
  const [a, b] = await Promise.all([torrentOf(oneName, one), torrentOf(twoName, two)]);
  const folder = oneName === 'below' ? '/music/below' : '/music';
  expect(meetingOf(claims(a, '/music'), claims(b, folder), true)).toBe('exclusive');
  expect(meetingOf(claims(b, folder), claims(a, '/music'), true)).toBe('exclusive');
});

it('a torrent placed inside the folder of another conflicts with it file by file', async () => {
  const [a, b, c] = await Promise.all([
    torrentOf('Box', { 'CD1/1.flac': [50_000, 1], 'CD2/1.flac': [50_000, 2] }),
    torrentOf('CD1', { '1.flac': [50_000, 3] }),
    torrentOf('CD1', { '2.flac': [50_000, 3] }),
  ]);
  expect(meetingOf(claims(a, '/m'), claims(b, '/m/Box'))).toBe('different');
  expect(meetingOf(claims(b, '/m/Box'), claims(a, '/m'))).toBe('different');
  expect(meetingOf(claims(a, '/m'), claims(c, '/m/Box'))).toBeUndefined();
});

it('the same torrent is recognized in the same place only', async () => {
  const a = await torrentOf('Album', { '1.flac': [50_000, 1] });
  expect(meetingOf(claims(a, '/m'), claims(a, '/m'), true)).toBe('same');
  expect(meetingOf(claims(a, '/m'), claims(a, '/n'), true)).toBeUndefined();
});

it('a file that a new version replaces is not shared', async () => {
  const [a, b] = await Promise.all([
    torrentOf('Album', { '1.flac': [50_000, 1] }, 'v2'),
    torrentOf('Album', { '1.flac': [50_000, 1], '2.flac': [50_000, 2] }, 'v2'),
  ]);
  expect(meetingOf(claims(a, '/m', 'replace'), claims(b, '/m'), true)).toBe('busy');
  expect(meetingOf(claims(b, '/m'), claims(a, '/m', 'replace'), true)).toBe('busy');
  expect(meetingOf(claims(b, '/m'), claims(a, '/m'), true)).toBeUndefined();
});

it('encoded claims decode to the same claims, and random bytes do no harm', async () => {
  const metainfo = await torrentOf('Album', { '1.flac': [50_000, 1], 'é/2.flac': [0, 2] }, 'hybrid');
  const set = claims(metainfo, '/music');
  const packed = packClaims(set);
  const plain = [...claimsIn(set)].map(({ key, kind, bytes, root, print }) => {
    return { key, kind, bytes, root, print };
  });
  expect([...claimsIn(unpackClaims(packed, 'all')!)]).toEqual(plain);
  expect(unpackClaims(packed, 'front')).toMatchObject({ top: [{ kind: 'folder' }], below: [] });
  for (let bytes = 0; bytes < packed.length; bytes++) unpackClaims(packed.subarray(0, bytes), 'all');
  for (let at = 0; at < packed.length; at++) {
    const broken = Buffer.from(packed);
    broken[at] = 0xff;
    unpackClaims(broken, 'all');
    unpackClaims(broken, 'front');
  }
});

it('claims of a hundred thousand files take time proportional to their number', async () => {
  const small = await torrentOf('Album', { '1.flac': [50_000, 1] });
  const files = Array.from({ length: 100_000 }, (_, index) => {
    const name = `Track Númber ${index}.flac`;
    const components = [`CD ${index % 50}`, name];
    return { ...small.files[0]!, index, components, diskPath: ['Album', ...components] };
  });
  const layout = {
    ...{ isSingleFile: false, rootName: 'Album', totalBytes: 50_000 },
    partPath: (index: number) => files[index]!.diskPath.with(-1, `${files[index]!.components[1]}.part`),
  };
  const large = { ...small, files, layout: layout as unknown as Metainfo['layout'] };
  const before = process.cpuUsage();
  const set = claims(large, '/music');
  packClaims(set);
  // Takes 0.4 s, and 2 s on a slow, busy machine. Quadratic time would be minutes.
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(20);
  expect(set.below.length).toBeGreaterThan(200_000);
});
