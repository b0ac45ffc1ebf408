/** Lists the differences between two records, in few lines. */
import type { Answers } from './stage.ts';

/** The limit per answer. The records contain the rest. */
const linesMax = 8;

/** One text per answer that differs. */
export function differences(part: string, before: Answers, after: Answers): string[] {
  const questions = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...questions].flatMap((question) => {
    const [old, now] = [before[question], after[question]];
    if (old === now) return [];
    return [[`${part}: ${question}`, ...changedLines(old, now)].join('\n')];
  });
}

function changedLines(old: string | undefined, now: string | undefined): string[] {
  if (old === undefined) return ['  + not asked before', ...shown('+', now!.split('\n'))];
  if (now === undefined) return ['  - not asked any more', ...shown('-', old.split('\n'))];
  const [a, b] = [old.split('\n'), now.split('\n')];
  let same = 0;
  while (same < Math.min(a.length, b.length) && a[same] === b[same]) same += 1;
  let sameEnd = 0;
  while (sameEnd < Math.min(a.length, b.length) - same && a.at(-1 - sameEnd) === b.at(-1 - sameEnd))
    sameEnd += 1;
  return [...shown('-', a.slice(same, a.length - sameEnd)), ...shown('+', b.slice(same, b.length - sameEnd))];
}

function shown(sign: string, lines: readonly string[]): string[] {
  const first = lines.slice(0, linesMax).map((line) => `  ${sign} ${line.slice(0, 200)}`);
  return lines.length > linesMax ? [...first, `  ${sign} (${lines.length - linesMax} lines more)`] : first;
}
