/**
 * The parts of a client on a real machine: the ports, and what they are built on. open-client.ts assembles
 * them.
 */
import type { HashPool } from '../../torrents/hashing/pool.ts';
import type { ClaimRegister } from './claims/claim-register.ts';
import type { HttpAnnouncer } from './network/http-announcer.ts';
import type { TcpNetwork } from './network/tcp-network.ts';
import type { FlightRecorder } from './recording/flight-recorder.ts';
import type { ResumeStore } from './resume/resume-store.ts';
import type { FileDisk } from './storage/file-disk.ts';
import type { StoragePool } from './storage/storage-pool.ts';
import type { StoppableClock } from './system-clock.ts';

export interface RealPorts {
  readonly network: TcpNetwork;
  readonly disk: FileDisk;
  readonly announcer: HttpAnnouncer;
  readonly clock: StoppableClock;
  readonly pool: StoragePool;
  /** For the initial checks of all seeds. */
  readonly hashing: HashPool;
  readonly store: ResumeStore | undefined;
  readonly recorder: FlightRecorder | undefined;
  readonly claims: ClaimRegister;
}
