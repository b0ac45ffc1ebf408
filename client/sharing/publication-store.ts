/**
 * Remembers, between runs, as which release each shared folder is published at which tracker.
 *
 * Invariant: an unreadable record is ignored, because the release can also be found at the tracker by its
 * torrent.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { readPrivate, writePrivate } from '../account/private-file.ts';
import type { AccessBody } from './publishing.ts';

export interface PublicationRecord {
  readonly releaseId: string;
  /**
   * The access that the user asked for. A restricted folder stays restricted unless the user changes that.
   */
  readonly access: AccessBody;
}

const visibilities = ['everyone', 'members', 'group', 'people', 'nobody'];

/** `folder`: its real path, links resolved. `tracker`: its base URL. */
export async function loadPublication(
  stateFolder: string,
  tracker: string,
  folder: string,
): Promise<PublicationRecord | undefined> {
  try {
    const text = await readPrivate(fileOf(stateFolder, tracker, folder));
    if (text === undefined) return undefined;
    const { releaseId, access } = JSON.parse(text) as PublicationRecord;
    const isKnown = visibilities.includes(access.visibility) && /^[a-z2-7]{26}$/.test(releaseId);
    return isKnown ? { releaseId, access } : undefined;
  } catch {
    return undefined;
  }
}

export async function savePublication(
  stateFolder: string,
  tracker: string,
  folder: string,
  record: PublicationRecord,
): Promise<void> {
  const text = `${JSON.stringify({ tracker, folder, ...record })}\n`;
  await writePrivate(fileOf(stateFolder, tracker, folder), text, { replace: true });
}

/**
 * Whether a release is published from another folder than this one that still exists. `folder`: undefined to
 * check all folders.
 */
export async function isPublishedElsewhere(
  stateFolder: string,
  tracker: string,
  folder: string | undefined,
  releaseId: string,
): Promise<boolean> {
  const names = await fs.readdir(path.join(stateFolder, 'published')).catch(() => []);
  for (const name of names) {
    try {
      const text = await readPrivate(path.join(stateFolder, 'published', name));
      const record = JSON.parse(text ?? '{}') as Record<string, unknown>;
      if (record.releaseId !== releaseId || record.tracker !== tracker || record.folder === folder) continue;
      if ((await fs.stat(String(record.folder))).isDirectory()) return true;
    } catch {
      // An unreadable record or a missing folder is skipped.
    }
  }
  return false;
}

function fileOf(stateFolder: string, tracker: string, folder: string): string {
  const name = createHash('sha256').update(`${tracker}\n${folder}`).digest('hex').slice(0, 32);
  return path.join(stateFolder, 'published', `${name}.json`);
}
