/** Shows the metadata search (BEP 9) of a magnet link or info-hash: who is asked, and why it takes long. */
import type { MagnetLink } from '../../../torrents/magnet.ts';
import { count } from '../../../torrents/wording.ts';
import type { TorrentStatus } from '../../engine/status.ts';
import type { Transfer } from '../../session/transfers/transfer.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import type { LiveText } from '../screen/output.ts';
import { obstaclesOf, obstacleWords } from '../swarm-view/obstacles.ts';
import { trackerWords, unansweredWords } from '../swarm-view/waiting-reason.ts';

/** The state of the search, in one line. */
export function searchView(link: MagnetLink, transfer: Transfer): LiveText {
  const name = link.name === undefined ? `${transfer.id.slice(0, 16)}…` : plain(link.name);
  const status = transfer.run.search?.status();
  const words = status === undefined ? `looking for ${name}` : searchWords(name, link, status, transfer);
  return { lines: () => [words], plain: () => words };
}

function searchWords(name: string, link: MagnetLink, status: TorrentStatus, { run }: Transfer): string {
  const { peers, peersKnown, trackers } = status;
  const { closers, reasons } = run.following.dials;
  const obstacles = obstaclesOf(status, link.webSeeds, closers).filter(
    ({ code }) => code !== 'no-other-peers',
  );
  if (obstacles.length > 0) return `the torrent ${name} is not found: ${obstacleWords(obstacles)}`;
  const says = trackers.length === 0 ? '' : ` (${trackers.map(trackerWords).join('; ')})`;
  if (peers.length > 0) return `asking ${count(peers.length, 'peer')} for the torrent ${name}${says}`;
  if (peersKnown > 0)
    return `${count(peersKnown, 'peer')} may know the torrent ${name}, none has answered yet${unansweredWords(reasons)}${says}`;
  return `looking for a peer that knows the torrent ${name}${says}`;
}
