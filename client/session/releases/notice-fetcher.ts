/**
 * Fetches the releases that notices name, one after the other, and seeds them while the session runs: new
 * releases and versions that the user follows, and results of wishes that are marked for download.
 *
 * Invariant: only one version of a release is in the session; the earlier one is removed first. A release
 * that cannot be fetched is reported, and the next one is fetched.
 */
import type { TrackerAccount } from '../../account/account.ts';
import type { Notice } from '../../account/live-news.ts';
import { wishesOf } from '../../account/wishes.ts';
import type { Session } from '../session.ts';
import { whenFetched } from '../transfers/fetched-transfer.ts';
import type { Transfer } from '../transfers/transfer.ts';
import type { AddRequest } from '../transfers/transfer-settings.ts';
import { type WantedRelease, wantedRelease } from './wanted-release.ts';

export interface NoticeFetcherOptions {
  /** The folder into which releases go. */
  readonly folder: string;
  readonly stateFolder: string;
  readonly signal: AbortSignal;
}

/** Events for the user interface. */
export interface NoticeFetcherPorts {
  /**
   * The newest version and what exists here of it. Called before anything is fetched, and also when that
   * version is here already.
   */
  readonly onRelease: (wanted: WantedRelease) => void;
  readonly onTurn?: AddRequest['onTurn'];
  /**
   * The transfer is in the list. `fetched` settles when it is complete or cannot be. The next notice waits
   * for the answer.
   */
  readonly onFetching: (transfer: Transfer, wanted: WantedRelease, fetched: Promise<void>) => Promise<void>;
  readonly onFailed: (error: unknown) => void;
}

/** Notices in the queue: more than a user's follows publish in one night. */
const waitingMax = 1_000;

export class NoticeFetcher {
  /** Rejects when the signal is aborted during a download, with the reason. */
  readonly ended: Promise<never>;
  readonly #session: Session;
  readonly #account: TrackerAccount;
  readonly #options: NoticeFetcherOptions;
  readonly #ports: NoticeFetcherPorts;
  /** By release. */
  readonly #fetched = new Map<string, Transfer>();
  readonly #end: (why: unknown) => void;
  #waiting = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(
    session: Session,
    account: TrackerAccount,
    options: NoticeFetcherOptions,
    ports: NoticeFetcherPorts,
  ) {
    this.#session = session;
    this.#account = account;
    this.#options = options;
    this.#ports = ports;
    const { promise, reject } = Promise.withResolvers<never>();
    // A caller that does not wait for it must not crash from an unhandled rejection.
    promise.catch(() => {});
    this.ended = promise;
    this.#end = reject;
  }

  /** Queues the release of the notice. It is fetched if it is wanted. */
  take(notice: Notice): void {
    const { releaseId } = notice;
    if (releaseId === undefined || this.#waiting >= waitingMax) return;
    this.#waiting++;
    this.#turn = this.#turn.then(() => this.#fetchInTurn(releaseId, notice));
  }

  /** Never rejects. */
  async #fetchInTurn(releaseId: string, notice: Notice): Promise<void> {
    const { signal } = this.#options;
    try {
      if (!signal.aborted && (await this.#isWanted(notice))) await this.#fetch(releaseId);
    } catch (error) {
      if (signal.aborted) this.#end(error);
      else this.#ports.onFailed(error);
    } finally {
      this.#waiting--;
    }
  }

  async #isWanted({ kind, wishId }: Notice): Promise<boolean> {
    if (kind === 'new-version' || kind === 'new-release') return true;
    if (kind !== 'wish') return false;
    const wishes = await wishesOf(this.#account);
    return wishes.some(({ id, downloads = false }) => id === wishId && downloads);
  }

  async #fetch(releaseId: string): Promise<void> {
    const { folder, stateFolder } = this.#options;
    const asked = { account: this.#account, releaseId, songs: undefined, folder, stateFolder };
    const wanted = await wantedRelease(asked);
    this.#ports.onRelease(wanted);
    const { metainfo } = wanted.torrent;
    const before = this.#fetched.get(releaseId);
    if (before !== undefined && Buffer.compare(before.metainfo.infoHash, metainfo.infoHash) === 0) return;
    if (before !== undefined && !before.isRemoved) await this.#session.remove(before);
    this.#fetched.delete(releaseId);
    const { trust, upgradeFrom, remember } = wanted;
    const { onTurn } = this.#ports;
    const transfer = this.#session.add({
      ...{ wanted: { metainfo }, kind: 'download', place: folder, trust, upgradeFrom },
      ...(onTurn && { onTurn }),
    });
    const fetched = whenFetched(this.#session, transfer, remember);
    fetched.catch(() => {});
    await this.#ports.onFetching(transfer, wanted, fetched);
    this.#fetched.set(releaseId, transfer);
  }
}
