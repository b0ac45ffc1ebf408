/** The results of each peer of a run, as lines for a terminal. */
import type { PeerOutcome, PeerResult } from '../runner/peer-results.ts';

/** More lines push the summary off the screen. --json has all peers. */
const peersToldMax = 20;

const outcomeWords: Readonly<Record<PeerOutcome, string>> = {
  complete: 'complete',
  metadata: 'metadata',
  incomplete: 'INCOMPLETE',
  'no-source': 'no source',
};

/** Incomplete peers come first when the table is cut. */
export function peerTable(peers: readonly PeerResult[]): string[] {
  const isCut = peers.length > peersToldMax;
  const rows = peerRows(isCut ? [...peers].sort(byTrouble).slice(0, peersToldMax) : peers);
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  return isCut ? [...lines, `and ${peers.length - peersToldMax} more; --json tells of all`] : lines;
}

/** The header, then one row of cells for each peer. */
export function peerRows(peers: readonly PeerResult[]): string[][] {
  return [['peer', '', 'after', 'received', 'sent', 'wasted'], ...peers.map(cellsOf)];
}

function cellsOf({ name, outcome, joinedSeconds, doneSeconds, ...bytes }: PeerResult): string[] {
  const after = doneSeconds === undefined ? '–' : `${(doneSeconds - joinedSeconds).toFixed(1)} s`;
  const { downloaded, uploaded, wasted } = bytes;
  return [name, outcomeWords[outcome], after, ...[downloaded, uploaded, wasted].map(sizeText)];
}

function byTrouble(a: PeerResult, b: PeerResult): number {
  return rankOf(a) - rankOf(b);
}

function rankOf({ outcome }: PeerResult): number {
  return ['incomplete', 'no-source', 'metadata', 'complete'].indexOf(outcome);
}

export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}
