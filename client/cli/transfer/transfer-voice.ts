/**
 * Reports the events of a session's transfers: documents for scripts, remarks for people, details with `-v`.
 * Left to the command: messages about its own start and end.
 */
import { displayPath } from '../../../torrents/paths/path-rules.ts';
import { capital, count, size } from '../../../torrents/wording.ts';
import type { DiskTrouble } from '../../engine/contract.ts';
import type { Session } from '../../session/session.ts';
import type { Transfer } from '../../session/transfers/transfer.ts';
import type { TransferEvent } from '../../session/transfers/transfer-event.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { trackerReason } from '../error-words.ts';
import type { Output } from '../screen/output.ts';
import { dropReason } from '../swarm-view/drop-reasons.ts';
import { withoutPasskey } from '../swarm-view/shown-tracker.ts';
import { TrackerComplaints } from '../swarm-view/tracker-complaints.ts';
import { trackerHost } from '../swarm-view/tracker-host.ts';
import { diskWordsOf } from './transfer-figures.ts';

export interface VoiceOptions {
  /** Folders are watched, and published as new versions when they change. */
  readonly areWatched?: boolean;
  /** Many torrents share trackers: each tracker is reported once. */
  readonly areMany?: boolean;
  /** With `one document` scripts get no events of a search, only its result. */
  readonly json?: 'events' | 'one document';
}

export class TransferVoice {
  readonly #output: Output;
  readonly #options: VoiceOptions;
  readonly #shared: TrackerComplaints | undefined;
  readonly #complaints = new WeakMap<Transfer, TrackerComplaints>();

  constructor(session: Session, output: Output, options: VoiceOptions = {}) {
    this.#output = output;
    this.#options = options;
    this.#shared = options.areMany === true ? new TrackerComplaints(output, [], true) : undefined;
    session.onEvent((event, transfer) => {
      if (transfer !== undefined) this.#tell(event as TransferEvent, transfer);
    });
  }

  #tell(event: TransferEvent, transfer: Transfer): void {
    switch (event.type) {
      case 'found':
        // The torrent may name other trackers than the link.
        return void this.#complaints.delete(transfer);
      case 'peer-connected':
        if (!isSearch(transfer)) this.#document(transfer, 'peer-connected', { peer: event.peer });
        return this.#output.detail(`connected to ${event.peer}`);
      case 'peer-dropped':
        return this.#tellDropped(event, transfer);
      case 'dial-failed': {
        const { peer, reason } = event;
        this.#document(transfer, 'dial-failed', { peer, reason });
        return this.#output.detail(`not connected to ${peer}: ${dropReason(reason)}`);
      }
      case 'tracker-answered': {
        const { tracker, peers } = event;
        this.#complaintsOf(transfer).onAnswered(tracker);
        this.#document(transfer, 'tracker-answered', { tracker: withoutPasskey(tracker), peers });
        return this.#output.detail(`${trackerHost(tracker)} named ${count(peers, 'peer')}`);
      }
      case 'tracker-failed': {
        const { tracker, reason: said, retryInSeconds } = event;
        const reason = trackerReason(said);
        this.#document(transfer, 'tracker-failed', { tracker: withoutPasskey(tracker), reason });
        return this.#complaintsOf(transfer).onFailed(tracker, reason, retryInSeconds);
      }
      case 'piece-failed': {
        const { pieceIndex: piece } = event;
        this.#document(transfer, 'piece-failed', { piece });
        return this.#output.detail(`piece ${piece} does not match its hash; it is fetched again`);
      }
      case 'file-done': {
        const path = displayPath(event.file.components);
        this.#document(transfer, 'file-done', { path, bytes: event.file.bytes });
        return this.#output.detail(`${path} is complete`);
      }
      default:
        return this.#tellDisk(event, transfer);
    }
  }

  #tellDropped(
    { peer, reason, bytes, lied }: Extract<TransferEvent, { type: 'peer-dropped' }>,
    transfer: Transfer,
  ): void {
    const words = `${peer}: ${dropReason(reason)}`;
    if (isSearch(transfer)) return this.#output.detail(`left ${words}`);
    this.#document(transfer, 'peer-dropped', { peer, reason, bytes });
    if (lied) this.#output.remark(`Dropped ${words}; none of it was kept`);
    else this.#output.detail(`left ${words}`);
  }

  #tellDisk(event: TransferEvent, transfer: Transfer): void {
    switch (event.type) {
      case 'disk-trouble': {
        const { trouble, about, isNews } = event;
        this.#document(transfer, 'disk-trouble', { code: trouble.code, message: trouble.message });
        if (about !== 'disk') return this.#output.detail(displayPath([trouble.message]));
        return isNews ? this.#tellRefusal(transfer, trouble) : undefined;
      }
      case 'disk-recovered':
        this.#document(transfer, 'disk-recovered', {});
        return this.#output.remark(
          `The disk takes ${displayPath([transfer.metainfo.name])} again: going on.`,
        );
      case 'pieces-lost': {
        const { pieces, bytes, trouble, about, isNews } = event;
        this.#document(transfer, 'pieces-lost', {
          ...{ pieces, bytes, code: trouble.code, message: trouble.message },
        });
        // The download ends with this error, and reports it itself.
        if (about === 'end') return;
        if (about === 'disk') return isNews ? this.#tellRefusal(transfer, trouble) : undefined;
        const what = `${count(pieces, 'piece')} (${size(bytes)}) ${pieces === 1 ? 'is' : 'are'}`;
        return this.#output.remark(`${displayPath([trouble.message])}: ${what} fetched again`);
      }
      case 'content-offline':
        return this.#tellOffline(event.trouble, transfer);
      case 'content-online':
        this.#document(transfer, 'content-online', {});
        return this.#output.remark(`${plain(transfer.path)} is as it was: it is shared again`);
    }
  }

  #tellRefusal(transfer: Transfer, trouble: DiskTrouble): void {
    this.#output.remark(capital(diskWordsOf(transfer, trouble)));
  }

  #tellOffline(trouble: DiskTrouble, transfer: Transfer): void {
    const { code, message } = trouble;
    this.#document(transfer, 'content-offline', { code, message });
    const until = code === 'ECHANGED' || code === 'EREPLACED' ? 'as it was' : 'back';
    const words = `${displayPath([message])}: it is not shared until it is ${until}`;
    // A changed folder becomes a new version within seconds: the user need not act.
    if (this.#options.areWatched === true && code === 'ECHANGED') this.#output.detail(words);
    else this.#output.remark(words);
  }

  #document(transfer: Transfer, event: string, fields: object): void {
    if (isSearch(transfer) && this.#options.json === 'one document') return;
    this.#output.document({ event, infoHash: transfer.infoHash, ...fields });
  }

  #complaintsOf(transfer: Transfer): TrackerComplaints {
    const known = this.#shared ?? this.#complaints.get(transfer);
    if (known !== undefined) return known;
    const trackers = transfer.link?.trackers ?? transfer.metainfo.trackers.flat();
    const complaints = new TrackerComplaints(this.#output, trackers);
    this.#complaints.set(transfer, complaints);
    return complaints;
  }
}

/** The transfer asks peers for metadata and downloads no files yet. */
function isSearch({ link }: Transfer): boolean {
  return link !== undefined;
}
