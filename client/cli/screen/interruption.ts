/**
 * Ctrl-C. The first one asks the command under way to end cleanly: trackers are told, files are closed. The second one
 * ends the program at once, and is the system's own to answer: it works when the program is too busy to hear it.
 */
import process from 'node:process';

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

/** Resolves when it is time to stop. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
