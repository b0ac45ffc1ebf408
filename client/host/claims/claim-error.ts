/** A path that another torrent writes, in words: what, and who has it. */
import path from 'node:path';
import process from 'node:process';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { displayPath } from '../../../torrents/paths/path-rules.ts';
import { ClientError, type ClientErrorFields } from '../client-error.ts';
import type { Conflict } from './claim-conflicts.ts';
import type { ClaimHolder } from './claim-files.ts';

/** `code` is 'claimed': another torrent writes one of its paths; or 'already-added': the same torrent in the same place. */
export class ClaimError extends ClientError {
  override readonly name = 'ClaimError';
  /** Who writes it. */
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

/** Of a conflict that waiting does not end. */
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

/** As it stands in a sentence. Two torrents are often of one name: the beginning of the info-hash tells them apart. */
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

/** Of one that waiting would end, for a user who does not wait. */
export function refusalForNow({ claim, holder }: Conflict): ClaimError {
  const at = path.join(...claim.finalPlace);
  const message = `${shown(at)} is being fetched by ${holderName(holder)}`;
  return new ClaimError('claimed', message, { path: at, holder, isOfSelection: true });
}
