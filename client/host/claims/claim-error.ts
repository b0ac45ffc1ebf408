/** Error messages for a path that another torrent writes: which path, and which torrent holds it. */
import path from 'node:path';
import process from 'node:process';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { displayPath } from '../../../torrents/paths/path-rules.ts';
import { ClientError, type ClientErrorFields } from '../client-error.ts';
import type { Conflict } from './claim-conflicts.ts';
import type { ClaimHolder } from './claim-files.ts';

/**
 * `code` is 'claimed' when another torrent writes one of the paths, or 'already-added' when the same torrent
 * is already active in the same place.
 */
export class ClaimError extends ClientError {
  override readonly name = 'ClaimError';
  /** The torrent that holds the path. */
  readonly holder: ClaimHolder;

  constructor(
    code: 'claimed' | 'already-added',
    message: string,
    about: ClientErrorFields & { readonly path: string; readonly holder: ClaimHolder },
  ) {
    super(code, message, about);
    this.holder = about.holder;
  }
}

/** For a conflict that waiting does not solve. */
export function refusal({ name }: Metainfo, { meeting, claim, holder }: Conflict): ClaimError {
  const who = holderName(holder);
  const [at, finalPath] = [path.join(...claim.place), path.join(...claim.finalPlace)];
  if (meeting === 'same') {
    const message = `${shown(finalPath)} is being worked on by another Cicada${processOf(holder)}`;
    return new ClaimError('already-added', message, { path: finalPath, holder });
  }
  const ours = `"${shown(name)}"`;
  const why =
    meeting === 'different'
      ? `${shown(finalPath)} is being fetched by ${who}, and is another file in ${ours}`
      : `${shown(at)} is in use by ${who}: ${ours} needs that name for something else`;
  return new ClaimError('claimed', `${why}: nothing was written`, { path: at, holder });
}

/**
 * The holder for the middle of a sentence. Torrents often share a name, so the start of the info-hash tells
 * them apart.
 */
export function holderName({ userId, name, infoHash, processId }: ClaimHolder): string {
  if (userId !== undefined) return `another user's Cicada (user ${userId})`;
  if (name === undefined || infoHash === undefined) return 'another Cicada';
  const elsewhere = processId === process.pid || processId === undefined ? '' : `, process ${processId}`;
  return `the torrent "${displayPath([name])}" (${infoHash.slice(0, 8)}…${elsewhere})`;
}

function processOf({ processId }: ClaimHolder): string {
  return processId === undefined ? '' : ` (process ${processId})`;
}

function shown(at: string): string {
  return displayPath([at]);
}

/** For a conflict that waiting would solve, when the user does not wait. */
export function refusalForNow({ claim, holder }: Conflict): ClaimError {
  const at = path.join(...claim.finalPlace);
  const message = `${shown(at)} is being fetched by ${holderName(holder)}`;
  return new ClaimError('claimed', message, { path: at, holder, isOfSelection: true });
}
