/** Does something a few times a second while something else goes on: the heartbeat of every live line. */

/** Looks at once, then every `everyMs`, until the promise settles; answers what it settles with. */
export async function watch<T>(underWay: Promise<T>, everyMs: number, look: () => void): Promise<T> {
  look();
  const timer = setInterval(look, everyMs);
  try {
    return await underWay;
  } finally {
    clearInterval(timer);
  }
}
