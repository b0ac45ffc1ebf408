/**
 * What the tracker has been doing, in the text format of Prometheus. Totals only: an info-hash or an address as a label
 * would publish who shares what, and make a time series of each.
 */
export interface TrackerStats {
  /** Swarms that are alive. */
  readonly torrents: number;
  readonly seeds: number;
  readonly leechers: number;
  /** Since the start, as the following ones. */
  readonly announces: number;
  readonly scrapes: number;
  /** Announces and scrapes that were answered with a failure. */
  readonly refused: number;
  /** Peers that were dropped because they fell silent. */
  readonly expired: number;
  /** Open now. */
  readonly connections: number;
  /** Turned away because too many were open. */
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
