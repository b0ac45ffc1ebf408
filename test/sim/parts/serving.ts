/** Parts that serve peers: request queues, blocks read for them, and unflushed bytes. */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Context } from '../../../client/engine/context.ts';
import type { Action } from '../../../client/engine/contract.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { BlockServer } from '../../../client/engine/serving/block-server.ts';
import { UploadQueue } from '../../../client/engine/serving/upload-queue.ts';
import type { Block, PieceIndex } from '../../../torrents/geometry.ts';
import { differ, limitsWith, type Part, rarely, sessionOf } from './part.ts';

const blockBytes = 16_384;

/** Few places and sizes, so that many blocks are requested twice. */
function drawBlock(random: Prng): Block {
  const bytes = [blockBytes, 300, 5_000][random.below(3)]!;
  return { pieceIndex: random.below(3) as PieceIndex, begin: blockBytes * random.below(3), bytes } as Block;
}

const textOf = ({ pieceIndex, begin, bytes }: Block) => `${pieceIndex}/${begin}/${bytes}`;
/** A small block costs as much as a kilobyte. */
const costOf = ({ bytes }: Block) => Math.max(1_024, bytes);
const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

interface Wish {
  readonly block: Block;
  read: number | undefined;
}

/** A model of an upload queue. */
class Wishes {
  list: Wish[] = [];
  unread = 0;
  unreadPayload = 0;
  flushed = 0;
  taken = 0;
  takenMs: number | undefined;
  movedMs = 0;

  get waiting(): Wish[] {
    return this.list.filter(({ read }) => read === undefined);
  }

  get reading(): Wish[] {
    return this.list.filter(({ read }) => read !== undefined);
  }

  get pendingBytes(): number {
    return this.unread + sumOf(this.reading.map(({ block }) => costOf(block)));
  }

  take(isTaken: (wish: Wish) => boolean): Block[] {
    const taken = this.list.filter(isTaken);
    this.list = this.list.filter((wish) => !isTaken(wish));
    return taken.map(({ block }) => block);
  }

  send(bytes: number, payload: number, nowMs: number): void {
    if (this.unread === 0) this.movedMs = nowMs;
    this.unread += bytes;
    this.unreadPayload += payload;
  }

  /** Flushed bytes count as payload first, as long as any is unflushed. */
  flush(bytes: number, nowMs: number): void {
    this.flushed += bytes;
    this.unread -= bytes;
    this.movedMs = nowMs;
    const payload = Math.min(bytes, this.unreadPayload);
    this.unreadPayload -= payload;
    this.taken += payload;
    if (this.taken < blockBytes) return;
    this.taken = 0;
    this.takenMs = nowMs;
  }
}

function judgeQueue(queue: UploadQueue, wishes: Wishes, windowBytes: number, nowMs: number, stuckMs: number) {
  const { unread, unreadPayload, waiting, list, pendingBytes, flushed, takenMs, movedMs } = wishes;
  const next = pendingBytes < windowBytes ? waiting[0]?.block : undefined;
  return (
    differ('requests that wait', queue.waitingCount, waiting.length) ??
    differ('requests that are owed', queue.pendingCount, list.length) ??
    differ('bytes unread', queue.unflushedBytes, unread) ??
    differ('bytes under way', queue.pendingBytes, pendingBytes) ??
    differ('bytes taken', queue.flushedBytes, flushed) ??
    differ('idle', queue.isIdle, waiting.length === 0 && pendingBytes === 0) ??
    differ('serving', queue.isServing, list.length > 0 || unreadPayload > 0) ??
    differ('stuck', queue.isStuck(nowMs, stuckMs), unreadPayload > 0 && nowMs - movedMs >= stuckMs) ??
    differ('a block was taken at', queue.takenMs < 0 ? undefined : queue.takenMs, takenMs) ??
    differ('is read next', queue.next && textOf(queue.next), next && textOf(next))
  );
}

function playQueue(random: Prng): string | undefined {
  const uploadQueueMax = 1 + random.below(6);
  const uploadWindowBytes = 1_024 + random.below(60_000);
  const stuckMs = 1 + random.below(3_000);
  const queue = new UploadQueue(limitsWith({ uploadQueueMax, uploadWindowBytes }));
  const wishes = new Wishes();
  let [nowMs, reads] = [1, 0];
  for (let step = 0; step < 60; step++) {
    nowMs += random.below(1_000);
    const block = drawBlock(random);
    let wrong: string | undefined;
    switch (random.below(7)) {
      case 0:
      case 1: {
        const isFull = wishes.waiting.length >= uploadQueueMax;
        const isThere = wishes.list.some((wish) => textOf(wish.block) === textOf(block));
        wrong = differ(`takes ${textOf(block)}`, queue.add(block), !isFull);
        if (!isFull && !isThere) wishes.list.push({ block, read: undefined });
        break;
      }
      case 2: {
        const taken = wishes.take((wish) => textOf(wish.block) === textOf(block));
        wrong = differ(`cancels ${textOf(block)}`, queue.cancel(block), taken.length > 0);
        break;
      }
      case 3: {
        if (queue.next === undefined) break;
        queue.onReading(++reads);
        wishes.waiting[0]!.read = reads;
        break;
      }
      case 4: {
        const read = 1 + random.below(reads + 1);
        const [taken] = wishes.take((wish) => wish.read === read);
        const block = queue.onRead(read);
        wrong = differ(`read ${read}`, block && textOf(block), taken && textOf(taken));
        if (block === undefined) break;
        queue.onSent(13 + block.bytes, block.bytes, nowMs);
        wishes.send(13 + block.bytes, block.bytes, nowMs);
        break;
      }
      case 5: {
        if (rarely(random, 2)) {
          const bytes = 5 + random.below(20);
          queue.onSent(bytes, 0, nowMs);
          wishes.send(bytes, 0, nowMs);
        }
        const bytes = random.below(rarely(random, 2) ? wishes.unread + 1 : 1 + (wishes.unread >> 2));
        queue.onFlushed(bytes, nowMs);
        wishes.flush(bytes, nowMs);
        break;
      }
      case 6: {
        if (!rarely(random, 3)) break;
        const isAll = rarely(random, 2);
        const dropped = isAll ? queue.clear() : queue.dropPieces((index) => index === block.pieceIndex);
        const expected = wishes.take((wish) => isAll || wish.block.pieceIndex === block.pieceIndex);
        wrong = differ('dropped', dropped.map(textOf).join(), expected.map(textOf).join());
      }
    }
    wrong ??= judgeQueue(queue, wishes, uploadWindowBytes, nowMs, stuckMs);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** A peer that sends requests, and the answers to it. */
class Asker {
  amChoking = false;
  gone = false;
  hasAsked = false;
  readonly told: string[] = [];
  readonly connection: number;
  readonly fast: boolean;
  readonly uploads: UploadQueue;

  constructor(connection: number, fast: boolean, uploads: UploadQueue) {
    this.connection = connection;
    this.fast = fast;
    this.uploads = uploads;
  }

  onAsked(block: Block): boolean {
    this.hasAsked = true;
    return this.uploads.add(block);
  }

  sendReject(block: Block): void {
    this.told.push(`reject ${textOf(block)}`);
  }

  sendBlock(block: Block, payload: Uint8Array): void {
    this.told.push(`block ${textOf(block)}`);
    this.uploads.onSent(13 + payload.length, payload.length, 0);
  }
}

/** The block server beside a list of pending requests: each request is answered once, in order. */
function playServer(random: Prng): string | undefined {
  const uploadQueueMax = 1 + random.below(5);
  const limits = limitsWith({
    uploadQueueMax,
    uploadWindowBytes: 60_000,
    diskRetryMs: 500 + random.below(2_000),
  });
  const have = new Set([0, 1]);
  const actions: Action[] = [];
  let granted = 0;
  const rate = {
    take(bytes: number): boolean {
      if (rarely(random, 4)) return false;
      granted += bytes;
      return true;
    },
  };
  let [nowMs, reads, retryMs, uploaded] = [60_000, 0, 0, 0];
  const context = {
    limits,
    uploadRate: rate,
    throttled: new Set<number>(),
    newRead: () => ++reads,
    emit: (action: Action) => actions.push(action),
    get nowMs() {
      return nowMs;
    },
  };
  const server = new BlockServer(1, (index) => have.has(index), context as unknown as Context);
  const asker = new Asker(1, !rarely(random, 3), new UploadQueue(limits));
  const session = sessionOf(asker) as PeerSession;
  const unreadable = new Set<number>();
  let reading: { read: number; block: Block; isOwed: boolean }[] = [];
  let code: string | undefined;
  let owed: Block[] = [];
  /**
   * The request is answered. A block still being read for it is sent to no peer, even when it is requested
   * again.
   */
  const settle = (isSettled: (block: Block) => boolean) => {
    owed = owed.filter((other) => !isSettled(other));
    reading = reading.map((one) => (isSettled(one.block) ? { ...one, isOwed: false } : one));
  };
  for (let step = 0; step < 40; step++) {
    nowMs += random.below(400);
    const block = drawBlock(random);
    const { pieceIndex } = block;
    const expected: string[] = [];
    let wrong: string | undefined;
    const act = random.below(8);
    if (act <= 2) {
      const isRefused = asker.amChoking || !have.has(pieceIndex) || unreadable.has(pieceIndex);
      const isFull = asker.uploads.waitingCount >= uploadQueueMax;
      const isThere = owed.some((other) => textOf(other) === textOf(block));
      const violation = server.onRequest(session, block);
      const isCrime = !isRefused && isFull && !asker.fast;
      wrong = differ('says of a request', violation, isCrime ? 'too-many-requests' : undefined);
      if (isRefused || (isFull && asker.fast)) expected.push(`reject ${textOf(block)}`);
      else if (!isFull && !isThere) owed.push(block);
      if (!isRefused) wrong ??= differ('has asked', asker.hasAsked, true);
    } else if (act === 3) {
      const isThere = owed.some((other) => textOf(other) === textOf(block));
      server.onCancel(session, block);
      // As the engine does after every message of a peer.
      server.pump(session);
      if (isThere) expected.push(`reject ${textOf(block)}`);
      settle((other) => textOf(other) === textOf(block));
    } else if (act === 4 || act === 5) {
      const [read] = reading.splice(random.below(Math.max(1, reading.length)), 1);
      if (read !== undefined) {
        const { isOwed } = read;
        if (isOwed) settle((other) => textOf(other) === textOf(read.block));
        if (act === 4) {
          if (isOwed) expected.push(`block ${textOf(read.block)}`);
          if (isOwed) uploaded += read.block.bytes;
          server.onRead(read.read, new Uint8Array(read.block.bytes));
          code = undefined;
        } else {
          const trouble = { code: ['EIO', 'ENOENT'][random.below(2)]!, message: '' };
          if (isOwed) expected.push(`reject ${textOf(read.block)}`);
          if (isOwed) unreadable.add(read.block.pieceIndex);
          wrong = differ('is news', server.onUnreadable(read.read, trouble, nowMs), trouble.code !== code);
          code = trouble.code;
          retryMs = nowMs + limits.diskRetryMs;
        }
      }
    } else if (act === 6) {
      server.tick(nowMs, 100);
      if (nowMs >= retryMs) unreadable.clear();
      if (asker.uploads.unflushedBytes > 0) asker.uploads.onFlushed(asker.uploads.unflushedBytes, nowMs);
      context.throttled.clear();
      server.pump(session);
    } else if (rarely(random, 3)) {
      const lost = new Set([pieceIndex]);
      for (const dropped of owed.filter((other) => other.pieceIndex === pieceIndex))
        expected.push(`reject ${textOf(dropped)}`);
      settle((other) => other.pieceIndex === pieceIndex);
      server.onLost([session], lost);
    }
    for (const action of actions.splice(0)) {
      if (action.type !== 'read-block') continue;
      reading.push({ read: action.read, block: action.block, isOwed: true });
      granted -= action.block.bytes;
    }
    wrong ??=
      differ('told', asker.told.splice(0).join(', '), expected.join(', ')) ??
      differ('requests owed', asker.uploads.pendingCount, owed.length) ??
      differ('bytes uploaded', server.up.total, uploaded) ??
      differ('trouble', server.trouble?.code, code) ??
      differ('reads', server.readCount, reading.length) ??
      differ('bytes granted by the rate limit and not read', granted, 0) ??
      // If a peer has room for a block, only the rate limit may delay it.
      (asker.uploads.next === undefined || context.throttled.has(1)
        ? undefined
        : 'forgets a request that waits');
    if (wrong !== undefined) return wrong;
    if (asker.uploads.next === undefined) context.throttled.clear();
  }
  return undefined;
}

export const serving: readonly Part[] = [
  { name: 'upload queue', play: playQueue },
  { name: 'block server', play: playServer },
];
