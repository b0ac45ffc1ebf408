/**
 * Reads tags in a child process, one file at a time, and kills the child if a file takes too much time or
 * memory.
 *
 * Invariant: read() always answers, in little more than fileTimeoutMs once the child has started. No file can
 * stop this process. After stop() no child runs. A killed child is replaced when the next file is read.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import process from 'node:process';
import { type CoverImage, coverImage } from './covers/cover-image.ts';
import type { ScaleRequest, TagAnswer, TagRequest } from './tag-child.ts';
import { type TrackTags, trackTags } from './track-tags.ts';

/** Why a file has no tags: it is not audio, its parser refused it, or the child was killed or crashed. */
export type TagFault = 'not-audio' | 'unreadable' | 'timed-out' | 'too-large' | 'crashed';

/** Why a picture is not a cover: too many bytes or pixels, or the decoder cannot read it. */
export type CoverFault = 'cover-too-large' | 'cover-unreadable';

export interface TagReader {
  /** Only one call may run at a time. */
  read(path: string, wantCovers: boolean): Promise<TrackTags | TagFault>;
  /** Scales the picture at `path`, or the first large picture in its tags, to the size of a cover. */
  scaleCover(path: string, from: ScaleRequest['scale']): Promise<CoverImage | CoverFault>;
  stop(): void;
}

export interface TagLimits {
  readonly fileTimeoutMs?: number | undefined;
  /** The limit for the whole child process, which needs about 70 MiB itself. */
  readonly memoryBytesMax?: number | undefined;
}

/** The parsers take 2 to 20 ms. A disk that has to spin up takes seconds. */
const fileTimeoutMsDefault = 5_000;
/** Starting a program can take long on a busy machine. It does not count against a file. */
const startTimeoutMs = 30_000;
/** Twice what a FLAC with a booklet of 16 MB takes while it is read, joined and sent. */
const memoryBytesMaxDefault = 320 * 2 ** 20;
/** Scaling 25 million pixels takes 1 to 3 s on an idle machine. */
const scaleTimeoutMs = 20_000;
/** Decoded, they take 360 MB. The child needs 80 MB itself. */
const scaleMemoryBytesMax = 512 * 2 ** 20;
/** The parsers keep few objects. Pictures lie outside this heap. */
const heapMb = 96;
/** A runaway parser fills about 2 GB per second. */
const memoryLookMs = 50;

type Answer = TagAnswer | Uint8Array | TagFault;

export function openTagReader(limits: TagLimits = {}): TagReader {
  const { fileTimeoutMs = fileTimeoutMsDefault, memoryBytesMax = memoryBytesMaxDefault } = limits;
  let child: Child | undefined;

  const stop = () => {
    child?.process.kill('SIGKILL');
    child = undefined;
  };
  const request = async (asked: TagRequest | ScaleRequest): Promise<Answer> => {
    if (child !== undefined && hasEnded(child.process)) child = undefined;
    const { process: one, isReady } = (child ??= startChild());
    one.ref();
    one.channel?.ref();
    const result = (await isReady) ? await ask(one, asked) : 'crashed';
    // An idle child must not keep a finished program alive.
    one.unref();
    one.channel?.unref();
    return result;
  };
  const read = async (path: string, wantCovers: boolean): Promise<TrackTags | TagFault> => {
    const answer = await request({ path, wantCovers });
    if (answer === null) return 'unreadable';
    return typeof answer === 'string' ? answer : trackTags(answer as Readonly<Record<string, unknown>>);
  };
  const scaleCover: TagReader['scaleCover'] = async (path, from) => {
    const answer: unknown = await request({ path, scale: from });
    const image = answer instanceof Uint8Array ? coverImage(new Uint8Array(answer)) : undefined;
    return image ?? (answer === 'too-large' ? 'cover-too-large' : 'cover-unreadable');
  };
  const ask = (one: ChildProcess, request: TagRequest | ScaleRequest): Promise<Answer> => {
    const [timeoutMs, bytesMax] =
      'scale' in request
        ? [Math.max(fileTimeoutMs, scaleTimeoutMs), Math.max(memoryBytesMax, scaleMemoryBytesMax)]
        : [fileTimeoutMs, memoryBytesMax];
    return new Promise((resolve) => {
      const settle = (result: Answer) => {
        clearTimeout(deadline);
        clearInterval(watch);
        one.off('message', onMessage).off('exit', onEnd).off('error', onEnd);
        resolve(result);
      };
      const end = (fault: TagFault) => {
        // SIGKILL, which even a child in an endless loop cannot ignore.
        one.kill('SIGKILL');
        settle(fault);
      };
      const onMessage = (message: unknown) => {
        const isAnswer = typeof message === 'object' || message === 'not-audio' || message === 'too-large';
        settle(isAnswer ? (message as TagAnswer) : null);
      };
      const onEnd = () => end('crashed');
      const deadline = setTimeout(() => end('timed-out'), timeoutMs);
      const watch = setInterval(() => {
        if (residentBytes(one.pid) > bytesMax) end('too-large');
      }, memoryLookMs);
      one.on('message', onMessage).on('exit', onEnd).on('error', onEnd);
      // A message that cannot be sent means that the child has ended.
      one.send(request, (error) => error && onEnd());
    });
  };
  return { read, scaleCover, stop };
}

interface Child {
  readonly process: ChildProcess;
  /** False if the child failed to start. */
  readonly isReady: Promise<boolean>;
}

function startChild(): Child {
  // The published package is compiled: the child's file lies beside this file and has the same extension.
  const script = new URL(`./tag-child${extname(import.meta.url)}`, import.meta.url);
  const child = fork(script, {
    // No secrets in the environment, no writing, no programs: a file that takes over the child can do no more
    // harm.
    env: {},
    execArgv: [
      `--max-old-space-size=${heapMb}`,
      '--permission',
      '--allow-fs-read=*',
      '--disallow-code-generation-from-strings',
    ],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const isReady = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), startTimeoutMs);
    const settle = (ready: boolean) => {
      clearTimeout(timer);
      resolve(ready);
    };
    child.once('message', () => settle(true));
    child.once('exit', () => settle(false));
    child.on('error', () => settle(false));
  });
  return { process: child, isReady };
}

/** True also for a child that never started. */
function hasEnded({ pid, killed, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || killed || exitCode !== null || signalCode !== null;
}

/** Bytes in memory. 0 if the system does not tell: then only the heap limit applies. */
function residentBytes(processId: number | undefined): number {
  if (process.platform !== 'linux' || processId === undefined) return 0;
  try {
    return Number(readFileSync(`/proc/${processId}/statm`, 'latin1').split(' ')[1]) * pageBytes;
  } catch {
    return 0;
  }
}

/** The page size of all known machines. With larger pages the limit is higher by that factor. */
const pageBytes = 4096;
