/** `cicada status`: what this machine has fetched and shared, and what is at work now. */
import { defineCommand } from './command.ts';
import { calledAs } from './command-line.ts';
import { exitCode } from './exit-codes.ts';
import { type KnownTorrent, shownTorrents } from './known-torrents.ts';
import { paint } from './output.ts';
import { padToWidth } from './text-width.ts';
import { plain } from './torrent-summary.ts';
import { stateFolder } from './user-folders.ts';
import { count, duration } from './wording.ts';

export default defineCommand({
  usage: 'status',
  describe: 'List what this machine has fetched and shared',
  positionals: {},
  options: {},
  examples: [
    ['status', 'the last used first, with where it lies and which program works on it'],
    ['status --json | jq .torrents', 'the same for a program'],
  ],

  async run(_, output) {
    const torrents = await shownTorrents(stateFolder());
    output.document({ torrents });
    if (torrents.length === 0)
      output.remark(`Nothing has been fetched or shared here yet: ${calledAs} share FOLDER begins.`);
    const now = Date.now();
    for (const torrent of torrents) output.data(lines(torrent, now));
    return exitCode.done;
  },
});

const marks = { complete: paint('green', '✓'), unfinished: paint('yellow', '◐'), gone: paint('dim', '·') };

function lines(torrent: KnownTorrent, nowMs: number): string {
  const { name, path, state, piecesVerified, processId, sharingNow, lastUsed } = torrent;
  const ago = `${duration(Math.max(0, Math.round((nowMs - lastUsed.getTime()) / 1000)))} ago`;
  const what = {
    complete: 'complete',
    unfinished: `unfinished, ${count(piecesVerified, 'piece')} so far`,
    gone: 'not there any more',
  }[state];
  const now =
    processId === undefined
      ? ago
      : paint('bold', `${sharingNow ? 'sharing now' : 'at work'} (process ${processId})`);
  return `${marks[state]} ${padToWidth(plain(name), 32)}  ${what}, ${now}\n  ${paint('dim', plain(path))}`;
}
