/**
 * The table of `-v`: the connected peers, the rates from and to each, and why one is idle.
 *
 * Invariant: no line is wider than the terminal, even for long client names; columns that do not fit are
 * dropped, the least useful first.
 */
import { count, percent, rate, size } from '../../../torrents/wording.ts';
import type { PeerStatus, TorrentStatus } from '../../engine/status.ts';
import { addressText } from '../../session/following/address-text.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { paint } from '../screen/output.ts';
import { cutToWidth, padToWidth, textWidth } from '../screen/text-width.ts';

interface Column {
  readonly title: string;
  readonly columnsMax: number;
  /** The column with the greatest number is dropped first. */
  readonly dispensable: number;
  readonly right?: boolean;
  of(row: Row): string;
}

interface Row {
  readonly address: string;
  readonly client: string;
  readonly rate: string;
  readonly bytes: string;
  readonly pieces: string;
  readonly state: string;
}

const table: readonly Column[] = [
  { title: 'peer', columnsMax: 28, dispensable: 0, of: (row) => row.address },
  { title: 'client', columnsMax: 20, dispensable: 4, of: (row) => row.client },
  { title: 'rate', columnsMax: 12, dispensable: 1, right: true, of: (row) => row.rate },
  { title: 'bytes', columnsMax: 8, dispensable: 2, right: true, of: (row) => row.bytes },
  { title: 'has', columnsMax: 4, dispensable: 5, right: true, of: (row) => row.pieces },
  { title: '', columnsMax: 40, dispensable: 3, of: (row) => row.state },
];
const gap = '  ';

/** At most `rowsMax` lines of at most `columns`; the busiest peers first. Empty without connected peers. */
export function sourceTable(statuses: readonly TorrentStatus[], columns: number, rowsMax: number): string[] {
  const rows = rowsOf(statuses);
  if (rows.length === 0 || rowsMax < 2) return [];
  const room = rowsMax - 1;
  const shown = rows.length <= room ? rows : rows.slice(0, room - 1);
  const kept = fitting(shown, columns);
  const line = (cells: readonly string[]) => cells.join(gap).trimEnd();
  const lines = shown.map((row) =>
    line(kept.map(({ column, width }) => cell(column.of(row), width, column.right))),
  );
  const title = line(kept.map(({ column, width }) => cell(column.title, width, column.right)));
  const more = rows.length - shown.length;
  const last = more > 0 ? [paint('dim', cutToWidth(`and ${count(more, 'peer')} more`, columns))] : [];
  return [paint('dim', title), ...lines, ...last];
}

/** The same for a log: one line per peer. */
export function sourceWords(statuses: readonly TorrentStatus[]): string[] {
  return rowsOf(statuses).map(({ address, client, ...row }) =>
    [
      `  ${address}${client === '' ? '' : ` (${client})`}`,
      row.rate,
      row.bytes,
      `has ${row.pieces}`,
      row.state,
    ]
      .filter(Boolean)
      .join(', '),
  );
}

function rowsOf(statuses: readonly TorrentStatus[]): Row[] {
  const peers = statuses.flatMap((status) => status.peers.map((peer) => ({ peer, status })));
  const activity = ({ peer }: (typeof peers)[number]) => peer.downBps + peer.upBps;
  const given = ({ peer }: (typeof peers)[number]) => peer.downloaded + peer.uploaded;
  return peers
    .toSorted((a, b) => activity(b) - activity(a) || given(b) - given(a))
    .map(({ peer, status }) => rowOf(peer, status));
}

function rowOf(peer: PeerStatus, status: TorrentStatus): Row {
  const { downBps, upBps, downloaded, uploaded } = peer;
  const isTaking = status.complete || (downBps === 0 && upBps > 0);
  const bps = isTaking ? upBps : downBps;
  const trial = peer.onTrial && !isTaking ? 'on trial: one piece first' : '';
  return {
    address: addressText(peer.address),
    client: plain(peer.client ?? ''),
    rate: bps === 0 ? '' : `${isTaking ? '↑' : '↓'} ${rate(bps)}`,
    bytes: size(isTaking ? uploaded : downloaded),
    pieces: percent(peer.haveCount, status.pieceCount),
    state: bps > 0 ? trial : status.complete ? idleTaker(peer) : idleGiver(peer, status),
  };
}

/** Why the peer sends no data. */
function idleGiver(peer: PeerStatus, status: TorrentStatus): string {
  if (status.trouble !== undefined) return 'waiting for our disk';
  if (peer.stalled) return 'stalled: silent, though asked';
  if (!peer.amInterested) return 'has nothing we need';
  if (peer.peerChoking) return 'choked by it: waiting for a turn';
  return peer.onTrial ? 'on trial: its first piece is under way' : 'asked, nothing yet';
}

/** Why the peer gets no data. */
function idleTaker({ peerInterested, amChoking }: PeerStatus): string {
  if (!peerInterested) return 'wants nothing we have';
  return amChoking ? 'waits for its turn' : 'asks for nothing just now';
}

interface FittedColumn {
  readonly column: Column;
  readonly width: number;
}

/** The columns that fit, each as wide as its widest cell; the last one takes the remaining width. */
function fitting(rows: readonly Row[], columns: number): FittedColumn[] {
  let kept = table.map((column) => {
    const widest = Math.max(textWidth(column.title), ...rows.map((row) => textWidth(column.of(row))));
    return { column, width: Math.min(column.columnsMax, widest) };
  });
  const total = () => kept.reduce((sum, { width }) => sum + width, gap.length * (kept.length - 1));
  while (kept.length > 1 && total() > columns) {
    const worst = kept.reduce((a, b) => (b.column.dispensable > a.column.dispensable ? b : a));
    kept = kept.filter((column) => column !== worst);
  }
  return kept.map((fitted) => ({ ...fitted, width: Math.min(fitted.width, columns) }));
}

function cell(text: string, width: number, right = false): string {
  return right ? cutToWidth(text, width).padStart(width) : padToWidth(text, width);
}
