/** Assembles a client: the engine, the driver, and the real ports. */
import { randomBytes } from 'node:crypto';
import { HashPool } from '../../torrents/hashing/pool.ts';
import { version } from '../../torrents/program.ts';
import type { Report } from '../engine/contract.ts';
import { Engine } from '../engine/engine.ts';
import { machineClaims } from './claims/claim-register.ts';
import { Client } from './client.ts';
import { cannotListen } from './client-error.ts';
import { Driver } from './driver.ts';
import { HttpAnnouncer } from './network/http-announcer.ts';
import { TcpNetwork } from './network/tcp-network.ts';
import { FlightRecorder } from './recording/flight-recorder.ts';
import { ResumeStore } from './resume/resume-store.ts';
import { FileDisk } from './storage/file-disk.ts';
import { SharedPieceMemory } from './storage/shared-piece-memory.ts';
import { StoragePool } from './storage/storage-pool.ts';
import { systemClock } from './system-clock.ts';

export interface ClientOptions {
  /** Listens on exactly this port; 0 is any free one. By default, the first free port of 6881 to 6899. */
  readonly port?: number;
  /** Listens on this address only. By default on all, IPv4 and IPv6. */
  readonly host?: string;
  /** Payload bytes per second over all torrents; 0 or missing: no limit. */
  readonly uploadBpsMax?: number;
  readonly downloadBpsMax?: number;
  /** Threads that hash and write. */
  readonly threads?: number;
  /**
   * Where to remember what was verified, so that an intact library is not hashed again. Without it, nothing
   * is remembered.
   */
  readonly stateFolder?: string;
  /** A new file for all facts that the engine receives, for replay in the simulator. */
  readonly recordInto?: string;
}

/** Azureus style: CI is Cicada, then the version, one digit per number. BEP 20 */
export const peerIdPrefix = `-CI${version.replaceAll('.', '').padEnd(4, '0')}-`;
const defaultPorts = Array.from({ length: 19 }, (_, i) => 6881 + i);

/** Rejects with a ClientError when the port is not available. */
export async function openClient(options: ClientOptions = {}): Promise<Client> {
  // The driver needs its ports, and they need its queue: the sink connects them afterwards.
  let driver: Driver | undefined;
  const sink: Driver['enqueue'] = (fact) => driver?.enqueue(fact);
  const { host, port, threads, uploadBpsMax = 0, downloadBpsMax = 0 } = options;
  const { stateFolder, recordInto } = options;
  const network = await TcpNetwork.listen(sink, host, port === undefined ? defaultPorts : [port]).catch(
    (error) => {
      throw cannotListen(error, host, port);
    },
  );
  const memory = new SharedPieceMemory();
  const engineOptions = {
    peerId: Buffer.from(peerIdPrefix + randomBytes(6).toString('hex')),
    port: network.port,
    seed: randomBytes(4).readUInt32LE(),
    memory,
    uploadBpsMax,
    downloadBpsMax,
  };
  let recorder: FlightRecorder | undefined;
  try {
    recorder = recordInto === undefined ? undefined : FlightRecorder.open(recordInto, engineOptions);
  } catch (error) {
    await network.stop();
    throw error;
  }
  const engine = new Engine(engineOptions);
  const clock = systemClock(sink);
  const pool = new StoragePool(threads, memory);
  const disk = new FileDisk(memory, pool, sink);
  network.onBlockSent = disk.onBlockSent;
  const announcer = new HttpAnnouncer(sink);
  const reports = { onReport: (_: Report) => {} };
  driver = new Driver(recorder?.listenTo(engine) ?? engine, { network, disk, announcer, clock }, (report) =>
    reports.onReport(report),
  );
  const store = stateFolder === undefined ? undefined : new ResumeStore(stateFolder);
  const hashing = new HashPool(threads);
  const client = new Client(
    engine,
    driver,
    { network, disk, announcer, clock, pool, hashing, store, recorder, claims: machineClaims },
    threads,
  );
  reports.onReport = (report) => client.onReport(report);
  disk.watch.onReport = reports.onReport;
  return client;
}
