/**
 * Converts a transfer to JSON for the list and back. Its torrent is in a file of its own. What is read back
 * may come from another version or be damaged, so it is checked like any untrusted input.
 */
import { makeMagnet, parseMagnet } from '../../../torrents/magnet.ts';
import { type Metainfo, parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { encodeMetainfo } from '../../../torrents/metainfo/metainfo-encode.ts';
import type { PeerAddress } from '../../engine/contract.ts';
import { type FileChoice, filePriority } from '../../host/file-selection.ts';
import { SessionError } from '../session-error.ts';
import type { Choice, FilePatterns } from '../transfers/file-patterns.ts';
import type { Transfer } from '../transfers/transfer.ts';
import type { AddRequest, TransferSettings, Wanted } from '../transfers/transfer-settings.ts';
import type { Earlier } from '../transfers/transfer-world.ts';

export interface SavedTransfer {
  /** 40 hex digits. */
  readonly id: string;
  readonly text: string;
  /** The .torrent file. Undefined while only a magnet link is known. */
  readonly torrent: Uint8Array | undefined;
  /** The .torrent file of the earlier version that this transfer upgrades. */
  readonly earlier: Uint8Array | undefined;
}

/** The same, for writing: a torrent is encoded only when it is not on disk yet. */
export interface TransferToSave extends Pick<SavedTransfer, 'id' | 'text'> {
  readonly torrent: () => Uint8Array | undefined;
  readonly earlier: () => Uint8Array | undefined;
}

export interface KeptTransfer {
  readonly request: AddRequest;
  readonly earlier: Earlier;
}

const version = 1;
/** Enough for a start. Trackers are asked for more. */
const peersMax = 50;

/** First index, last index and priority of files. */
type PriorityRun = readonly [number, number, number];

export function savedTransfer(transfer: Transfer): TransferToSave {
  const { id, link, settings, run } = transfer;
  const { choice, upgradeFrom, peers = [], ...plain } = settings;
  const metainfo = link === undefined ? transfer.metainfo : undefined;
  const kept = {
    version,
    id,
    ...plain,
    ...(link === undefined ? {} : { link: makeMagnet(link) }),
    ...(choice === undefined ? {} : { choice: keptChoice(metainfo, choice) }),
    ...(upgradeFrom === undefined ? {} : { upgradePath: upgradeFrom.path }),
    peers: peers.slice(0, peersMax),
    ...{ isComplete: run.isComplete, totals: run.totals, dates: run.dates },
  };
  return {
    ...{ id, text: `${JSON.stringify(kept)}\n` },
    torrent: () => metainfo && encodeMetainfo(metainfo),
    earlier: () => upgradeFrom && encodeMetainfo(upgradeFrom.metainfo),
  };
}

/** Throws a SessionError `list-damaged`, or a MetainfoError. */
export function keptTransfer({ id, text, torrent, earlier }: SavedTransfer): KeptTransfer {
  const kept = new Fields(id, text);
  if (kept.value.version !== version || kept.value.id !== id) throw kept.damaged('its version or its name');
  const { kind } = kept.value;
  if (kind !== 'download' && kind !== 'share') throw kept.damaged('"kind"');
  // Peers do not send piece layers with the metadata of a magnet link.                                  BEP 9
  const metainfo = torrent && parseMetainfo(torrent, { mayLackLayers: true });
  const wanted: Wanted = metainfo === undefined ? { link: parseMagnet(kept.text('link')) } : { metainfo };
  const choice = kept.choice();
  const isLost = choice === 'lost' || (metainfo === undefined && typeof choice === 'function');
  const upgradePath = kept.value.upgradePath === undefined ? undefined : kept.text('upgradePath');
  const { verify } = kept.value;
  const settings: TransferSettings = {
    ...{ kind, place: kept.text('place'), trust: kept.trust(), peers: kept.peers() },
    ...(choice !== undefined && choice !== 'lost' && !isLost && { choice }),
    ...(kept.is('isSequential') && { isSequential: true }),
    ...(kept.value.spaceCheck === false && { spaceCheck: false }),
    ...((typeof verify === 'boolean' || verify === 'anew') && { verify }),
    // Without its choice, all files would be fetched. The transfer is paused so that the user can choose
    // again.
    ...((kept.is('isPaused') || isLost) && { isPaused: true }),
    ...(kept.is('pausesWhenFound') && { pausesWhenFound: true }),
    ...kept.move(),
    ...(upgradePath !== undefined &&
      earlier && { upgradeFrom: { metainfo: parseMetainfo(earlier), path: upgradePath } }),
    ...(kept.value.seedLimits !== undefined && { seedLimits: kept.seedLimits() }),
  };
  return { request: { ...settings, wanted }, earlier: kept.earlier() };
}

/**
 * Whether the text was written while only the link was known. A .torrent file with this id then belongs to
 * another transfer.
 */
export function isOfLink(text: string): boolean {
  try {
    return fieldsOf(JSON.parse(text)).link !== undefined;
  } catch {
    return false;
  }
}

class Fields {
  readonly value: Record<string, unknown>;
  readonly #id: string;

  constructor(id: string, text: string) {
    this.#id = id;
    try {
      this.value = fieldsOf(JSON.parse(text));
    } catch (error) {
      throw this.damaged('it is no JSON', error);
    }
  }

  damaged(what: string, cause?: unknown): SessionError {
    const message = `what was kept of the torrent ${this.#id} cannot be read: ${what}`;
    return new SessionError('list-damaged', message, { infoHash: this.#id, cause });
  }

  text(name: string): string {
    const value = this.value[name];
    if (typeof value === 'string' && value !== '') return value;
    throw this.damaged(`"${name}"`);
  }

  is(name: string): boolean {
    return this.value[name] === true;
  }

  trust(): TransferSettings['trust'] {
    const { trackers, origin } = fieldsOf(this.value.trust);
    return {
      ...(Array.isArray(trackers) && { trackers: trackers.filter((url) => typeof url === 'string') }),
      ...(typeof origin === 'string' && { origin }),
    };
  }

  peers(): readonly PeerAddress[] {
    const { peers } = this.value;
    return Array.isArray(peers) ? peers.slice(0, peersMax).flatMap(peerOf) : [];
  }

  seedLimits() {
    const { ratioMax, secondsMax } = fieldsOf(this.value.seedLimits);
    return { ratioMax: amountOf(ratioMax), secondsMax: amountOf(secondsMax) };
  }

  /** Earlier versions did not store whether a move had begun, so it is assumed. */
  move(): Pick<TransferSettings, 'moveInto' | 'moveBegun'> {
    const { moveInto, moveBegun = moveInto } = this.value;
    return {
      ...(moveInto !== undefined && { moveInto: this.text('moveInto') }),
      ...(moveBegun !== undefined && {
        moveBegun: this.text(moveBegun === moveInto ? 'moveInto' : 'moveBegun'),
      }),
    };
  }

  choice(): Choice | 'lost' | undefined {
    const { choice } = this.value;
    if (choice === undefined || choice === 'lost') return choice;
    if (Array.isArray(choice) && choice.every(isRun)) return choiceOf(choice);
    const { include, exclude, numbers } = fieldsOf(choice);
    const patterns = { include, exclude, numbers };
    const areRight = isListOf(isText, include) && isListOf(isText, exclude) && isListOf(isRange, numbers);
    if (Array.isArray(choice) || choice === null || typeof choice !== 'object' || !areRight)
      throw this.damaged('"choice"');
    return patterns as FilePatterns;
  }

  earlier(): Earlier {
    const { uploaded, downloaded, sharedSeconds } = fieldsOf(this.value.totals);
    const { addedMs, completedMs } = fieldsOf(this.value.dates);
    const amounts = [uploaded, downloaded, sharedSeconds].map((value) => amountOf(value) ?? 0);
    const [up = 0, down = 0, seconds = 0] = amounts;
    return {
      isComplete: this.is('isComplete'),
      totals: { uploaded: up, downloaded: down, sharedSeconds: seconds },
      dates: { addedMs: amountOf(addedMs) ?? 0, completedMs: amountOf(completedMs) },
    };
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function amountOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function peerOf(value: unknown): PeerAddress[] {
  const { host, port } = fieldsOf(value);
  const isPeer =
    typeof host === 'string' && Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536;
  return isPeer ? [{ host, port: Number(port) }] : [];
}

function isRun(value: unknown): value is PriorityRun {
  return Array.isArray(value) && value.length === 3 && value.every((part) => Number.isSafeInteger(part));
}

/** Undefined, or a list whose items all pass `isOne`. */
function isListOf(isOne: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every(isOne));
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isRange(value: unknown): boolean {
  const { first, last } = fieldsOf(value);
  return Number.isSafeInteger(first) && Number.isSafeInteger(last);
}

/**
 * A function can only be evaluated once the files are known. Before that it is stored as 'lost', and the user
 * has to choose again.
 */
function keptChoice(metainfo: Metainfo | undefined, choice: Choice): PriorityRun[] | FilePatterns | 'lost' {
  if (typeof choice !== 'function') return choice;
  return metainfo === undefined ? 'lost' : runsOf(metainfo, choice);
}

function runsOf({ files }: Metainfo, choice: FileChoice): PriorityRun[] {
  const runs: [number, number, number][] = [];
  for (const file of files) {
    const priority = filePriority(choice, file);
    const last = runs.at(-1);
    if (last !== undefined && last[2] === priority) last[1] = file.index;
    else runs.push([file.index, file.index, priority]);
  }
  return runs;
}

/** Files outside the runs are not wanted. */
function choiceOf(runs: readonly PriorityRun[]): FileChoice {
  return ({ index }) => runs.find(([first, last]) => index >= first && index <= last)?.[2] ?? false;
}
