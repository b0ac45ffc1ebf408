/**
 * Makes several torrents in one run, with one pool of hash workers, one progress line and one summary. A
 * failure is reported at once and stops no other torrent; a full disk stops all, since the others would not
 * fit either.
 */
import {
  type CreatedTorrent,
  createTorrent,
  planTorrent,
  writeTorrentFile,
} from '../../../../torrents/create/create.ts';
import type { HashProgress } from '../../../../torrents/hashing/engine.ts';
import { HashPool } from '../../../../torrents/hashing/pool.ts';
import { count, grouped, size } from '../../../../torrents/wording.ts';
import { codeOf } from '../../cli-error.ts';
import { errorWords } from '../../error-words.ts';
import { exitCode, exitCodeOf } from '../../exit-codes.ts';
import type { Output } from '../../screen/output.ts';
import { hashingLine } from '../../screen/progress-line.ts';
import type { CreateJob } from './create-jobs.ts';
import { plain } from './torrent-summary.ts';

export interface RunSettings {
  readonly signal: AbortSignal;
  readonly threads: number | undefined;
  readonly force: boolean;
  /** Nothing is hashed or written. */
  readonly dryRun: boolean;
  /**
   * Albums were searched for, so the JSON has a summary. Several paths without it print one document each, as
   * before.
   */
  readonly perAlbum: boolean;
}

/** The result of one job; of a dry run only the plan. */
export type Made = Pick<CreatedTorrent, 'plan' | 'skipped'> & Partial<CreatedTorrent>;

interface Tally {
  count: number;
  bytes: number;
  /** False when a job was not scanned: its size is unknown. */
  isBytesKnown: boolean;
}

/** Returns the exit code of the first failure. A single job throws its error instead. */
export async function makeTorrents(
  jobs: readonly CreateJob[],
  settings: RunSettings,
  output: Output,
  tell: (job: CreateJob, made: Made) => void,
): Promise<number> {
  const { signal, perAlbum, dryRun } = settings;
  const isLong = jobs.length > 1 || perAlbum;
  const pool = new HashPool(settings.threads);
  const tallies = { made: tally(), skipped: tally(), failed: tally() };
  const progress = new RunProgress(jobs);
  let code: number = exitCode.done;
  try {
    for (const job of jobs) {
      signal.throwIfAborted();
      try {
        if (job.fault !== undefined) throw job.fault;
        if (job.isThere) {
          add(tallies.skipped, job.album?.bytes);
          output.document({ event: 'skipped', torrent: job.target, path: job.path });
          output.detail(`${plain(job.target!)} exists already: skipped`);
        } else {
          const made = await makeOne(job, settings, pool, (hashed) => output.live(progress.line(hashed)));
          output.clearLive();
          add(tallies.made, made.plan.bytes);
          tell(job, made);
        }
      } catch (error) {
        if (!isLong || signal.aborted) throw error;
        add(tallies.failed, job.album?.bytes);
        output.failure(codeOf(error), errorWords(error), { path: job.path });
        if (code === exitCode.done) code = exitCodeOf(error);
        if (exitCodeOf(error) === exitCode.diskFull) break;
      }
      progress.next();
    }
  } finally {
    await pool.close();
    output.clearLive();
    const isPlain = !perAlbum && tallies.made.count === jobs.length;
    if (isLong && !(isPlain && output.json)) tellSummary(tallies, jobs.length, dryRun, output);
  }
  return code;
}

async function makeOne(
  { path, options, target }: CreateJob,
  { signal, force, dryRun }: RunSettings,
  pool: HashPool,
  onProgress: (progress: HashProgress) => void,
): Promise<Made> {
  if (dryRun) {
    const plan = await planTorrent(path, options, signal);
    return { plan, skipped: plan.skipped };
  }
  const created = await createTorrent(path, { ...options, target }, { signal, pool, onProgress });
  if (target !== undefined) await writeTorrentFile(target, created.bytes, { force });
  return created;
}

/** Progress of the whole run: by bytes where all sizes are known, else that of the current torrent. */
class RunProgress {
  readonly #jobs: readonly CreateJob[];
  readonly #totalBytes: number | undefined;
  readonly #startedMs = performance.now();
  #at = 0;
  #doneBytes = 0;

  constructor(jobs: readonly CreateJob[]) {
    this.#jobs = jobs;
    const sizes = jobs.map((job) => (job.isThere || job.fault !== undefined ? 0 : job.album?.bytes));
    this.#totalBytes = sizes.includes(undefined)
      ? undefined
      : sizes.reduce<number>((sum, bytes) => sum + bytes!, 0);
  }

  /** The current job is over, successful or not. */
  next(): void {
    const job = this.#jobs[this.#at++]!;
    if (!job.isThere && job.fault === undefined) this.#doneBytes += job.album?.bytes ?? 0;
  }

  line(hashed: HashProgress) {
    const [at, jobs] = [grouped(this.#at + 1), grouped(this.#jobs.length)];
    const verb = this.#jobs.length === 1 ? 'Hashing' : `Hashing ${at} of ${jobs}`;
    const totalBytes = this.#totalBytes;
    if (this.#jobs.length === 1 || totalBytes === undefined) return hashingLine(verb, hashed);
    const bytes = Math.min(totalBytes, this.#doneBytes + hashed.bytes);
    const bytesPerSecond = (bytes / Math.max(1, performance.now() - this.#startedMs)) * 1000;
    const etaSeconds = bytesPerSecond > 0 ? (totalBytes - bytes) / bytesPerSecond : undefined;
    return hashingLine(verb, { bytes, totalBytes, bytesPerSecond, etaSeconds });
  }
}

function tally(): Tally {
  return { count: 0, bytes: 0, isBytesKnown: true };
}

function add(into: Tally, bytes: number | undefined): void {
  into.count++;
  into.bytes += bytes ?? 0;
  if (bytes === undefined) into.isBytesKnown = false;
}

function tellSummary(
  { made, skipped, failed }: Readonly<Record<'made' | 'skipped' | 'failed', Tally>>,
  jobs: number,
  dryRun: boolean,
  output: Output,
): void {
  const untried = jobs - made.count - skipped.count - failed.count;
  const document = ({ count: torrents, bytes, isBytesKnown }: Tally) => {
    return { torrents, bytes: isBytesKnown ? bytes : null };
  };
  output.document({
    event: 'summary',
    made: document(made),
    skipped: document(skipped),
    failed: document(failed),
    untried,
    dryRun,
  });
  const sized = ({ bytes, isBytesKnown }: Tally) => (isBytesKnown ? ` (${size(bytes)})` : '');
  const parts = [
    `${count(made.count, 'torrent')} ${dryRun ? 'would be made' : 'made'}${made.count > 0 ? sized(made) : ''}`,
    skipped.count > 0 ? `${grouped(skipped.count)} skipped, there already${sized(skipped)}` : '',
    failed.count > 0 ? `${grouped(failed.count)} failed${sized(failed)}` : '',
    untried > 0 ? `${grouped(untried)} not tried` : '',
  ];
  output.remark(parts.filter(Boolean).join('; '));
}
