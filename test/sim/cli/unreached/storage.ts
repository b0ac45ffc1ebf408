/** Branches that store a download. Storage runs execute this code on a simulated disk (test/sim/storage). */
import type { Unreached } from './entry.ts';

const links = 'links: other programs in storage runs create no links; test/host/storage/links-below.test.ts';
const promises = 'for callers that await promises: a run executes the steps itself';
const v2 = 'v2 torrents: storage runs have v1 torrents; test/host/upgrade.test.ts has v2 and hybrids';
const upgrade = 'an upgrade to a new version: storage runs have one version; test/host/upgrade.test.ts';
const noWatch =
  'a shared folder of the publisher: storage runs download into a folder; test/host/content/absent-content.test.ts';
const deadThread = 'a storage thread died without a result: threads of a run do not die';
const noAlbum = 'more files than a storage run has';
const hidden = 'a torrent whose name begins with dots; test/host/storage/download-folder.test.ts';
const oddRecord =
  'a malformed resume record: nothing in storage runs writes one; test/host/resume/resume.test.ts';

export const storageUnreached: readonly Unreached[] = [
  {
    file: 'client/host/disk/beneath.ts',
    branches: {
      'async withinAsync<T>(': `copies of another version's files. ${upgrade}`,
      "if (names.includes('..')) throw new RangeError(":
        'our own bug if it happens; test/host/disk/beneath.test.ts',
      "throw codeOf(error) === 'ENOENT' ? isGone(this.root) : error":
        'the folder that the user chose is taken away between two calls: others take what lies in it',
      'if (isLink) throw isALink(shown)': links,
      "throw codeOf(error) === 'ENOENT' ? isGone(shown)":
        'a folder on the way goes between two calls; test/host/disk/beneath.test.ts names one that is not there',
      'if (stat.isSymbolicLink()) throw isALink(at)': links,
      "if (!stat.isDirectory()) throw coded('ENOTDIR'":
        'a file in a folder’s place while it is used; test/host/disk/beneath.test.ts',
      "throw coded('EREPLACED', `${at} became another folder just now`)":
        'a folder is exchanged between two calls, where the system cannot open folders; others exchange files',
      'return fs.lstatIfThere(at)?.isSymbolicLink() ?? false':
        'a folder that is gone: test/host/disk/beneath.test.ts',
      "return coded(codeOf(error) ?? 'EIO'": 'a system error without a code, which no system gives',
    },
  },
  {
    file: 'client/host/storage/block-reader.ts',
    branches: {
      'const memory = (bytes === extentBytes && this.#spare.pop())':
        'blocks of storage runs are read once each, and given back at once; test/host/storage/block-reader.test.ts',
      'if (extent === undefined) return': 'a block that is given back twice: our own bug if it happens',
      'if (extent.cached || extent.lent > 0 || !isWhole':
        'blocks of storage runs are read once each, and given back at once; test/host/storage/block-reader.test.ts',
      'this.#owner.delete(extent.bytes.buffer)':
        'more than the cache holds: an album is smaller; test/host/storage/block-reader.test.ts reads more',
      'if (extent.waiters !== undefined) continue':
        'more than the cache holds: an album is smaller; test/host/storage/block-reader.test.ts reads more',
    },
  },
  {
    file: 'client/host/disk/descriptor-pool.ts',
    branches: {
      'for (const entry of entries) this.#close(entry)':
        'a client that ends with files open: storage runs remove their torrents first, or end without a word',
      'for (const [key, entry] of this.#open) {': `${noAlbum}: hundreds are open at once; test/contract/disk.test.ts`,
      'this.#onCloseFailed(key, error)':
        'a close fails on network disks; test/host/disk/descriptor-pool.test.ts',
    },
  },
  {
    file: 'client/host/disk/disk-errors.ts',
    branches: { 'export function isALink(': links, 'export function isWorkedOn(': upgrade },
  },
  {
    file: 'client/host/preparing/download-folder.ts',
    branches: {
      'export function prepareDownload(': promises,
      'upgradeFrom && (yield* waitFor(': upgrade,
      '?? upgrade?.record': upgrade,
    },
  },
  {
    file: 'client/host/storage/file-disk.ts',
    branches: {
      'expectMetadata(torrent: TorrentId':
        'magnets are fetched in swarms, where the disk is simulated; test/contract/disk.contract.ts',
      'checkMetadata(torrent: TorrentId':
        'magnets are fetched in swarms, where the disk is simulated; test/contract/disk.contract.ts',
      'stop(): Promise<void> {': promises,
      'if (stored === undefined) return':
        'a torrent that is gone: storage runs ask nothing more of one that they have removed',
      'const start = spans ? block.begin':
        'a request over two blocks; storage runs ask for blocks, test/contract/disk.contract.ts for any run',
      'const bytes = spans ? block.bytes':
        'a request over two blocks; storage runs ask for blocks, test/contract/disk.contract.ts for any run',
      'places.length <= pinnedFilesMax ?': `${noAlbum}: a piece lies in dozens; test/host/storage/links-below.test.ts`,
      'if (lost !== undefined) return refuse(troubleOf(isAnother(lost.at.partPath)))':
        'a part is lost while a thread writes into it; test/host/content/client-losses.test.ts',
      'if (isDropped()) return refuse(syncFailed(real[0]!.at))':
        'an fsync fails while a piece is written: seldom within a run; test/host/storage/unlucky-disk.test.ts has failed ones',
      'if (gone !== undefined) return refuse(troubleOf(isAnother(gone.at.partPath)))':
        'a part is lost while the side file is written; test/host/content/lost-files.test.ts has lost parts',
    },
  },
  {
    file: 'client/host/preparing/found-files.ts',
    branches: {
      'if (upgrade !== undefined && (yield*': upgrade,
      'this.#isAnyThere = true; const { geometry': upgrade,
      'replaces: upgrade?.replaced.get(file.index)': upgrade,
      "if (isLeft(file)) stored.state = 'side'":
        'a user who leaves a file aside at the start; test/host/storage/download-folder.test.ts',
      'const final = replaces === undefined ?': upgrade,
      "stored.state = isOfSize ? 'foreign' : 'side'":
        'others put a file of another size in the place of one that is not wanted; test/host/selection.test.ts lets one be',
      'const isStale = this.#about.upgrade?.stale': upgrade,
      'const part = isStale ? undefined': upgrade,
      "if (code === 'ENOTDIR') throw differsFromTorrent(":
        'a file where a folder should be; test/host/storage/download-folder.test.ts',
    },
  },
  {
    file: 'client/host/preparing/found-pieces.ts',
    branches: {
      "return at && (at.state === 'side' ? undefined : this.#files.pathOf(at))":
        'an unwanted file among files of others that no record tells of; test/host/selection.test.ts',
      'throw this.#control.signal?.aborted ? error : cannotWrite(this.#files.rootPath, error)':
        'the side file cannot be read at a start; test/host/storage/unlucky-disk.test.ts has files that cannot be looked at',
      "Object.assign(part, { state: 'side', seen: undefined, strange: part.seen })":
        'another program’s part in the place of a file that is not wanted; test/host/storage/download-folder.test.ts',
    },
  },
  {
    file: 'client/host/storage/open-files.ts',
    branches: {
      'target.fill(0, last === undefined ? 0':
        'a read of pads alone: storage runs read pieces that have files',
    },
  },
  {
    file: 'client/host/disk/part-file.ts',
    branches: {
      'if (file.seen === undefined && !isPart) return descriptor': noWatch,
      'if (stat.isSymbolicLink()) throw isALink(partPath)': links,
      'if (sameFile(stamp, lost) && stat.nlink === 1n) return stamp':
        'a part that comes back to its place: others in storage runs keep what they take; test/host/content/lost-files.test.ts',
      "throw coded('ESHORT'":
        'the side file is cut while parts are copied out of it; test/host/content/lost-files.test.ts has short parts',
      'catch { }': 'a part that is removed, and its folder is gone already',
      'if (looks === undefined) throw isGone(partPath)':
        'a part goes between the look at it and its name; test/host/content/lost-files.test.ts',
      'if (!sameFile(looks, file.seen)) throw isAnother(partPath)':
        'a part is exchanged between the look at it and its name; test/host/content/lost-files.test.ts',
      'if (looks.bytes > bytes) fs.truncate(part, bytes)':
        'a part that others have made longer, and is whole; test/host/storage/foreign-writes.test.ts',
      'if (replaces !== undefined && sameStamp(': upgrade,
      'replaces === undefined ? isTaken(finalPath) : isWorkedOn(finalPath)': upgrade,
      'if (!sameFile(named, looks)) throw isAnother(finalPath)':
        'a name is taken over right after it was given; test/host/storage/unlucky-disk.test.ts looks right afterwards',
      'throw Object.assign(error as Error, { isUnforced: true })':
        'an fsync fails right before a name is given; test/host/storage/unlucky-disk.test.ts',
    },
  },
  {
    file: 'client/host/preparing/refused-folders.ts',
    branches: {
      'if (path.dirname(at) === at) return': 'a path without a root folder, which no system has',
      "throw new ClientError('not-a-folder'":
        'a user who names a file as the folder; test/host/storage/download-folder.test.ts',
      "throw new ClientError('folder-not-writable'":
        'a user who names a folder of others; test/cli/transfer/disk.test.ts',
      "throw new ClientError('unsafe-link'":
        'links: others in storage runs make none; test/host/storage/download-folder.test.ts',
      'const there = (yield* orUndefined(fs.later.readdir(rootPath)))': hidden,
      'if (there.length === 0) return': hidden,
      'const strange = there.find(': hidden,
      'if (strange === undefined) return': hidden,
    },
  },
  {
    file: 'client/host/resume/force-files.ts',
    branches: { 'if (top === undefined) return': noWatch },
  },
  {
    file: 'client/host/resume/resume-journal.ts',
    branches: {
      'flush(): Promise<void> {': promises,
      '*flushing(): Steps<void> {':
        'for a caller that wants the record now; test/host/resume/resume-journal.test.ts',
      'stop(): Promise<void> {': promises,
    },
  },
  {
    file: 'client/host/resume/resume-store.ts',
    branches: {
      'return bornNs === undefined ? [bytes, mtimeNs, inode, device, ctimeNs]':
        'systems that do not tell when a file was made; the simulated one does',
      "if (bornNs !== undefined && typeof bornNs !== 'string') return undefined": oddRecord,
      'load(infoHash: Uint8Array': promises,
      '.size > recordBytesMax) return undefined': oddRecord,
      'save(infoHash: Uint8Array': promises,
      'erase(infoHash: Uint8Array': 'of a share that is wrong; test/host/resume/resume.test.ts',
      "if (typeof value !== 'object' || value === null) return undefined": oddRecord,
      'if (!versions.includes(record.version as number)) return undefined': oddRecord,
      "if (typeof have !== 'string' ||": oddRecord,
      'if (!Array.isArray(stamps) ||': oddRecord,
      "if (typeof bytes !== 'number' ||": oddRecord,
      "if (typeof device !== 'string' ||": oddRecord,
      'ctimeNs: ctimeNs ?? undefined':
        'a record of an earlier version; test/host/resume/changed-while-stopped.test.ts',
    },
  },
  {
    file: 'client/host/storage/storage-job.ts',
    branches: {
      'segment.descriptor ?? openKnown(': `${noAlbum}: a piece over dozens of files; test/host/storage/links-below.test.ts`,
      'if (segment.descriptor === undefined) fs.close(descriptor)': `${noAlbum}: a piece over dozens of files; test/host/storage/links-below.test.ts`,
      'for (let at = start; at < end; at += leafBytes)': v2,
      'return Buffer.compare(rootOf(this.#leaves!': v2,
    },
  },
  {
    file: 'client/host/stored-torrent.ts',
    branches: { 'if (bytes === 0) return []': 'an empty file has no pieces to lose' },
  },
  {
    file: 'client/host/storage/stored-file.ts',
    branches: {
      'function isNamed({ state }: StoredFile)':
        'asked when a claim on the folder rests; test/host/claims has those',
    },
  },
  {
    file: 'client/host/preparing/strange-parts.ts',
    branches: {
      'if (bytesRead === 0) return false': 'a part is cut while it is read',
      'position += bytesRead':
        'a part that begins with more zeros than are read at once: an album is smaller',
    },
  },
  {
    file: 'client/host/storage/torrent-files.ts',
    branches: {
      'for (const index of this.#held.keys()) this.doubt(':
        'others write into the side file between two writes of ours: once in some ten thousand runs, 70006249 is one',
      'download?.beneath.fs ?? realFiles': noWatch,
      'get isWhole(): boolean {': 'asked when a claim on the folder rests; test/host/claims has those',
      'if (!this.has(pieceIndex)) continue': 'a piece is lost twice: it lies in two files that are gone',
      'loseSide(): PieceIndex[] {':
        'the side file is taken away: others in storage runs know the names of files; test/host/selection.test.ts',
      "if (stored.state === 'part') this.#bringHome(stored)":
        'a file is chosen while a piece of it goes into the side file; test/host/selection.test.ts',
      'if (isUnforced(error)) this.onSyncFailed(':
        'an fsync fails right before a name is given; test/host/storage/unlucky-disk.test.ts',
    },
  },
  {
    file: 'client/host/resume/written-places.ts',
    branches: {
      'export function syncFailed(':
        'an fsync fails while a piece is written; test/host/storage/unlucky-disk.test.ts',
    },
  },
  {
    file: 'client/host/resume/writes-under-way.ts',
    branches: {
      'for (const resolve of this.#whenSettled.splice(0)) resolve()': promises,
      'settled(): Promise<void> {': promises,
    },
  },
  {
    file: 'client/host/disk/sync-queue.ts',
    branches: {
      "const lost = result.outcome === 'failed'": deadThread,
      'const synced = lost ?? result.synced?.[i]': deadThread,
    },
  },
];
