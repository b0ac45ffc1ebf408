/**
 * Ctrl-C. The first one asks the command under way to end cleanly: trackers are told, files are closed. The second one
 * ends the program at once.
 */
import process from 'node:process';
import { exitCode } from './exit-codes.ts';

/** Somebody pressed Ctrl-C, or the system asked us to go. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly code = 'interrupted';

  constructor(message = 'stopped before it was finished') {
    super(message);
  }
}

/** npm and our launcher pass on the very Ctrl-C that the terminal has sent to all of us: so close together it is one. */
const sameKeyMs = 150;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
let controller: AbortController | undefined;

/** Aborted by the first Ctrl-C, with an Interrupted. Commands that never ask for it end at once, as usual. */
export function interruption(): AbortSignal {
  if (controller !== undefined) return controller.signal;
  const { signal } = (controller = new AbortController());
  let firstMs = 0;
  const onSignal = () => {
    if (!signal.aborted) {
      firstMs = performance.now();
      controller?.abort(new Interrupted());
    } else if (performance.now() - firstMs > sameKeyMs) process.exit(exitCode.stopped);
  };
  for (const name of signals) process.on(name, onSignal);
  return signal;
}

/** Resolves when it is time to stop. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
