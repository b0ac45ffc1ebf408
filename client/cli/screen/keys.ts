/**
 * Keys of a command that runs in a terminal. Keys are off without a terminal, when nothing may be printed,
 * and in the background: the system stops a background program that changes its terminal.
 *
 * Invariant: the terminal's mode is restored when the command ends or is suspended. Ctrl-C, Ctrl-\ and Ctrl-Z
 * work as usual, for all programs of the job; after the first Ctrl-C the terminal handles them again, however
 * busy this program is.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import type { Output } from './output.ts';

export type Keys = Readonly<Record<string, () => void>>;

/** The signals that a terminal sends for these keys. */
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
  /** Whether this job has the terminal now. */
  readonly isForeground: () => boolean;
  /** Sends a signal to all programs of the job, as the terminal does. */
  readonly send: (signal: NodeJS.Signals) => void;
  readonly onContinued: (listener: () => void) => () => void;
}

/** Listens to keys until `underWay` settles; returns its result. `onListening`: keys can be pressed now. */
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

/** Listens until the returned function is called, or a key's signal ends the program. */
export function listenToKeys(keys: Keys, terminal: KeyTerminal): () => void {
  const { stdin } = terminal;
  let isListening = false;
  const onData = (data: Buffer) => {
    // An arrow key sends three characters that begin with Escape: none of them is a key of its own.
    const text = data.toString('latin1');
    if (text.startsWith('\x1b')) return;
    for (const key of text) {
      const signal = signals[key];
      if (signal === undefined) keys[key.toLowerCase()]?.();
      else {
        pause();
        terminal.send(signal);
        // SIGTSTP only suspends: keys work again afterwards.
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
    // Windows has no jobs, and process.kill would end this program without its cleanup.
    if (process.platform === 'win32') process.emit(signal);
    else process.kill(0, signal);
  },
  onContinued(listener) {
    if (process.platform === 'win32') return () => {};
    process.on('SIGCONT', listener);
    return () => process.off('SIGCONT', listener);
  },
};

/** Whether this job has the terminal. False when that is unknown: keys are a convenience. */
function isForeground(): boolean {
  try {
    if (process.platform === 'win32') return true;
    if (process.platform === 'linux') return isForegroundIn(readFileSync('/proc/self/stat', 'latin1'));
    return execFileSync('ps', ['-o', 'stat=', '-p', String(process.pid)], { timeout: 1_000 }).includes('+');
  } catch {
    return false;
  }
}

/**
 * Reads a line of /proc/PID/stat: after the name in brackets come state, parent, process group, session,
 * terminal, and the terminal's foreground group.
 */
export function isForegroundIn(stat: string): boolean {
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group !== undefined && group === foreground;
}
