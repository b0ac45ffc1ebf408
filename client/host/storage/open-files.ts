/** The open files of all torrents, and how blocks are read from them. A pinned file stays open. */
import type { DiskTrouble, TorrentId } from '../../engine/contract.ts';
import { DescriptorPool, type Pin } from '../disk/descriptor-pool.ts';
import { troubleOf } from '../disk/disk-errors.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { openKnown } from '../disk/part-file.ts';
import type { StoredTorrent } from '../stored-torrent.ts';
import { isAsSeen } from './served-files.ts';
import type { Place } from './stored-file.ts';

export class OpenFiles {
  readonly #fs: FileSystem;
  readonly #descriptors: DescriptorPool;

  /** `key` is that of Place. */
  constructor(
    fs: FileSystem,
    onCloseFailed: (torrent: TorrentId, key: string, trouble: DiskTrouble) => void,
  ) {
    this.#fs = fs;
    this.#descriptors = new DescriptorPool(fs, (name, error) => {
      const [torrent, key] = name.split('/');
      onCloseFailed(Number(torrent), key!, troubleOf(error));
    });
  }

  /** Opens the file of this place unless it is open, and adds its pin to `pins`. */
  pin({ torrent }: StoredTorrent, { key, at }: Place, pins: Pin[]): number {
    const pin = this.#descriptors.pin(`${torrent}/${key}`, () => openKnown(this.#fs, at));
    pins.push(pin);
    return pin.descriptor;
  }

  unpin(pins: readonly Pin[]): void {
    for (const pin of pins) this.#descriptors.unpin(pin);
  }

  /** Closes the descriptor of a file. */
  readonly forget = (torrent: TorrentId, key: string): void => {
    this.#descriptors.forget(`${torrent}/${key}`);
  };

  closeAll(): void {
    this.#descriptors.closeAll();
  }

  /** Reads one extent, file by file. Pad files are zeros, and so is the gap after a file in v2.  BEP 47 52 */
  readExtent(stored: StoredTorrent) {
    return (offset: number, target: Uint8Array, done: (trouble: DiskTrouble | undefined) => void): void => {
      const pins: Pin[] = [];
      const finish = (trouble: DiskTrouble | undefined) => {
        this.unpin(pins);
        done(trouble);
      };
      const places = stored.files.places(offset, target.length);
      const last = places.at(-1);
      target.fill(0, last === undefined ? 0 : last.offset + last.bytes);
      const next = (i: number): void => {
        const place = places[i];
        if (place === undefined) return finish(undefined);
        const into = target.subarray(place.offset, place.offset + place.bytes);
        if (place.file === undefined) {
          into.fill(0);
          return next(i + 1);
        }
        let descriptor: number;
        try {
          descriptor = this.pin(stored, place, pins);
        } catch (error) {
          return finish(troubleOf(error));
        }
        const { file } = place;
        this.#fs.readLater(descriptor, into, place.position, (error, count) => {
          const isSame = error !== null || place.isAside || isAsSeen(this.#fs, file, descriptor);
          this.unpin(pins.splice(0));
          if (error !== null) return finish(troubleOf(error));
          if (count < into.length) {
            return finish({
              code: 'ESHORT',
              message: `${place.at.finalPath} is shorter than the torrent says`,
            });
          }
          if (!isSame) {
            const message = `${place.at.finalPath} has changed since it was checked: it is not what the torrent describes`;
            return finish({ code: 'ECHANGED', message });
          }
          next(i + 1);
        });
      };
      next(0);
    };
  }
}
