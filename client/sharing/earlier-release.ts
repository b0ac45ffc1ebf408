/**
 * Finds the user's own release at a tracker that a torrent belongs to: a release with this very torrent, or
 * one with the same music in a folder of another name, found by the pieces roots of its files. A pieces root
 * depends on a file's bytes alone: renamed folders and files, another piece length or other torrent fields do
 * not change it.                                                                                       BEP 52
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

/** Pages of the user's own releases that are searched for this torrent when the local record is lost. */
const ownPagesMax = 40;
/** Files whose roots are looked up. A release that has none of them hardly has half of the music. */
const probesMax = 3;
/** Releases per root that are compared in full. */
const candidatesMax = 5;
const releasePage = shapes.page(releaseShapes.release);

/**
 * Whether a release is shared from another folder that still exists. If so, this folder is a copy of that
 * one.
 */
export type IsElsewhere = (releaseId: string) => Promise<boolean>;

/** The tracker's records outlive the local ones, so a torrent that is published again stays one release. */
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

/** Requires at least half of the bytes of both: a sampler of four albums does not match any of the four. */
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

/** Pieces root → bytes. */
function musicOf({ files, name }: Metainfo): ReadonlyMap<string, number> {
  const music = files.filter(({ isPad, components }) => !isPad && isAudio(components.at(-1) ?? name));
  return new Map(
    music.flatMap(({ piecesRoot, bytes }) =>
      piecesRoot === undefined ? [] : [[Buffer.from(piecesRoot).toString('hex'), bytes] as const],
    ),
  );
}

/** Looks up the largest files, because a jingle may be in many releases. */
async function candidates(
  account: TrackerAccount,
  name: string,
  music: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  const found = new Set<string>();
  const largest = [...music].sort(([, a], [, b]) => b - a).slice(0, probesMax);
  for (const [root] of largest) {
    // A tracker that does not support `root` lists the newest releases. They are compared like all others.
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

/**
 * Undefined: the release does not exist, or the user may not see it. A release of the user's own that was
 * taken down is returned with `takenDown`.
 */
export async function releaseAt(account: TrackerAccount, id: string): Promise<ReleaseDetail | undefined> {
  try {
    return await account.call({ path: apiPath`/releases/${id}`, answer: releaseShapes.releaseDetail });
  } catch (error) {
    if (error instanceof TrackerError && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** Whether the release's current version is this torrent. */
export function isOf(
  release: { readonly infoHash?: string; readonly infoHashV2?: string },
  { format, infoHash, infoHashV2 }: Pick<Metainfo, 'format' | 'infoHash' | 'infoHashV2'>,
): boolean {
  const v1 = format === 'v2' ? undefined : hex(infoHash);
  const v2 = infoHashV2 && hex(infoHashV2);
  return release.infoHash === v1 && release.infoHashV2 === v2;
}
