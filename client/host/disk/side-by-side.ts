/** Processes many items in order, a few at a time. */

/** Rejects with the first error once no work is under way. Items that had not begun by then are skipped. */
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
