/** The rules of a running session, checked whenever pending work is done and several times a second. */
import type { Session } from '../../../client/session/session.ts';
import type { Transfer } from '../../../client/session/transfers/transfer.ts';
import { BrokenSession } from './broken-session.ts';
import type { Machine } from './machine.ts';
import type { SimTorrentHost } from './sim-torrent-host.ts';

/** A session looks twice a second, so the last `state` event may be this late. */
const toldLateMsMax = 600;

interface Watched {
  told: string;
  /** Since when the state differs from the last event. */
  wrongSinceMs: number | undefined;
  uploaded: number;
  downloaded: number;
  /** It was paused with no step under way at the last look. */
  wasResting: boolean;
  /** The session does not know it as complete, so a `completed` event may follow. */
  mayComplete: boolean;
  mustComplete: boolean;
}

export class SessionChecks {
  readonly #session: Session;
  readonly #host: SimTorrentHost;
  readonly #machine: Machine;
  readonly #watched = new Map<Transfer, Watched>();

  constructor(session: Session, host: SimTorrentHost, machine: Machine) {
    this.#session = session;
    this.#host = host;
    this.#machine = machine;
  }

  onEvent(type: string, state: string | undefined, transfer: Transfer): void {
    const watched = this.#of(transfer);
    if (state !== undefined) watched.told = state;
    // A power cut may have taken pieces that the list counts as stored.
    if (type === 'started' && !transfer.run.isComplete) watched.mayComplete = true;
    if (type === 'completed') {
      if (!watched.mayComplete) throw broken('completed', transfer, 'it is told again');
      watched.mayComplete = false;
      watched.mustComplete = false;
    }
    if (type === 'removed' && this.#session.find(transfer.id) === transfer)
      throw broken('removed', transfer, 'it is told, and it is in the list');
  }

  /** The selection has changed. */
  onSelected(transfer: Transfer): void {
    const watched = this.#of(transfer);
    watched.mayComplete = true;
    watched.mustComplete = !transfer.run.isComplete;
  }

  onErased(transfer: Transfer): void {
    const { place } = transfer.settings;
    if (transfer.link === undefined && this.#machine.at(transfer.metainfo, place) !== undefined)
      throw broken('erased', transfer, `its files are still in ${place}`);
  }

  look(nowMs: number): void {
    const { transfers } = this.#session;
    this.#checkRuns();
    this.#checkQueue();
    for (const transfer of transfers) {
      const watched = this.#of(transfer);
      this.#checkTotals(transfer, watched);
      const { state } = transfer;
      if (watched.told === state) watched.wrongSinceMs = undefined;
      else watched.wrongSinceMs ??= nowMs;
      if (nowMs - (watched.wrongSinceMs ?? nowMs) > toldLateMsMax)
        throw broken('told', transfer, `it is ${state}, and ${watched.told} was told last`);
    }
    if (this.#isAtRest) this.#checkRest();
  }

  /** Everything wanted is fetched: each transfer must have emitted `completed`. */
  checkEnd(): void {
    for (const transfer of this.#session.transfers)
      if (this.#of(transfer).mustComplete)
        throw broken('completed', transfer, 'it is complete and has not said so');
  }

  /** A move first waits until it is in the list. The host has no work then, and a removal waits with it. */
  get #isAtRest(): boolean {
    return (
      this.#host.isAtRest &&
      this.#session.transfers.every(({ state }) => state !== 'moving' && state !== 'removed')
    );
  }

  #checkRuns(): void {
    for (const running of this.#host.running) {
      const owner = this.#session.transfers.find(({ run }) => run.active === running);
      if (owner === undefined)
        throw new BrokenSession('stranger-runs', `${running.metainfo.name} runs, and no transfer has it`);
      if (owner.rests) throw broken('rests', owner, `it runs, and is ${owner.state}`);
    }
    for (const infoHash of this.#host.searching) {
      const owner = this.#session.find(infoHash);
      if (owner?.run.search === undefined || owner.rests)
        throw new BrokenSession(
          'rests',
          `${infoHash} is looked for, and is ${owner?.state ?? 'not in the list'}`,
        );
    }
  }

  #checkQueue(): void {
    const { running, searching } = this.#host;
    const { downloadsMax, sharesMax } = this.#session.limits;
    const shares = running.filter((torrent) => torrent.status().complete).length;
    const downloads = running.length - shares + searching.length;
    if (downloadsMax > 0 && downloads > downloadsMax)
      throw new BrokenSession('queue', `${downloads} downloads run, and ${downloadsMax} may`);
    if (sharesMax > 0 && shares > sharesMax)
      throw new BrokenSession('queue', `${shares} are shared, and ${sharesMax} may be`);
  }

  /** No step is under way: every transfer must be as its settings say. */
  #checkRest(): void {
    const { downloadsMax, sharesMax } = this.#session.limits;
    const left = { downloads: downloadsMax || Infinity, shares: sharesMax || Infinity };
    for (const transfer of this.#session.transfers) {
      const { run, rests, link, state } = transfer;
      const mayRun = !rests && left[run.isComplete ? 'shares' : 'downloads']-- > 0;
      const runs = run.active !== undefined || run.search !== undefined;
      if (mayRun !== runs)
        throw broken(
          'turns',
          transfer,
          `it ${runs ? 'runs' : 'does not run'}, and is ${state} (${rests ? 'rests' : 'has no rest'})`,
        );
      const expected = link === undefined ? (run.isComplete ? 'sharing' : 'fetching') : 'finding';
      const shown =
        transfer.error !== undefined
          ? 'failed'
          : transfer.settings.isPaused
            ? 'paused'
            : mayRun
              ? expected
              : 'queued';
      if (state !== shown) throw broken('state', transfer, `it is called ${state}, and is ${shown}`);
    }
  }

  #checkTotals(transfer: Transfer, watched: Watched): void {
    const { uploaded, downloaded } = transfer.run.totals;
    if (uploaded < watched.uploaded || downloaded < watched.downloaded)
      throw broken(
        'totals',
        transfer,
        `${watched.uploaded} and ${watched.downloaded} bytes were ${uploaded} and ${downloaded}`,
      );
    const isResting = transfer.rests && this.#isAtRest;
    const hasMoved = uploaded > watched.uploaded || downloaded > watched.downloaded;
    if (isResting && watched.wasResting && hasMoved)
      throw broken('rests', transfer, 'it gives or gets something');
    Object.assign(watched, { uploaded, downloaded, wasResting: isResting });
  }

  #of(transfer: Transfer): Watched {
    let watched = this.#watched.get(transfer);
    if (watched === undefined) {
      const { totals, isComplete } = transfer.run;
      const { uploaded, downloaded } = totals;
      watched = {
        ...{ told: transfer.state, wrongSinceMs: undefined, uploaded, downloaded, wasResting: false },
        ...{ mayComplete: !isComplete, mustComplete: !isComplete },
      };
      this.#watched.set(transfer, watched);
    }
    return watched;
  }
}

function broken(checker: string, { name, id }: Transfer, message: string): BrokenSession {
  return new BrokenSession(checker, `${name} (${id.slice(0, 6)}): ${message}`);
}
