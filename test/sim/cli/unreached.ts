/**
 * Branches that drawn seeds do not reach, and why. A branch that a plan could draw does not belong here. The
 * lists are in test/sim/cli/unreached, one file for each area; unreached.test.ts checks them.
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

/** `text`: the code of a branch, with the code before it. */
export function explains(file: string, text: string): boolean {
  return byFile.get(file)?.some((code) => code === wholeFile || text.includes(code)) ?? false;
}

export const wholeFile = '*';

/** Removes comments and collapses white space. */
export function codeIn(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}
