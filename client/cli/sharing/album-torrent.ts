/**
 * The torrent file of a shared album, kept up to date as the album changes.
 *
 * Invariant: a file that was there before is replaced only with `--force`; if it belongs to another torrent
 * than the seeded one, that is reported.
 */
import { readFile, stat } from 'node:fs/promises';
import { localLimits } from '../../../torrents/bencode/bencode.ts';
import { writeTorrentFile } from '../../../torrents/create/torrent-write.ts';
import { type Metainfo, parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { codeOf } from '../cli-error.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import type { Output } from '../screen/output.ts';

export class AlbumTorrent {
  /** Undefined when none is written. */
  readonly path: string | undefined;
  readonly #force: boolean;
  /** The bytes that this object has written. */
  #written: Uint8Array | undefined;

  constructor(path: string | undefined, force: boolean) {
    this.path = path;
    this.#force = force;
  }

  /** Throws CreateError. */
  async write(metainfo: Metainfo, torrent: Uint8Array, output: Output): Promise<void> {
    const { path } = this;
    if (path === undefined) return;
    const there = await bytesAt(path);
    const isOurs = there !== undefined && this.#written !== undefined && there.equals(this.#written);
    if (there === undefined || isOurs || this.#force) {
      await writeTorrentFile(path, torrent, { force: isOurs || this.#force });
      this.#written = torrent;
      return;
    }
    if (isOf(there, metainfo)) return;
    output.document({ event: 'other-torrent', torrent: path });
    output.remark(`${plain(path)} is of another torrent than the one that is shared: --force replaces it`);
  }
}

/** Undefined when there is no file. A file larger than any torrent is not read. */
async function bytesAt(path: string): Promise<Buffer | undefined> {
  try {
    return (await stat(path)).size > localLimits.bytesMax ? Buffer.alloc(0) : await readFile(path);
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : Buffer.alloc(0);
  }
}

function isOf(there: Uint8Array, { infoHash }: Metainfo): boolean {
  try {
    return Buffer.compare(parseMetainfo(there).infoHash, infoHash) === 0;
  } catch {
    return false;
  }
}
