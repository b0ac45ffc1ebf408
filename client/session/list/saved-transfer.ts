/**
 * What is kept of a transfer between two runs, as JSON; its torrent lies beside it, in a file of its own. What is read back
 * may be of another version, or half lost: it is checked like anything from outside.
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
  /** The .torrent file; undefined while only a link is known. */
  readonly torrent: Uint8Array | undefined;
  /** That of the earlier version that it replaces. */
  readonly earlier: Uint8Array | undefined;
}

/** The same, to be written: a torrent is made only where it is not on the disk yet. */
export interface TransferToSave extends Pick<SavedTransfer, 'id' | 'text'> {
  readonly torrent: () => Uint8Array | undefined;
  readonly earlier: () => Uint8Array | undefined;
}

export interface KeptTransfer {
  readonly request: AddRequest;
  readonly earlier: Earlier;
}

const version = 1;
/** More are asked of trackers. */
const peersMax = 50;

/** First and last index, and how much they are wanted. */
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

/** Throws a SessionError `list-damaged`, or a MetainfoError. `torrent` and `earlier`: what lies beside it. */
export function keptTransfer({ id, text, torrent, earlier }: SavedTransfer): KeptTransfer {
  const kept = new Fields(id, text);
  if (kept.value.version !== version || kept.value.id !== id) throw kept.damaged('its version or its name');
  const { kind } = kept.value;
  if (kind !== 'download' && kind !== 'share') throw kept.damaged('"kind"');
  // Peers send no piece layers for a link.  BEP 9
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
    // Everything would be fetched: its user is to choose again.
    ...((kept.is('isPaused') || isLost) && { isPaused: true }),
    ...(kept.is('pausesWhenFound') && { pausesWhenFound: true }),
    ...kept.move(),
    ...(upgradePath !== undefined &&
      earlier && { upgradeFrom: { metainfo: parseMetainfo(earlier), path: upgradePath } }),
    ...(kept.value.seedLimits !== undefined && { seedLimits: kept.seedLimits() }),
  };
  return { request: { ...settings, wanted }, earlier: kept.earlier() };
}

/** Its torrent was not known when this was written: a .torrent file of this id is of another transfer. */
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

  /** An earlier version did not say whether a move had begun: it may have. */
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

/** None, or a list of nothing else. */
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

/** What a function means is known with the files alone: without them it is lost, and asked for again. */
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

/** Files that it does not name are not wanted. */
function choiceOf(runs: readonly PriorityRun[]): FileChoice {
  return ({ index }) => runs.find(([first, last]) => index >= first && index <= last)?.[2] ?? false;
}
