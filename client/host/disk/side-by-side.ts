/** Does something with each of many things, a few at a time, in their order. */

/** Rejects with the first error, when none is under way any more; what had not begun by then is left. */
export async function sideBySide<T>(
  things: Iterable<T>,
  most: number,
  work: (thing: T) => Promise<void>,
): Promise<void> {
  const left = things[Symbol.iterator]();
  let hasFailed = false;
  const lane = async () => {
    for (let next = left.next(); !hasFailed && next.done !== true; next = left.next()) {
      try {
        await work(next.value);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: most }, lane));
  for (const result of lanes) if (result.status === 'rejected') throw result.reason;
}
