/**
 * What a restart may find in the list: the state when the list was last fully written, or any later state.
 * Once the session says that everything is saved, only one answer is right.
 */
import { piecePriorities } from '../../../client/host/file-selection.ts';
import type { Session } from '../../../client/session/session.ts';
import { type Choice, fileChoiceOf } from '../../../client/session/transfers/file-patterns.ts';
import type { Transfer } from '../../../client/session/transfers/transfer.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { BrokenSession } from './broken-session.ts';

const gone = 'not in the list';

export class ListMemory {
  /** By id: the states that may be read. */
  #possible = new Map<string, Set<string>>();
  #limits = new Set<string>();
  #order: readonly string[] = [];
  #isExact = true;
  /**
   * Entries that the disk could not read at the last start. They stay in the list's folder for the next
   * start.
   */
  #hidden = new Map<string, Set<string>>();

  /** Notes the present state of the session. After a start, check() comes first. */
  note(session: Session): void {
    const now = new Map(session.transfers.map((transfer) => [transfer.id, textOf(transfer)]));
    this.#isExact = session.isSaved;
    if (this.#isExact) {
      this.#possible = new Map([...now].map(([id, text]) => [id, new Set([text])]));
      this.#limits = new Set([limitsText(session)]);
      this.#order = session.transfers.map(({ id }) => id);
      this.#addHidden();
      return;
    }
    this.#limits.add(limitsText(session));
    for (const id of now.keys()) if (!this.#possible.has(id)) this.#possible.set(id, new Set([gone]));
    for (const [id, texts] of this.#possible) texts.add(now.get(id) ?? gone);
  }

  /** Everything was on disk when the session ended. */
  get isExact(): boolean {
    return this.#isExact;
  }

  /** Keeps unreadable entries possible, unless the torrent was added again, which replaces them. */
  #addHidden(): void {
    for (const [id, texts] of this.#hidden) {
      if (this.#possible.has(id)) this.#hidden.delete(id);
      else this.#possible.set(id, texts);
    }
  }

  /**
   * Checks a list right after the start, before any command. `damaged`: entries that the disk could not read.
   */
  check(session: Session, damaged: readonly string[]): void {
    const ids = session.transfers.map(({ id }) => id);
    if (new Set(ids).size < ids.length) throw new BrokenSession('list', `twice in the list: ${ids.join()}`);
    const read = new Map(session.transfers.map((transfer) => [transfer.id, textOf(transfer)]));
    for (const [id, text] of read) {
      const texts = this.#possible.get(id) ?? new Set([gone]);
      if (!texts.has(text))
        throw new BrokenSession('list', `read: ${text}; it was ${[...texts].join(' or ')}`);
    }
    // Entries that were unreadable in the run before had no place in its order.
    const inOrder = ids.filter((id) => !this.#hidden.has(id) || this.#order.includes(id));
    this.#hidden = new Map(damaged.map((id) => [id, this.#possible.get(id) ?? new Set([gone])]));
    for (const [id, texts] of this.#possible) {
      if (!damaged.includes(id) && !read.has(id) && !texts.has(gone))
        throw new BrokenSession('list', `${id} is lost; it was ${[...texts].join(' or ')}`);
    }
    const limits = limitsText(session);
    if (this.#limits.size > 0 && !this.#limits.has(limits))
      throw new BrokenSession('list', `limits read: ${limits}; they were ${[...this.#limits].join(' or ')}`);
    const isWhole = this.#isExact && damaged.length === 0;
    if (isWhole && inOrder.join() !== this.#order.join())
      throw new BrokenSession('list', `order read: ${ids.join()}; it was ${this.#order.join()}`);
  }
}

/** The settings of a transfer that the list must keep. */
function textOf(transfer: Transfer): string {
  const {
    kind,
    place,
    moveInto,
    isPaused = false,
    isSequential = false,
    seedLimits,
    choice,
  } = transfer.settings;
  const metainfo = transfer.link === undefined ? transfer.metainfo : undefined;
  const wanted = choice && wantedText(metainfo, choice);
  const isLink = metainfo === undefined;
  const { ratioMax } = seedLimits ?? {};
  const { id } = transfer;
  return JSON.stringify({ id, kind, place, moveInto, isPaused, isSequential, ratioMax, isLink, wanted });
}

/** For a magnet link, the patterns themselves. */
function wantedText(metainfo: Metainfo | undefined, choice: Choice): string {
  if (metainfo === undefined) return JSON.stringify(choice);
  return Buffer.from(piecePriorities(metainfo, fileChoiceOf(choice))).toString('hex');
}

function limitsText({ limits }: Session): string {
  return JSON.stringify(Object.entries(limits).sort(([a], [b]) => (a < b ? -1 : 1)));
}
