/**
 * Maps the bytes of a torrent to its files, and the files to paths on this machine's disk.
 *
 * Invariant: the disk paths of one layout differ from each other under the rules of its platform. No path is
 * a folder of another, and each stays inside the folder it is joined to. The same torrent gives the same
 * paths on all machines of one platform. Pads take up bytes of the torrent but are never on disk.
 * Left to others: reading the metadata (metainfo.ts), links and files that already exist on disk.
 *                                                                                               BEP 3, 47, 52
 */
import { foldName } from '../paths/name-folding.ts';
import {
  cutName,
  lastName,
  mapComponent,
  mapTopName,
  nameUnits,
  nameUnitsMax,
  type PathPlatform,
  withSuffix,
} from '../paths/path-rules.ts';

export interface TorrentFile {
  readonly index: number;
  /** The path inside the torrent as its author wrote it, without the top folder. Not safe to use on disk. */
  readonly components: readonly string[];
  /**
   * The bytes of each component on the author's disk, with the top folder, if they differ from the UTF-8 of
   * `components`. Use them to find an existing file, never to create one.
   */
  readonly rawPath: readonly Uint8Array[] | undefined;
  /** Safe on this machine, with the top folder: join(folder, ...diskPath). Empty for pads. */
  readonly diskPath: readonly string[];
  readonly bytes: number;
  /** From the start of the torrent, in bytes. */
  readonly offset: number;
  /** BEP 47: zeros that move the next file to the start of a piece. */
  readonly isPad: boolean;
  /** BEP 52: root of the file's Merkle tree, 32 bytes. Undefined in v1 and for empty files. */
  readonly piecesRoot: Uint8Array | undefined;
}

/** A run of bytes inside one file. */
export interface FileSegment {
  readonly fileIndex: number;
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

export interface LayoutEntry {
  /** Components that the rules of path-rules.ts allow. */
  readonly components: readonly string[];
  /** The bytes of the components, if they differ from the components in UTF-8. */
  readonly raw?: readonly Uint8Array[] | undefined;
  readonly bytes: number;
  readonly isPad?: boolean | undefined;
  readonly piecesRoot?: Uint8Array | undefined;
}

export interface LayoutOptions {
  /** Name of the torrent's top folder. For a single file: the name of that file. */
  readonly name: string;
  /** The bytes of the name, if they differ from the name in UTF-8. */
  readonly rawName?: Uint8Array | undefined;
  readonly isSingleFile: boolean;
  readonly platform: PathPlatform;
  /** BEP 52 without pads: each file that is not empty starts at a multiple of this. */
  readonly alignment?: number;
  /**
   * Known disk paths by index, taken from another layout of the same entries. They replace the computed
   * paths.
   */
  readonly diskPaths?: readonly (readonly string[])[];
}

export class FileLayout {
  readonly files: readonly TorrentFile[];
  /** Bytes of the torrent, pads and gaps included. */
  readonly totalBytes: number;
  /** First component of every disk path. Never a hidden name. */
  readonly rootName: string;
  /** The torrent's name as this platform can store it, hidden or not. A publisher's folder has this name. */
  readonly ownRootName: string;
  readonly isSingleFile: boolean;
  readonly #platform: PathPlatform;
  readonly #options: LayoutOptions;
  /** The files that are not empty, in order, and the offset where each starts. For the binary search. */
  readonly #filled: readonly TorrentFile[];
  readonly #starts: Float64Array;
  /** Keys of the files and folders whose names end in `.part`. A part file must not take such a name. */
  readonly #partKeys: ReadonlySet<string>;

  constructor(entries: readonly LayoutEntry[], options: LayoutOptions) {
    const { platform, isSingleFile, alignment = 1 } = options;
    this.isSingleFile = isSingleFile;
    this.#platform = platform;
    this.#options = options;
    const { diskPaths } = options;
    this.rootName = diskPaths?.find(([top]) => top !== undefined)?.[0] ?? mapTopName(options.name, platform);
    this.ownRootName = mapComponent(options.name, platform);
    const paths = diskPaths ?? assignPaths(entries, this.rootName, isSingleFile, platform).paths;

    const files: TorrentFile[] = [];
    const filled: TorrentFile[] = [];
    const partKeys = new Set<string>();
    let offset = 0;
    for (const [index, entry] of entries.entries()) {
      const { components, bytes, isPad = false, piecesRoot } = entry;
      if (bytes > 0) offset = Math.ceil(offset / alignment) * alignment;
      const diskPath = paths[index] ?? noPath;
      for (const [depth, component] of diskPath.entries()) {
        if (nameKey(component, platform).endsWith('.part'))
          partKeys.add(pathKey(diskPath.slice(0, depth + 1), platform));
      }
      const rawPath = isPad ? undefined : rawPathOf(entry, options);
      const file = { index, components, rawPath, diskPath, bytes, offset, isPad, piecesRoot };
      files.push(file);
      if (bytes > 0) filled.push(file);
      offset += bytes;
    }
    this.files = files;
    this.totalBytes = offset;
    this.#filled = filled;
    this.#starts = Float64Array.from(filled, (file) => file.offset);
    this.#partKeys = partKeys;
  }

  /**
   * The files that a run of bytes lies in, in order, without empty files. The run must lie inside the
   * torrent.
   */
  segments(offset: number, bytes: number): FileSegment[] {
    const segments: FileSegment[] = [];
    const end = offset + bytes;
    for (let at = Math.max(0, this.#search(offset)); ; at++) {
      const file = this.#filled[at];
      if (file === undefined || file.offset >= end) return segments;
      const from = Math.max(offset, file.offset);
      const to = Math.min(end, file.offset + file.bytes);
      if (to > from) segments.push({ fileIndex: file.index, offset: from - file.offset, bytes: to - from });
    }
  }

  /** The file that holds the byte at `offset`. Undefined after the end and in the gaps of BEP 52. */
  fileAt(offset: number): number | undefined {
    const file = this.#filled[this.#search(offset)];
    return file !== undefined && offset < file.offset + file.bytes ? file.index : undefined;
  }

  /**
   * The path of a file while it is incomplete: its name with `.part`, in its own folder. It is another name
   * if the torrent has a file of that name, which would be overwritten, or if the name would be too long.
   */
  partPath(fileIndex: number): readonly string[] {
    const diskPath = this.files[fileIndex]?.diskPath ?? noPath;
    const folder = diskPath.slice(0, -1);
    const name = lastName(diskPath);
    for (let attempt = 0; ; attempt++) {
      // The file's index distinguishes two long names that begin the same.
      const suffix = attempt === 0 ? '.part' : `.${fileIndex}${'.part'.repeat(attempt)}`;
      const tooLong = nameUnits(name + suffix, this.#platform) > nameUnitsMax;
      if (tooLong && attempt === 0) continue;
      const stem = tooLong ? cutName(name, this.#platform) : name;
      const path = [...folder, stem + suffix];
      if (!this.#partKeys.has(pathKey(path, this.#platform))) return path;
    }
  }

  /** The same files at other disk paths, given by index. The caller has made sure that the paths are safe. */
  at(diskPaths: readonly (readonly string[])[]): FileLayout {
    const entries = this.files.map(({ rawPath, ...file }) => ({
      ...file,
      raw: this.isSingleFile ? undefined : rawPath?.slice(1),
    }));
    return new FileLayout(entries, { ...this.#options, diskPaths });
  }

  /** How many files would be renamed on another platform because it treats their names as equal. */
  renamedOn(platform: PathPlatform): number {
    return assignPaths(this.files, this.rootName, this.isSingleFile, platform).renamed;
  }

  /** Index into #starts of the last file that starts at or before `offset`. -1: none does. */
  #search(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function rawPathOf(
  { components, raw }: LayoutEntry,
  { name, rawName, isSingleFile }: LayoutOptions,
): readonly Uint8Array[] | undefined {
  if (raw === undefined && rawName === undefined) return undefined;
  const top = rawName ?? Buffer.from(name);
  return isSingleFile ? [top] : [top, ...(raw ?? components.map((component) => Buffer.from(component)))];
}

/** The path of a pad, which is never on disk. */
const noPath: readonly string[] = [];

/** Equal for paths that the platform treats as the same. No component contains a slash. */
function pathKey(path: readonly string[], platform: PathPlatform): string {
  return nameKey(path.join('/'), platform);
}

function nameKey(name: string, platform: PathPlatform): string {
  return platform === 'linux' ? name : foldName(name);
}

/**
 * A disk path for each entry. Folders that the platform treats as the same are merged, under the first name.
 * If an earlier file or a folder has the name of a file, the file gets a number before its extension. Files
 * without a conflict keep their names, and only then numbers are given. The search continues after the last
 * number used, so hostile names cost no more than honest ones.
 */
function assignPaths(
  entries: readonly LayoutEntry[],
  rootName: string,
  isSingleFile: boolean,
  platform: PathPlatform,
): { paths: (readonly string[])[]; renamed: number } {
  const paths = entries.map(() => noPath);
  if (isSingleFile) {
    const index = entries.findIndex((entry) => !entry.isPad);
    if (index >= 0) paths[index] = [rootName];
    return { paths, renamed: 0 };
  }
  // `folders`: key, such as `/key/of/the/folder`, to disk path. `files`: each file with the folder it lies
  // in.
  const folders = new Map<string, readonly string[]>([['', [rootName]]]);
  const files: { index: number; name: string; folderKey: string; folder: readonly string[] }[] = [];
  for (const [index, { isPad, components }] of entries.entries()) {
    const path = isPad ? noPath : components.map((component) => mapComponent(component, platform));
    const name = path.at(-1);
    if (name === undefined) continue;
    let folderKey = '';
    let folder: readonly string[] = [rootName];
    for (const component of path.slice(0, -1)) {
      folderKey += `/${nameKey(component, platform)}`;
      const known = folders.get(folderKey);
      folder = known ?? [...folder, component];
      if (known === undefined) folders.set(folderKey, folder);
    }
    files.push({ index, name, folderKey, folder });
  }

  const taken = new Set<string>();
  const take = ({ index, folderKey, folder }: (typeof files)[number], name: string): boolean => {
    const key = `${folderKey}/${nameKey(name, platform)}`;
    if (taken.has(key) || folders.has(key)) return false;
    taken.add(key);
    paths[index] = [...folder, name];
    return true;
  };

  const late = files.filter((file) => !take(file, file.name));
  const numbers = new Map<string, number>();
  for (const file of late) {
    const wanted = `${file.folderKey}/${nameKey(file.name, platform)}`;
    let number = numbers.get(wanted) ?? 2;
    while (!take(file, withSuffix(file.name, ` (${number})`, platform))) number++;
    numbers.set(wanted, number + 1);
  }
  return { paths, renamed: late.length };
}
