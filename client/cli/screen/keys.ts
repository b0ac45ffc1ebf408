/**
 * Keys of a command that runs in a terminal. Nothing changes where there is none, where nothing may be said, or when the
 * command runs in the background: a program that touches its terminal there is stopped by the system.
 *
 * Invariant: the terminal is as it was when the command ends or is suspended. Ctrl-C, Ctrl-\ and Ctrl-Z do what they always
 * do, for all programs of the job; behind the first Ctrl-C the system answers them again, however busy we are.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import type { Output } from './output.ts';

export type Keys = Readonly<Record<string, () => void>>;

/** What a terminal would have made of these keys itself. */
const signals: Readonly<Record<string, NodeJS.Signals>> = {
  '\x03': 'SIGINT',
  '\x1c': 'SIGQUIT',
  '\x1a': 'SIGTSTP',
};

export interface KeyTerminal {
  readonly stdin: {
    setRawMode(isRaw: boolean): unknown;
    on(event: 'data', listener: (keys: Buffer) => void): unknown;
    off(event: 'data', listener: (keys: Buffer) => void): unknown;
    resume(): unknown;
    pause(): unknown;
  };
  /** Whether the terminal is ours at the moment. */
  readonly isForeground: () => boolean;
  /** To all programs of the job, as from the terminal. */
  readonly send: (signal: NodeJS.Signals) => void;
  readonly onContinued: (listener: () => void) => () => void;
}

/** While `underWay` is; answers what that settles with. `onListening`: there is somebody who may press one. */
export async function withKeys<T>(
  output: Output,
  keys: Keys,
  underWay: () => Promise<T>,
  onListening: () => void,
): Promise<T> {
  const canListen = output.isLive && process.stdin.isTTY && systemTerminal.isForeground();
  const stop = canListen ? listenToKeys(keys, systemTerminal) : () => {};
  try {
    if (canListen) onListening();
    return await underWay();
  } finally {
    stop();
  }
}

/** Until the answered function is called, or a signal was sent that ends us. */
export function listenToKeys(keys: Keys, terminal: KeyTerminal): () => void {
  const { stdin } = terminal;
  let isListening = false;
  const onData = (data: Buffer) => {
    // An arrow key is three characters that begin with Escape: none of them is meant by itself.
    const text = data.toString('latin1');
    if (text.startsWith('\x1b')) return;
    for (const key of text) {
      const signal = signals[key];
      if (signal === undefined) keys[key.toLowerCase()]?.();
      else {
        pause();
        terminal.send(signal);
        // What has only suspended us lets us go on.
        if (signal !== 'SIGTSTP') stop();
        return;
      }
    }
  };
  const pause = () => {
    if (!isListening) return;
    isListening = false;
    stdin.off('data', onData);
    stdin.pause();
    stdin.setRawMode(false);
  };
  const listen = () => {
    if (isListening || !terminal.isForeground()) return;
    isListening = true;
    stdin.setRawMode(true);
    stdin.on('data', onData);
    stdin.resume();
  };
  const offContinued = terminal.onContinued(listen);
  const stop = () => {
    offContinued();
    pause();
  };
  listen();
  return stop;
}

const systemTerminal: KeyTerminal = {
  get stdin() {
    return process.stdin;
  },
  isForeground,
  send(signal) {
    // Windows has no jobs, and its process.kill would end us without a word.
    if (process.platform === 'win32') process.emit(signal);
    else process.kill(0, signal);
  },
  onContinued(listener) {
    if (process.platform === 'win32') return () => {};
    process.on('SIGCONT', listener);
    return () => process.off('SIGCONT', listener);
  },
};

/** The terminal's job is ours. When that cannot be told, it is not: keys are a convenience. */
function isForeground(): boolean {
  try {
    if (process.platform === 'win32') return true;
    if (process.platform === 'linux') return isForegroundIn(readFileSync('/proc/self/stat', 'latin1'));
    return execFileSync('ps', ['-o', 'stat=', '-p', String(process.pid)], { timeout: 1_000 }).includes('+');
  } catch {
    return false;
  }
}

/** A line of /proc/PID/stat: behind the name in brackets come state, parent, group, session, terminal, and its group. */
export function isForegroundIn(stat: string): boolean {
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group !== undefined && group === foreground;
}
