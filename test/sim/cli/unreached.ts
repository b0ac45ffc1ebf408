/**
 * Branches that drawn seeds do not reach, and why that is right. One that can be drawn does not belong here. The lists lie in
 * test/sim/cli/unreached, a file for each area; unreached.test.ts keeps them true.
 */
import { contentUnreached } from './unreached/content.ts';
import { engineUnreached } from './unreached/engine.ts';
import type { Unreached } from './unreached/entry.ts';
import { fetchingUnreached } from './unreached/fetching.ts';
import { hostUnreached } from './unreached/host.ts';
import { storageUnreached } from './unreached/storage.ts';
import { torrentsUnreached } from './unreached/torrents.ts';
import { trackerUnreached } from './unreached/tracker.ts';

export const unreached: readonly Unreached[] = [
  ...contentUnreached,
  ...engineUnreached,
  ...fetchingUnreached,
  ...hostUnreached,
  ...storageUnreached,
  ...torrentsUnreached,
  ...trackerUnreached,
];

const byFile = new Map(unreached.map(({ file, branches }) => [file, Object.keys(branches)]));

/** `text`: the code of a branch, and what stands before it. */
export function explains(file: string, text: string): boolean {
  return byFile.get(file)?.some((code) => code === wholeFile || text.includes(code)) ?? false;
}

export const wholeFile = '*';

/** Without comments, each run of blanks as one. */
export function codeIn(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}
