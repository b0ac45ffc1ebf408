/** Makes folders for one test, and removes them after it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Bytes that look random and are the same in every run. */
export function noise(bytes: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(bytes / 4));
  let state = seed >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, bytes);
}

/**
 * Writes files, given by path, into a new folder with this name, and returns the path of the folder. A number
 * as content is a size.
 */
export function makeFolder(name: string, files: Record<string, Uint8Array | string | number>): string {
  const parent = mkdtempSync(join(tmpdir(), 'cicada-torrents-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true });
  let seed = 1;
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, typeof content === 'number' ? noise(content, seed++) : content);
  }
  return folder;
}
