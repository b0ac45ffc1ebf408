/** `cicada tracker`: introduces people who share the same torrents to one another. */
import { defaultPort, type RunningTracker, startTracker } from '../../tracker/server.ts';
import { defineCommand } from './command.ts';
import { everyAddress, parseListen } from './endpoints.ts';
import { exitCode } from './exit-codes.ts';
import { aborted, interruption } from './interruption.ts';
import { type LiveText, paint, paintEveryMs } from './output.ts';
import { loadTorrent, torrentPositional } from './torrent-source.ts';
import { watch } from './watch.ts';
import { count } from './wording.ts';

export const listenOption = {
  type: 'string',
  requiresArg: true,
  describe: `HOST:PORT, or a port alone; every address and ${defaultPort} if left out`,
  coerce: (text: string) => parseListen(text, '--listen'),
} as const;

export default defineCommand({
  usage: 'tracker [torrent..]',
  describe: 'Run a tracker, which introduces people to one another',
  positionals: {
    torrent: {
      ...torrentPositional,
      array: true,
      describe: 'Torrent files to show on its page and hand out',
    },
  },
  options: { listen: listenOption },
  examples: [
    ['tracker', 'listens on every address of this machine'],
    ['tracker --listen 127.0.0.1:6969 Album.torrent', 'for this machine alone, with a torrent on its page'],
  ],

  async run({ torrent = [], listen }, output) {
    const signal = interruption();
    const torrents = [];
    for (const source of torrent) torrents.push(await loadTorrent(source, signal));
    const tracker = await startTracker({
      ...(listen ?? { host: everyAddress(), port: defaultPort }),
      torrents,
    });
    try {
      output.document({ event: 'listening', announce: tracker.announceUrl, api: tracker.url });
      output.result(`${paint('bold', 'Tracker')} ${tracker.announceUrl}`);
      output.remark(`Its page is ${tracker.url}; Ctrl-C stops it.`);
      await watch(aborted(signal), paintEveryMs, () => output.live(countsLine(tracker)));
      output.clearLive();
      return exitCode.done;
    } finally {
      await tracker.close();
    }
  },
});

function countsLine(tracker: RunningTracker): LiveText {
  const { torrents, seeds, leechers, announces } = tracker.stats();
  const parts = [
    count(torrents, 'torrent'),
    count(seeds, 'seed'),
    `${leechers} downloading`,
    count(announces, 'announce'),
  ];
  return { lines: () => [parts.join('  ')], plain: () => parts.join(', ') };
}
