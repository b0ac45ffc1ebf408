/** What a client is made of on a real machine: the ports, and what lies behind them. Put together in open-client.ts. */
import type { HashPool } from '../../torrents/hashing/pool.ts';
import type { ClaimRegister } from './claims/claim-register.ts';
import type { FileDisk } from './file-disk.ts';
import type { FlightRecorder } from './flight-recorder.ts';
import type { HttpAnnouncer } from './http-announcer.ts';
import type { ResumeStore } from './resume-store.ts';
import type { StoragePool } from './storage-pool.ts';
import type { StoppableClock } from './system-clock.ts';
import type { TcpNetwork } from './tcp-network.ts';

export interface RealPorts {
  readonly network: TcpNetwork;
  readonly disk: FileDisk;
  readonly announcer: HttpAnnouncer;
  readonly clock: StoppableClock;
  readonly pool: StoragePool;
  /** For all first checks of what is to be seeded. */
  readonly hashing: HashPool;
  readonly store: ResumeStore | undefined;
  readonly recorder: FlightRecorder | undefined;
  readonly claims: ClaimRegister;
}
