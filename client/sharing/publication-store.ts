/**
 * As which release each shared folder is published at which tracker, between two runs.
 *
 * Invariant: a record that cannot be read counts as none: the tracker knows its releases by their torrents as well.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { readPrivate, writePrivate } from '../account/private-file.ts';
import type { AccessBody } from './publishing.ts';

export interface PublicationRecord {
  readonly releaseId: string;
  /** As it was asked for: a restricted folder stays restricted when nobody says otherwise. */
  readonly access: AccessBody;
}

const visibilities = ['everyone', 'members', 'group', 'people', 'nobody'];

/** `folder`: where it really lies. `tracker`: its base URL. */
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
 * Whether a release is published from a folder that is still there, other than this one. `folder`: undefined when it is
 * published from none.
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
      // Of a record that cannot be read, and a folder that is gone, nothing follows.
    }
  }
  return false;
}

function fileOf(stateFolder: string, tracker: string, folder: string): string {
  const name = createHash('sha256').update(`${tracker}\n${folder}`).digest('hex').slice(0, 32);
  return path.join(stateFolder, 'published', `${name}.json`);
}
