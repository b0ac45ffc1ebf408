#!/usr/bin/env node
/**
 * `node test/tools/compare.ts BEFORE AFTER` checks whether two commits, or checkouts, give the same answers.
 * A refactoring must not change anything that a user sees, and this proves it. The exit code is 1 if
 * something differs.
 *
 * This checkout decides what is asked, equally for both. Their files may lie in different places, so it uses
 * only the `bin` and the `exports` of package.json, and test/tools/trace-hashes.ts.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { checkoutOf, ownCheckout } from './compare/checkouts.ts';
import { differences } from './compare/difference.ts';
import { type Answered, partNames, record, unfinishedParts } from './compare/record.ts';

const usage = `node test/tools/compare.ts BEFORE AFTER     two commits of this repository, or paths of checkouts
node test/tools/compare.ts --record FILE    what this checkout answers, as JSON
  --only PARTS    some of ${partNames.join(',')}
  --seeds NUMBER  so many trace hashes (300)
  --keep FOLDER   write both records there, as JSON`;

/** How many differences are printed. One changed word in the overview changes the help of every command. */
const shownMax = 40;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    record: { type: 'string' },
    only: { type: 'string' },
    seeds: { type: 'string', default: '300' },
    keep: { type: 'string' },
  },
});
const chosen = values.only?.split(',') ?? partNames;
const seeds = Number(values.seeds);
const isAsked = values.record === undefined ? positionals.length === 2 : positionals.length === 0;
if (!isAsked || !chosen.every((name) => partNames.includes(name)) || !Number.isSafeInteger(seeds)) {
  console.error(usage);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'cicada-compare-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
// The same for both, so that the program that opens a state finds it where it was written.
const place = join(folder, 'place');

if (values.record !== undefined) {
  leaveSettings();
  save(resolve(values.record), await record({ checkout: ownCheckout, place, seeds }, chosen, tell('here')));
} else process.exitCode = await compare(positionals[0]!, positionals[1]!);

async function compare(before: string, after: string): Promise<number> {
  const [old, now] = [checkoutOf(before, join(folder, 'before')), checkoutOf(after, join(folder, 'after'))];
  leaveSettings();
  const first = await record({ checkout: old, place, seeds }, chosen, tell(before));
  const second = await record({ checkout: now, place, seeds }, chosen, tell(after));
  const found = [
    ...new Set([...unfinishedParts(first), ...unfinishedParts(second)]),
    ...chosen.flatMap((part) => differences(part, first[part]!, second[part]!)),
  ];
  if (values.keep !== undefined) {
    mkdirSync(values.keep, { recursive: true });
    save(join(values.keep, 'before.json'), first);
    save(join(values.keep, 'after.json'), second);
  }
  if (chosen.includes('state')) {
    const who = `written by ${before}, opened by ${after}`;
    const crossed = await record({ checkout: old, opener: now, place, seeds }, ['state'], tell(who));
    if (values.keep !== undefined) save(join(values.keep, 'crossed.json'), crossed);
    found.push(...unfinishedParts(crossed), ...differences(`state ${who}`, first.state!, crossed.state!));
  }
  const asked = chosen.reduce((sum, part) => sum + Object.keys(first[part]!).length, 0);
  if (found.length === 0) console.log(`same: ${asked} answers`);
  else {
    const more = found.length > shownMax ? `\n\n… and ${found.length - shownMax} more (--keep FOLDER)` : '';
    console.log(
      `${found.slice(0, shownMax).join('\n\n')}${more}\n\n${found.length} differences in ${asked} answers`,
    );
  }
  return found.length === 0 ? 0 : 1;
}

/** Removes variables, proxies and language settings of the user who compares. */
function leaveSettings(): void {
  for (const name of Object.keys(process.env))
    if (!/^(PATH|HOME|TMPDIR)$/.test(name)) delete process.env[name];
}

function save(file: string, answers: Answered): void {
  writeFileSync(file, `${JSON.stringify(answers, undefined, 1)}\n`);
}

function tell(side: string): (part: string) => void {
  return (part) => console.error(`${side}: ${part}`);
}
