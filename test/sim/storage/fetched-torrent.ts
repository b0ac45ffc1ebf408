/**
 * A download by the production storage code, assembled as in client/host/client.ts, with a stand-in for the
 * engine: it stores wanted pieces in any order, reads stored pieces, and reacts to the storage's facts.
 */
import type { Fact, TorrentId } from '../../../client/engine/contract.ts';
import { unwanted } from '../../../client/engine/pieces/piece-selection.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { isHopeless } from '../../../client/host/client-error.ts';
import { launch, Outcome, type Steps, start, waitFor } from '../../../client/host/disk/steps.ts';
import { type FileChoice, filePriority, piecePriorities } from '../../../client/host/file-selection.ts';
import { type PreparedDownload, preparing } from '../../../client/host/preparing/download-folder.ts';
import { type JournalPace, ResumeJournal } from '../../../client/host/resume/resume-journal.ts';
import { ResumeStore } from '../../../client/host/resume/resume-store.ts';
import { FileDisk } from '../../../client/host/storage/file-disk.ts';
import { checkPieces } from '../../../client/host/storage/piece-check.ts';
import { expectedHashes } from '../../../client/host/storage/piece-hashes.ts';
import { SharedPieceBuffer } from '../../../client/host/storage/shared-piece-memory.ts';
import { wishesOf } from '../../../client/host/torrent-wishes.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Inode } from '../world/file-system/inode.ts';
import { type Album, pieceOf } from './album.ts';
import type { Program } from './program.ts';

const torrent: TorrentId = 1;
const atOnceMax = 4;
const retryMs = 500;

export interface FetchOptions {
  readonly album: Album;
  readonly folder: string;
  readonly stateFolder: string;
  readonly program: Program;
  readonly random: Prng;
  readonly choose: FileChoice;
  /** The longest pause between two calls, in ms. */
  readonly paceMs: number;
  readonly journalPace: JournalPace;
  /** Receives every fact for the engine, and the pieces believed at the start. */
  readonly watcher: FetchWatcher;
}

export interface FetchWatcher {
  onPrepared(prepared: PreparedDownload): void;
  onStored(pieceIndex: PieceIndex, download: FetchedTorrent): void;
  onRead(pieceIndex: PieceIndex, begin: number, bytes: Uint8Array): void;
  onComplete(download: FetchedTorrent): void;
  /** A piece is lost, cannot be stored or read, or the content is offline. */
  onTrouble(about: string): void;
  /** A file of the user is in the way: the download has ended. */
  onHopeless(message: string): void;
}

export class FetchedTorrent {
  readonly prepared: PreparedDownload;
  readonly #options: FetchOptions;
  readonly #disk: FileDisk;
  readonly #journal: ResumeJournal;
  #choose: FileChoice;
  #priorities: Uint8Array;
  readonly #have = new Set<PieceIndex>();
  readonly #underWay = new Set<PieceIndex>();
  /** Pieces under way that have a wrong byte. */
  readonly #lies = new Set<PieceIndex>();
  #isOffline = false;
  #isConfirming = false;
  #isComplete = false;
  #isStopping = false;
  #reads = 0;
  readonly #readsOf = new Map<number, { readonly pieceIndex: PieceIndex; readonly begin: number }>();

  /** Throws what `prepareDownload` throws. */
  static *begin(options: FetchOptions): Steps<FetchedTorrent> {
    const { album, folder, stateFolder, program, choose, watcher } = options;
    const { fs, jobs } = program;
    const store = new ResumeStore(stateFolder, fs);
    const isWanted = (file: TorrentFile) => filePriority(choose, file) !== unwanted;
    const prepared = yield* preparing(album.metainfo, folder, {
      memory: { store, pool: jobs },
      wanted: { isWanted, pool: jobs },
      ground: { fs, verify: (_metainfo, place) => start(hashAll(options, place)) },
    });
    watcher.onPrepared(prepared);
    return new FetchedTorrent(options, prepared, store);
  }

  private constructor(options: FetchOptions, prepared: PreparedDownload, store: ResumeStore) {
    const { album, program, choose, journalPace } = options;
    const { metainfo } = album;
    const { files, have, unforced } = prepared;
    this.prepared = prepared;
    this.#options = options;
    this.#choose = choose;
    this.#priorities = piecePriorities(metainfo, choose);
    this.#journal = new ResumeJournal(
      store,
      { infoHash: metainfo.infoHash, files, have, unforced },
      { timers: program.timers, pace: journalPace },
    );
    const memory = { allocate: newBuffer, write: () => {}, copy: () => {}, release: () => {} };
    const sink = (fact: Fact) => program.isOver || this.#onFact(fact);
    this.#disk = new FileDisk(memory, program.jobs, sink, program.fs, program.timers);
    this.#disk.watch.onReport = (report) => {
      if ((report.type === 'disk-trouble' || report.type === 'pieces-lost') && isHopeless(report.trouble))
        this.#giveUp(report.trouble.message);
    };
    const { geometry } = metainfo;
    const expected = expectedHashes(metainfo);
    this.#disk.add({ torrent, geometry, files, expected, journal: this.#journal });
    for (const i of geometry.pieces()) if ((have[i >> 3]! & (0x80 >> (i & 7))) !== 0) this.#have.add(i);
    this.#disk.finishComplete(torrent);
    this.#confirmSoon();
    this.#goOn();
  }

  get isComplete(): boolean {
    return this.#isComplete && this.#isAllHad && !this.#isOffline;
  }

  get choose(): FileChoice {
    return this.#choose;
  }

  isWanted(fileIndex: number): boolean {
    return filePriority(this.#choose, this.#options.album.metainfo.files[fileIndex]!) !== unwanted;
  }

  has(pieceIndex: PieceIndex): boolean {
    return this.#have.has(pieceIndex);
  }

  /** Whether a write into this file is under way or has just failed. */
  isWriting({ number }: Inode): boolean {
    const { files } = this.prepared;
    if (files.side?.place.seen?.inode === `${number}`) return true;
    return [...this.#underWay].some((i) =>
      files.placesOf(i).some(({ at }) => at.seen?.inode === `${number}`),
    );
  }

  /** The user selects other files. Throws as `select` of client/host/torrent-wishes.ts does. */
  select(choose: FileChoice): void {
    const { album, program } = this.#options;
    const clock = { nowMs: () => 0, wakeAt: () => {} };
    const world = { sink: this.#onFact, disk: this.#disk, clock };
    wishesOf(torrent, album.metainfo, this.prepared.files, world).select(choose);
    this.#choose = choose;
    program.after(0, () => {
      this.#isComplete &&= this.#isAllHad;
      if (!this.#isAllHad) this.#disk.watch.onMoreWanted(torrent);
      this.#confirmSoon();
    });
  }

  /** The program stops regularly, as in client.ts. */
  *stopping(isLast: boolean): Steps<void> {
    this.#isStopping = true;
    const isComplete = this.isComplete;
    this.#disk.remove(torrent);
    while (this.#options.program.jobs.underWay > 0) yield* this.#pause(5);
    yield* this.#journal.stopping();
    this.prepared.files.tidy(isLast && isComplete);
    yield* this.#disk.stopping();
  }

  *#pause(ms: number): Steps<void> {
    const over = new Outcome<void>();
    this.#options.program.after(ms, () => over.resolve());
    yield* waitFor(over);
  }

  #goOn(): void {
    const { random, program, paceMs } = this.#options;
    // A complete or offline download needs few calls.
    const waitMs = Math.max(paceMs, this.#isAllHad || this.#isOffline ? 200 : 0);
    program.after(1 + random.below(waitMs), () => {
      if (this.#isStopping) return;
      if (random.below(3) > 0) this.#storeOne();
      else this.#readOne();
      this.#goOn();
    });
  }

  #storeOne(): void {
    const { random, album } = this.#options;
    if (this.#isOffline || this.#underWay.size >= atOnceMax) return;
    const missing = [...album.metainfo.geometry.pieces()].filter(
      (i) => this.#priorities[i] !== unwanted && !this.#have.has(i) && !this.#underWay.has(i),
    );
    const pieceIndex = missing[random.below(Math.max(1, missing.length))];
    if (pieceIndex === undefined) return this.#confirmSoon();
    const buffer = newBuffer(album.metainfo.geometry.pieceBytes(pieceIndex));
    buffer.view.set(pieceOf(album, pieceIndex));
    // One piece in 16 is corrupt, as from a lying peer.
    if (random.below(16) === 0) {
      buffer.view[random.below(buffer.bytes)]! ^= 1;
      this.#lies.add(pieceIndex);
    }
    this.#underWay.add(pieceIndex);
    this.#disk.storePiece(torrent, pieceIndex, buffer, random.below(8) === 0);
  }

  #readOne(): void {
    const { random, album } = this.#options;
    const pieces = [...this.#have];
    const pieceIndex = pieces[random.below(Math.max(1, pieces.length))];
    if (pieceIndex === undefined || this.#isOffline) return;
    const whole = album.metainfo.geometry.pieceBytes(pieceIndex);
    const begin = random.below(whole);
    const bytes = 1 + random.below(whole - begin);
    const read = ++this.#reads;
    this.#readsOf.set(read, { pieceIndex, begin });
    this.#disk.readBlock(torrent, read, { pieceIndex, begin, bytes });
  }

  get #isAllHad(): boolean {
    return [...this.#options.album.metainfo.geometry.pieces()].every(
      (i) => this.#priorities[i] === unwanted || this.#have.has(i),
    );
  }

  #confirmSoon(): void {
    if (this.#isComplete || this.#isConfirming || !this.#isAllHad || this.#isStopping) return;
    this.#isConfirming = true;
    launch(this.#confirm());
  }

  *#confirm(): Steps<void> {
    const isInPlace = yield* this.#disk.watch.confirming(torrent);
    this.#isConfirming = false;
    if (!isInPlace || !this.#isAllHad) return;
    this.#isComplete = true;
    this.#options.watcher.onComplete(this);
  }

  #giveUp(message: string): void {
    const { watcher, program } = this.#options;
    if (!this.#isStopping) program.after(0, () => watcher.onHopeless(message));
  }

  readonly #onFact = (fact: Fact): void => {
    const { watcher, program } = this.#options;
    if ('trouble' in fact) watcher.onTrouble(`${fact.type}: ${fact.trouble.message}`);
    switch (fact.type) {
      case 'piece-stored':
        this.#underWay.delete(fact.pieceIndex);
        this.#have.add(fact.pieceIndex);
        return watcher.onStored(fact.pieceIndex, this);
      case 'piece-corrupt':
        this.#underWay.delete(fact.pieceIndex);
        if (!this.#lies.delete(fact.pieceIndex))
          watcher.onTrouble(`piece ${fact.pieceIndex}: right, and called corrupt`);
        return;
      case 'piece-unstorable': {
        const { pieceIndex, trouble } = fact;
        if (isHopeless(trouble)) this.#giveUp(trouble.message);
        program.after(retryMs, () => this.#underWay.delete(pieceIndex));
        return;
      }
      case 'pieces-lost':
        for (const pieceIndex of fact.pieces) this.#have.delete(pieceIndex);
        this.#isComplete = false;
        if (isHopeless(fact.trouble)) this.#giveUp(fact.trouble.message);
        return;
      case 'content-offline':
        this.#isOffline = true;
        return;
      case 'content-online':
        this.#isOffline = false;
        return;
      case 'pieces-selected':
        this.#priorities = fact.priorities;
        return;
      case 'block-read': {
        const { pieceIndex, begin } = this.#readsOf.get(fact.read)!;
        this.#readsOf.delete(fact.read);
        watcher.onRead(pieceIndex, begin, fact.bytes);
        this.#disk.onBlockSent(fact.bytes);
        return;
      }
      default:
        return;
    }
  };
}

function newBuffer(bytes: number): SharedPieceBuffer {
  return new SharedPieceBuffer(Buffer.from(new SharedArrayBuffer(bytes)), false);
}

/** Hashes every piece, as torrents/verify.ts does with threads of its own. */
function* hashAll(
  { album: { metainfo }, program }: FetchOptions,
  place: (file: TorrentFile) => string | undefined,
): Steps<{ readonly have: Uint8Array }> {
  const { geometry, layout } = metainfo;
  const have = new Uint8Array(Math.ceil(geometry.pieceCount / 8));
  const segmentsOf = (pieceIndex: PieceIndex) =>
    layout
      .segments(geometry.pieceOffset(pieceIndex), geometry.pieceBytes(pieceIndex))
      .flatMap((segment, i, all) => {
        const file = layout.files[segment.fileIndex]!;
        const offset = all.slice(0, i).reduce((sum, { bytes }) => sum + bytes, 0);
        if (file.isPad) return [];
        return [{ path: place(file) ?? '/nowhere', position: segment.offset, bytes: segment.bytes, offset }];
      });
  const checked = { geometry, expected: expectedHashes(metainfo) };
  yield* checkPieces([...geometry.pieces()], { ...checked, segmentsOf, pool: program.jobs }, (pieceIndex) => {
    have[pieceIndex >> 3]! |= 0x80 >> (pieceIndex & 7);
  });
  return { have };
}
