/**
 * Statistics of the tracker in the text format of Prometheus. Totals only: a label with an info-hash or an
 * address would publish who shares what, and create a time series for each.
 */
export interface TrackerStats {
  /** Live swarms. */
  readonly torrents: number;
  readonly seeds: number;
  readonly leechers: number;
  /** Since the start, like `scrapes`, `refused` and `expired`. */
  readonly announces: number;
  readonly scrapes: number;
  /** Announces and scrapes answered with a failure reason. */
  readonly refused: number;
  /** Peers dropped because they stopped announcing. */
  readonly expired: number;
  /** Open now. */
  readonly connections: number;
  /** Connections refused at the limit of open connections. */
  readonly connectionsDropped: number;
  readonly uptimeSeconds: number;
}

const metrics: readonly [name: string, type: 'counter' | 'gauge', help: string, of: keyof TrackerStats][] = [
  ['torrents', 'gauge', 'Torrents with peers, or listed by this tracker.', 'torrents'],
  ['seeds', 'gauge', 'Peers that have everything.', 'seeds'],
  ['leechers', 'gauge', 'Peers that lack something.', 'leechers'],
  ['announces_total', 'counter', 'Announces answered.', 'announces'],
  ['scrapes_total', 'counter', 'Scrapes answered.', 'scrapes'],
  ['refused_total', 'counter', 'Announces and scrapes answered with a failure reason.', 'refused'],
  ['expired_total', 'counter', 'Peers dropped because they fell silent.', 'expired'],
  ['connections', 'gauge', 'Open connections.', 'connections'],
  ['connections_dropped_total', 'counter', 'Connections turned away at the limit.', 'connectionsDropped'],
  ['uptime_seconds', 'gauge', 'Seconds since the start.', 'uptimeSeconds'],
];

export function metricsText(stats: TrackerStats): string {
  return metrics
    .map(([name, type, help, of]) => {
      const metric = `cicada_tracker_${name}`;
      return `# HELP ${metric} ${help}\n# TYPE ${metric} ${type}\n${metric} ${stats[of]}\n`;
    })
    .join('');
}
