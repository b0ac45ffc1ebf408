/**
 * Swarms in a file of the data folder, so that a restarted tracker has its peers at once. The file is read at
 * the start, and written regularly and at a clean stop. It contains IP addresses, so only its owner can read
 * it.
 *
 *   "CICADASW", version u8, flags u8 (1: a clean stop), milliseconds since 1970 (f64), memory id (8 bytes),
 *   the swarms as swarm-snapshot.ts encodes them, and an HMAC of all that with a key of this tracker.
 *
 * Invariant: the file is always one whole snapshot, the previous or the new one. A file that is torn,
 * changed, of another version or of another tracker is ignored and does no further harm.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../../torrents/whole-file.ts';
import { deriveKey } from '../key-file.ts';
import { decodeSwarms, type SavedSwarm } from '../registry/snapshot.ts';

export type SnapshotTroubleCode = 'snapshot-unusable' | 'snapshot-unwritten';

/** A problem that the operator should know about. The tracker works without the file. */
export interface SnapshotTrouble {
  readonly code: SnapshotTroubleCode;
  readonly message: string;
}

export interface SnapshotFileOptions {
  readonly dataFolder: string;
  /** The tracker's key. The key of the HMAC is derived from it. */
  readonly key: Uint8Array;
  readonly onTrouble: (trouble: SnapshotTrouble) => void;
}

export interface ReadSnapshot {
  readonly swarms: readonly SavedSwarm[];
  /** Milliseconds since 1970. */
  readonly madeMs: number;
  /** 16 hex digits: which memory of peers this is. */
  readonly memoryId: string;
  /** True after a clean stop: no announce came after this snapshot. */
  readonly isLast: boolean;
}

export interface SnapshotToWrite {
  readonly swarms: Generator<Uint8Array>;
  readonly madeMs: number;
  readonly memoryId: string;
  readonly isLast: boolean;
}

export interface SnapshotFile {
  /** Undefined: the file is missing, or it is unusable and `onTrouble` was called. */
  read(): Promise<ReadSnapshot | undefined>;
  /**
   * Returns its size in bytes. Undefined: it was not written, and the previous file remains. One call at a
   * time.
   */
  write(snapshot: SnapshotToWrite): Promise<number | undefined>;
  /** For operators who want no snapshot. */
  remove(): Promise<void>;
}

export const snapshotName = 'swarms.snapshot';

const magic = Buffer.from('CICADASW', 'latin1');
const version = 1;
const memoryIdBytes = 8;
const headBytes = magic.length + 1 + 1 + 8 + memoryIdBytes;
const tagBytes = 32;
/** Two million peers, half a million of them with accounts, in 200,000 swarms take 65 MB. */
const fileBytesMax = 256 * 1024 * 1024;
/**
 * Bytes encoded between two writes: some thousand peers, or one or two milliseconds without an answer to an
 * announce.
 */
const sliceBytes = 16 * 1024;
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;

export function newMemoryId(): string {
  return randomBytes(memoryIdBytes).toString('hex');
}

export function snapshotFile({ dataFolder, key, onTrouble }: SnapshotFileOptions): SnapshotFile {
  const path = join(dataFolder, snapshotName);
  const temporary = `${path}.tmp`;
  const tagKey = deriveKey(key, 'swarm snapshot');
  /** The last reported error. It is reported again only after a successful write. */
  let toldCode: string | undefined;

  function unusable(why: string): undefined {
    const message = `${path} is not used: ${why}. Peers are listed again as they announce`;
    onTrouble({ code: 'snapshot-unusable', message });
  }

  return {
    async read() {
      const bytes = await readBytes(path);
      if (bytes === 'missing') return undefined;
      if (typeof bytes === 'string') return unusable(bytes);
      if (bytes.length < headBytes + tagBytes || !bytes.subarray(0, magic.length).equals(magic)) {
        return unusable('it is damaged');
      }
      if (bytes[magic.length] !== version) return unusable('another version of Cicada has written it');
      const end = bytes.length - tagBytes;
      const tag = createHmac('sha256', tagKey).update(bytes.subarray(0, end)).digest();
      if (!timingSafeEqual(tag, bytes.subarray(end))) {
        return unusable('it is damaged, or was made with another tracker.key');
      }
      const madeMs = bytes.readDoubleBE(magic.length + 2);
      const swarms = decodeSwarms(bytes.subarray(headBytes, end));
      if (swarms === undefined || !Number.isFinite(madeMs)) return unusable('it makes no sense');
      const memoryId = bytes.toString('hex', headBytes - memoryIdBytes, headBytes);
      return { swarms, madeMs, memoryId, isLast: bytes[magic.length + 1] === 1 };
    },
    async write(snapshot) {
      try {
        const how = { mode: 0o600, temporary, forcesName: true };
        const written = await writeWhole(path, (file) => writeAll(file, snapshot, tagKey), how);
        toldCode = undefined;
        return written;
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        if (toldCode !== (code ?? message)) {
          toldCode = code ?? message;
          const text = `${path} cannot be written (${toldCode}): after a restart, peers are listed as they announce`;
          onTrouble({ code: 'snapshot-unwritten', message: text });
        }
        return undefined;
      }
    },
    async remove() {
      for (const name of [path, temporary]) await fs.rm(name, { force: true });
    },
  };
}

async function readBytes(path: string): Promise<Buffer | 'missing' | string> {
  let file: fs.FileHandle;
  try {
    file = await fs.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'missing' : `it cannot be opened (${code ?? message})`;
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return 'it is no file';
    if (stats.size > fileBytesMax) return 'it is too large';
    return await file.readFile();
  } catch (error) {
    return `it cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;
  } finally {
    await file.close();
  }
}

async function writeAll(file: fs.FileHandle, snapshot: SnapshotToWrite, tagKey: Uint8Array): Promise<number> {
  const tag = createHmac('sha256', tagKey);
  let written = tagBytes;
  const put = async (bytes: Uint8Array) => {
    tag.update(bytes);
    written += bytes.length;
    await file.appendFile(bytes);
  };
  await put(headOf(snapshot));
  let slice: Uint8Array[] = [];
  let bytes = 0;
  for (const swarm of snapshot.swarms) {
    slice.push(swarm);
    bytes += swarm.length;
    if (bytes < sliceBytes) continue;
    await put(Buffer.concat(slice));
    slice = [];
    bytes = 0;
  }
  await put(Buffer.concat(slice));
  await file.appendFile(tag.digest());
  return written;
}

function headOf({ madeMs, memoryId, isLast }: SnapshotToWrite): Buffer {
  const head = Buffer.alloc(headBytes);
  magic.copy(head);
  head[magic.length] = version;
  head[magic.length + 1] = isLast ? 1 : 0;
  head.writeDoubleBE(madeMs, magic.length + 2);
  head.write(memoryId, headBytes - memoryIdBytes, 'hex');
  return head;
}
