/**
 * Reads tags in a child process, one file at a time, and ends the child when a file takes too long or too much memory.
 *
 * Invariant: read() always answers, in not much more than fileTimeoutMs once the child is up, and nothing that a file holds can stop us. After
 * stop() no child runs. A child that was ended is replaced when the next file is read.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import process from 'node:process';
import { type CoverImage, coverImage } from './covers/cover-image.ts';
import type { ScaleRequest, TagAnswer, TagRequest } from './tag-child.ts';
import { type TrackTags, trackTags } from './track-tags.ts';

/** Why a file has no tags: it holds no sound, its parser refused it, or had to be ended. */
export type TagFault = 'not-audio' | 'unreadable' | 'timed-out' | 'too-large' | 'crashed';

/** Why a picture is no cover: too many bytes or pixels, or no picture that its decoder can read. */
export type CoverFault = 'cover-too-large' | 'cover-unreadable';

export interface TagReader {
  /** One call at a time. */
  read(path: string, wantCovers: boolean): Promise<TrackTags | TagFault>;
  /** The picture at `path`, or the first large one in its tags, made fit for a catalogue. */
  scaleCover(path: string, from: ScaleRequest['scale']): Promise<CoverImage | CoverFault>;
  stop(): void;
}

export interface TagLimits {
  readonly fileTimeoutMs?: number | undefined;
  /** Of the child, all in all; it needs about 70 MiB for itself. */
  readonly memoryBytesMax?: number | undefined;
}

/** The parsers take 2 to 20 ms; a disk that has to wake up, seconds. */
const fileTimeoutMsDefault = 5_000;
/** To start a program on a machine that has much else to do: no file's fault. */
const startTimeoutMs = 30_000;
/** A FLAC with a booklet of 16 MB in it, read, joined and sent, fits twice. */
const memoryBytesMaxDefault = 320 * 2 ** 20;
/** 25 million pixels take 1 to 3 s on a machine that has nothing else to do. */
const scaleTimeoutMs = 20_000;
/** They take 360 MB, and the child 80 for itself. */
const scaleMemoryBytesMax = 512 * 2 ** 20;
/** What the parsers keep in objects is small; pictures lie outside of this heap. */
const heapMb = 96;
/** A parser gone wild touches some 2 GB a second. */
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
    // While nobody waits for it, it must not keep a finished program alive.
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
        // It may be in a loop, in which no other signal is heard.
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
      // What cannot be sent goes to a child that has ended.
      one.send(request, (error) => error && onEnd());
    });
  };
  return { read, scaleCover, stop };
}

interface Child {
  readonly process: ChildProcess;
  /** False when it did not come up. */
  readonly isReady: Promise<boolean>;
}

function startChild(): Child {
  // The published package is compiled: the child's file lies beside this one under the same extension.
  const script = new URL(`./tag-child${extname(import.meta.url)}`, import.meta.url);
  const child = fork(script, {
    // No secrets in the environment, no writing, no programs: what a file could make of the child stays there.
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

/** Or never began. */
function hasEnded({ pid, killed, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || killed || exitCode !== null || signalCode !== null;
}

/** Where the system does not tell, the heap's limit has to do. */
function residentBytes(processId: number | undefined): number {
  if (process.platform !== 'linux' || processId === undefined) return 0;
  try {
    return Number(readFileSync(`/proc/${processId}/statm`, 'latin1').split(' ')[1]) * pageBytes;
  } catch {
    return 0;
  }
}

/** On the machines we know of; where pages are larger, the limit is that much higher. */
const pageBytes = 4096;
