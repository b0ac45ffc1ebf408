/**
 * The session tokens that trackers have issued to this client. One file per tracker, so that two processes
 * that sign in at the same time do not overwrite each other's token.
 *
 * Invariant: only the owner can read the files. A token is sent only to the tracker that issued it (same
 * scheme, host and port).
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { damaged, readPrivate, writePrivate } from './private-file.ts';

export interface TrackerSession {
  /** The account's name. */
  readonly name: string;
  readonly token: string;
}

const fieldCharsMax = 512;

/** `trackerUrl`: any address of the tracker. Undefined when there is no session with it. */
export async function loadSession(
  stateFolder: string,
  trackerUrl: string,
): Promise<TrackerSession | undefined> {
  const origin = originOf(trackerUrl);
  const file = fileOf(stateFolder, origin);
  const text = await readPrivate(file);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(file, error);
  }
  // Files of earlier versions also hold a passkey. Passkeys now come with each release.
  const { name, token, tracker } = (value ?? {}) as Record<string, unknown>;
  if (tracker !== origin || !isField(name) || !isField(token)) throw damaged(file);
  return { name, token };
}

/** Replaces the earlier session. */
export async function saveSession(
  stateFolder: string,
  trackerUrl: string,
  { name, token }: TrackerSession,
): Promise<void> {
  const origin = originOf(trackerUrl);
  const text = `${JSON.stringify({ tracker: origin, name, token })}\n`;
  await writePrivate(fileOf(stateFolder, origin), text, { replace: true });
}

export async function forgetSession(stateFolder: string, trackerUrl: string): Promise<void> {
  await fs.rm(fileOf(stateFolder, originOf(trackerUrl)), { force: true });
}

function originOf(trackerUrl: string): string {
  const { protocol, host } = new URL(trackerUrl);
  return `${protocol}//${host}`;
}

function fileOf(stateFolder: string, origin: string): string {
  const name = createHash('sha256').update(origin).digest('hex').slice(0, 32);
  return path.join(stateFolder, 'sessions', `${name}.json`);
}

function isField(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= fieldCharsMax;
}
