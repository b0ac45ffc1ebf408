/**
 * The sizes of the tables of one torrent that grow and shrink with its peers, so that the simulator detects
 * leaked entries.
 */
import type { TableSize } from '../inspection.ts';
import { MetadataSwarm } from '../swarm/metadata-swarm.ts';
import type { Swarm } from '../swarm/swarm.ts';

export function tableSizes(swarm: Swarm | MetadataSwarm): TableSize[] {
  if (swarm instanceof MetadataSwarm)
    return [{ name: 'fetches of metadata, or refusals', size: swarm.busyCount, per: 'connection' }];
  return [
    { name: 'peers that wait to be served', size: swarm.choker.waitingCount, per: 'connection' },
    { name: 'blocks with earlier askers', size: swarm.scheduler.duplicates.earlierCount, per: 'block' },
  ];
}
