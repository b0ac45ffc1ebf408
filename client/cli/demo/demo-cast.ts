/** The peers of the demo, and what is known of each: only what the child programs have printed. */
import { percent, rate, size } from '../../../torrents/wording.ts';
import { paint } from '../screen/output.ts';
import { padToWidth } from '../screen/text-width.ts';
import type { Child, Document } from './demo-children.ts';

export type Part = 'honest' | 'liar' | 'vanishing';

export class Seeder {
  readonly name: string;
  readonly part: Part;
  readonly child: Child;
  /** HOST:PORT where other peers reach it. */
  address = '';
  /** How much the downloader reports to have received from it. */
  bytes = 0;
  downBps = 0;
  /** The downloader has dropped it for lying. */
  lied = false;
  connected = false;
  /** The demo has killed it. */
  gone = false;

  constructor(name: string, part: Part, child: Child) {
    this.name = name;
    this.part = part;
    this.child = child;
  }
}

/** Takes over the sources in a `progress` or `done` line of the downloader. */
export function learnSources(seeders: readonly Seeder[], { sources }: Document): void {
  for (const source of (sources ?? []) as readonly Document[]) {
    const seeder = seeders.find(({ address }) => address === source.peer);
    if (seeder === undefined) continue;
    seeder.bytes = Number(source.bytes);
    seeder.downBps = Number(source.downBps);
    seeder.lied = source.lied === true;
    seeder.connected = source.connected === true;
  }
}

const barColumns = 24;

/** `Ada    ━━━━━━━━╸                  9.3 MiB   1.2 MiB/s` */
export function seederLine(seeder: Seeder, totalBytes: number, fullBarBytes: number): string {
  const { name, bytes, downBps, lied, gone } = seeder;
  const columns = Math.round((bytes / fullBarBytes) * barColumns);
  const style = lied ? 'red' : gone ? 'dim' : 'green';
  const bar = paint(style, '━'.repeat(columns)) + ' '.repeat(barColumns - columns);
  const state = lied
    ? paint('red', 'lied; nothing of it is kept')
    : gone
      ? paint('dim', 'killed')
      : downBps > 0
        ? rate(downBps)
        : '';
  const share = lied ? '' : percent(bytes, totalBytes);
  return `   ${padToWidth(name, 6)} ${bar} ${size(bytes).padStart(9)} ${share.padStart(4)}  ${state}`;
}

/** The same line for a log. */
export function seederWords({ name, bytes, lied, gone }: Seeder): string {
  return `${name} ${lied ? 'dropped for lying' : `${size(bytes)}${gone ? ' (gone)' : ''}`}`;
}
