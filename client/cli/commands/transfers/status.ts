/**
 * `cicada status`: lists the torrents of this machine and which are running; forgets entries of that list.
 */
import { count, duration, percent, size, sizeOf } from '../../../../torrents/wording.ts';
import { type KnownTorrent, shownTorrents } from '../../../session/machine/known-torrents.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { stateFolder } from '../../options/user-folders.ts';
import { calledAs } from '../../screen/command-line.ts';
import { type Output, paint } from '../../screen/output.ts';
import { padToWidth } from '../../screen/text-width.ts';
import { plain } from '../making/torrent-summary.ts';
import { chosenEntries, forgetTorrent } from './forget-torrent.ts';

export default defineCommand({
  usage: 'status',
  describe: 'List what this machine has downloaded and shared',
  positionals: {},
  options: {
    forget: {
      type: 'string',
      requiresArg: true,
      describe: 'Remove entries by number, path or info-hash; `gone`: all whose files are missing',
    },
  },
  examples: [
    ['status', 'the last used first, with where it lies and which program works on it'],
    ['status --forget 2', 'the second is not listed any more; its files stay'],
    ['status --forget gone', 'nor is anything whose files are not there'],
    ['status --json | jq .torrents', 'the same for a program'],
  ],

  async run({ forget }, output) {
    const torrents = await shownTorrents(stateFolder());
    if (forget !== undefined) return await forgetAll(chosenEntries(forget, torrents), output);
    output.document({ torrents: torrents.map((torrent, at) => ({ number: at + 1, ...torrent })) });
    if (torrents.length === 0)
      output.remark(`Nothing has been fetched or shared here yet: ${calledAs} share FOLDER begins.`);
    const now = Date.now();
    const digits = String(torrents.length).length;
    for (const [at, torrent] of torrents.entries())
      output.data(lines(torrent, String(at + 1).padStart(digits), now));
    return exitCode.done;
  },
});

async function forgetAll(entries: readonly KnownTorrent[], output: Output): Promise<number> {
  // Torrents in use come first, so that the command fails before it forgets any: such a number was a mistake.
  for (const entry of entries.toSorted(
    (a, b) => Number(b.processId !== undefined) - Number(a.processId !== undefined),
  )) {
    await forgetTorrent(stateFolder(), entry);
    output.remark(`Forgotten: ${plain(entry.path)}`);
  }
  output.document({ event: 'forgotten', paths: entries.map(({ path }) => path) });
  const rest = entries.some(({ state }) => state !== 'gone')
    ? '; their files stay, and are hashed when they are begun again'
    : '';
  output.result(`${count(entries.length, 'entry', 'entries')} forgotten${rest}`);
  return exitCode.done;
}

const marks = {
  // The state comes from the records of the last run; the files are not checked.
  complete: paint('green', '●'),
  chosen: paint('green', '◑'),
  unfinished: paint('yellow', '◐'),
  gone: paint('dim', '·'),
};

function lines(torrent: KnownTorrent, number: string, nowMs: number): string {
  const { name, path, processId, sharingNow, lastUsed } = torrent;
  const ago = `${duration(Math.max(0, Math.round((nowMs - lastUsed.getTime()) / 1000)))} ago`;
  const now =
    processId === undefined
      ? ago
      : paint('bold', `${sharingNow ? 'sharing now' : 'at work'} (process ${processId})`);
  const indent = ' '.repeat(number.length + 3);
  const head = `${number} ${marks[torrent.state]} ${padToWidth(plain(name), 32)}  ${what(torrent)}, ${now}`;
  return `${head}\n${indent}${paint('dim', plain(path))}`;
}

/** How much of it is on the disk. */
function what({ state, piecesVerified, bytes, wantedBytes, haveWantedBytes }: KnownTorrent): string {
  if (bytes === undefined || wantedBytes === undefined || haveWantedBytes === undefined) {
    const pieces = `unfinished, ${count(piecesVerified, 'piece')} so far`;
    return { complete: 'complete', chosen: 'complete', unfinished: pieces, gone: 'not there any more' }[
      state
    ];
  }
  const part = bytes === wantedBytes ? '' : ' of what was chosen';
  return {
    complete: `complete, ${size(bytes)}`,
    chosen: `all that was chosen, ${sizeOf(wantedBytes, bytes)}`,
    unfinished: `${percent(haveWantedBytes, wantedBytes)}${part}, ${sizeOf(haveWantedBytes, wantedBytes)}`,
    gone: `not there any more, ${size(bytes)}`,
  }[state];
}
