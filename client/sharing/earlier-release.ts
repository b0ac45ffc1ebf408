/**
 * As which release of ours a tracker has a torrent already: this very one, or the same music in a folder of another name,
 * known by its v2 roots. A root is that of a file's bytes alone: a new name of folder and files, another piece length or
 * other tags of the torrent change nothing.
 */
import type { Static } from 'typebox';
import { hex } from '../../torrents/byte-text.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { isAudio } from '../../torrents/tags/audio/audio-formats.ts';
import * as shapes from '../../tracker/protocol/api/api-shapes.ts';
import * as releaseShapes from '../../tracker/protocol/api/release-shapes.ts';
import type { TrackerAccount } from '../account/account.ts';
import { apiPath } from '../account/tracker-client.ts';
import { TrackerError } from '../account/tracker-error.ts';

export type ReleaseDetail = Static<typeof releaseShapes.releaseDetail>;

/** Pages of one's own releases that are looked through for one whose record is lost. */
const ownPagesMax = 40;
/** Files that are asked for by their roots: where none of these is, a half is hardly there. */
const probesMax = 3;
/** Releases that one of them is in, and that are looked at whole. */
const candidatesMax = 5;
const releasePage = shapes.page(releaseShapes.release);

/** Whether a release is shared from another folder that is still there: then this one is a copy. */
export type IsElsewhere = (releaseId: string) => Promise<boolean>;

/** The tracker's records outlive ours: a torrent is one release, however often it is published. */
export async function earlierRelease(
  account: TrackerAccount,
  metainfo: Metainfo,
  isElsewhere: IsElsewhere,
): Promise<ReleaseDetail | undefined> {
  if (account.name === undefined) return undefined;
  return (
    (await sameTorrent(account, account.name, metainfo)) ??
    (await sameMusic(account, account.name, metainfo, isElsewhere))
  );
}

async function sameTorrent(
  account: TrackerAccount,
  name: string,
  metainfo: Metainfo,
): Promise<ReleaseDetail | undefined> {
  let after: string | undefined;
  for (let pages = 0; pages < ownPagesMax; pages++) {
    const path = apiPath`/accounts/${name}/releases`;
    const { rows, next } = await account.call({ path, query: { after, limit: 50 }, answer: releasePage });
    const found = rows.find((row) => isOf(row, metainfo));
    if (found !== undefined) return await releaseAt(account, found.id);
    if (next === undefined) return undefined;
    after = next;
  }
  return undefined;
}

/** At least half of the music of both: a sampler of four albums is none of them. */
async function sameMusic(
  account: TrackerAccount,
  name: string,
  metainfo: Metainfo,
  isElsewhere: IsElsewhere,
): Promise<ReleaseDetail | undefined> {
  const music = musicOf(metainfo);
  let best: { release: ReleaseDetail; bytes: number } | undefined;
  for (const id of await candidates(account, name, music)) {
    const release = await releaseAt(account, id);
    if (release === undefined || release.publisher !== name) continue;
    const tracks = new Map(release.tracks.map(({ piecesRoot, bytes }) => [piecesRoot, bytes]));
    const bytes = sum([...tracks].map(([root, size]) => (root !== undefined && music.has(root) ? size : 0)));
    const isHalf = bytes * 2 >= sum(music.values()) && bytes * 2 >= sum(tracks.values());
    if (bytes === 0 || !isHalf || bytes <= (best?.bytes ?? 0)) continue;
    if (!(await isElsewhere(release.id))) best = { release, bytes };
  }
  return best?.release;
}

/** Root → bytes. */
function musicOf({ files, name }: Metainfo): ReadonlyMap<string, number> {
  const music = files.filter(({ isPad, components }) => !isPad && isAudio(components.at(-1) ?? name));
  return new Map(
    music.flatMap(({ piecesRoot, bytes }) =>
      piecesRoot === undefined ? [] : [[Buffer.from(piecesRoot).toString('hex'), bytes] as const],
    ),
  );
}

/** Of the largest files, since a jingle may be everywhere. */
async function candidates(
  account: TrackerAccount,
  name: string,
  music: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  const found = new Set<string>();
  const largest = [...music].sort(([, a], [, b]) => b - a).slice(0, probesMax);
  for (const [root] of largest) {
    // A tracker that does not know of roots lists the newest ones, which are looked at like any others.
    const query = { root, limit: candidatesMax };
    const path = apiPath`/accounts/${name}/releases`;
    const { rows } = await account.call({ path, query, answer: releasePage });
    for (const { id } of rows) found.add(id);
  }
  return [...found].slice(0, probesMax * candidatesMax);
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

/** Undefined: it is not there, or not for us. One of ours that was taken down says so. */
export async function releaseAt(account: TrackerAccount, id: string): Promise<ReleaseDetail | undefined> {
  try {
    return await account.call({ path: apiPath`/releases/${id}`, answer: releaseShapes.releaseDetail });
  } catch (error) {
    if (error instanceof TrackerError && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** Whether its present version is this torrent. */
export function isOf(
  release: { readonly infoHash?: string; readonly infoHashV2?: string },
  { format, infoHash, infoHashV2 }: Pick<Metainfo, 'format' | 'infoHash' | 'infoHashV2'>,
): boolean {
  const v1 = format === 'v2' ? undefined : hex(infoHash);
  const v2 = infoHashV2 && hex(infoHashV2);
  return release.infoHash === v1 && release.infoHashV2 === v2;
}
