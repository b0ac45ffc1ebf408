/**
 * What a restart may find in the list: all that was so when the list was last written wholly, and what has become of it
 * since. Once the session says that all is saved there is one answer only.
 */
import { piecePriorities } from '../../../client/host/file-selection.ts';
import type { Session } from '../../../client/session/session.ts';
import { type Choice, fileChoiceOf } from '../../../client/session/transfers/file-patterns.ts';
import type { Transfer } from '../../../client/session/transfers/transfer.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { BrokenSession } from './broken-session.ts';

const gone = 'not in the list';

export class ListMemory {
  /** By id: what may be read of it. */
  #possible = new Map<string, Set<string>>();
  #limits = new Set<string>();
  #order: readonly string[] = [];
  #isExact = true;
  /** What the disk has not given back at the last start: it is left where it lies, for the next. */
  #hidden = new Map<string, Set<string>>();

  /** The session of another life has been asked for nothing yet. */
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

  /** All was on the disk when it ended. */
  get isExact(): boolean {
    return this.#isExact;
  }

  /** Unless it was added again: then that takes its place. */
  #addHidden(): void {
    for (const [id, texts] of this.#hidden) {
      if (this.#possible.has(id)) this.#hidden.delete(id);
      else this.#possible.set(id, texts);
    }
  }

  /** As it was read at a start, before anything is asked of it. `damaged`: what the disk does not give back. */
  check(session: Session, damaged: readonly string[]): void {
    const ids = session.transfers.map(({ id }) => id);
    if (new Set(ids).size < ids.length) throw new BrokenSession('list', `twice in the list: ${ids.join()}`);
    const read = new Map(session.transfers.map((transfer) => [transfer.id, textOf(transfer)]));
    for (const [id, text] of read) {
      const texts = this.#possible.get(id) ?? new Set([gone]);
      if (!texts.has(text))
        throw new BrokenSession('list', `read: ${text}; it was ${[...texts].join(' or ')}`);
    }
    // What was hidden in the life before had no place in its order.
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

/** What its user has wished of it. */
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

/** Of a link: the patterns themselves. */
function wantedText(metainfo: Metainfo | undefined, choice: Choice): string {
  if (metainfo === undefined) return JSON.stringify(choice);
  return Buffer.from(piecePriorities(metainfo, fileChoiceOf(choice))).toString('hex');
}

function limitsText({ limits }: Session): string {
  return JSON.stringify(Object.entries(limits).sort(([a], [b]) => (a < b ? -1 : 1)));
}
