/**
 * Ctrl-C. The first one asks the running command to end cleanly: it announces to trackers and closes files.
 * The second one has the system's default effect and ends the program at once, even when it is too busy to
 * handle a signal.
 */
import process from 'node:process';

/** The user pressed Ctrl-C, or the system asked the program to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly code = 'interrupted';

  constructor(message = 'stopped before it was finished') {
    super(message);
  }
}

/**
 * npm and our launcher forward the Ctrl-C that the terminal has sent to all processes: two within 150 ms are
 * one.
 */
const sameKeyMs = 150;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
let controller: AbortController | undefined;

/**
 * Aborted by the first Ctrl-C, with an Interrupted. A command that never calls this ends at once, as usual.
 */
export function interruption(): AbortSignal {
  if (controller !== undefined) return controller.signal;
  const { signal } = (controller = new AbortController());
  const onSignal = () => {
    if (signal.aborted) return;
    setTimeout(letGo, sameKeyMs).unref();
    controller?.abort(new Interrupted());
  };
  const letGo = () => {
    for (const name of signals) process.off(name, onSignal);
  };
  for (const name of signals) process.on(name, onSignal);
  return signal;
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
