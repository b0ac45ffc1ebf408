/** `cicada demo`: runs the demo in a temporary folder, and removes that folder. */
import { readdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { badOption } from '../cli-error.ts';
import { defineCommand } from '../command.ts';
import { parseDuration } from '../options/duration-parser.ts';
import { aborted, interruption } from '../screen/interruption.ts';
import { paint } from '../screen/output.ts';
import { Children } from './demo-children.ts';
import { copiesFolder, tellStory } from './demo-story.ts';

/** Long enough to see what happens, short enough to keep watching. */
const watchSeconds = 12;

export default defineCommand({
  usage: 'demo [folder]',
  describe: 'Watch a whole swarm on this machine, in under a minute',
  positionals: {
    folder: {
      type: 'string',
      describe: 'Folder to use (read only) instead of a generated album',
    },
  },
  options: {
    keep: { type: 'boolean', describe: 'Keep the download, and print where it is' },
    seconds: {
      type: 'string',
      requiresArg: true,
      describe: `How long the download should take: 30, 60s, 2min; default: ${watchSeconds} seconds`,
      coerce: parseSeconds,
    },
  },
  examples: [
    ['demo', 'four peers share an album, one lies, one vanishes, and a fifth downloads it'],
    ['demo ~/Music/Album', 'the same with a folder of yours'],
    ['demo --keep', 'leaves the album for you to play'],
  ],

  async run({ folder, keep = false, seconds = watchSeconds }, output) {
    const signal = interruption();
    const stage = await mkdtemp(join(tmpdir(), 'cicada-demo-'));
    // The temporary folder is removed however this program ends, unless it is killed.
    let keepCopies = false;
    const clear = () => {
      const left = readdirSync(stage).filter((name) => !keepCopies || name !== copiesFolder);
      for (const name of left) rmSync(join(stage, name), { recursive: true, force: true });
      if (!keepCopies) rmSync(stage, { recursive: true, force: true });
    };
    process.once('exit', clear);
    const children = new Children(stage);
    try {
      const stopped = aborted(signal).then((): never => {
        throw signal.reason;
      });
      const { code, copy } = await Promise.race([
        tellStory(folder, { stage, children, output, signal, watchSeconds: seconds }),
        stopped,
      ]);
      keepCopies = keep;
      if (keep) output.result(`Kept: ${paint('bold', copy)}`);
      return code;
    } finally {
      output.clearLive();
      await children.end();
    }
  },
});

function parseSeconds(text: string): number {
  const seconds = parseDuration(text, '--seconds', { bare: 's', example: '30' });
  if (seconds > 0 && seconds < 10_000) return seconds;
  throw badOption(`--seconds: "${text}" is not from 1 second to 9999`);
}
