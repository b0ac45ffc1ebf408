/** Calls a function several times a second while a promise is pending: it drives every live line. */

/** Calls `look` at once, then every `everyMs`, until the promise settles; returns its result. */
export async function watch<T>(underWay: Promise<T>, everyMs: number, look: () => void): Promise<T> {
  look();
  const timer = setInterval(look, everyMs);
  try {
    return await underWay;
  } finally {
    clearInterval(timer);
  }
}
