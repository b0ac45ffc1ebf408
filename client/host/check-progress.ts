/** Reports the progress of a check of pieces, with its estimated end. */
import type { HashControl } from '../../torrents/hashing/engine.ts';

/**
 * The answer is to be called with the bytes of each checked piece. Without `onProgress`, no clock is read.
 */
export function progressTo(
  onProgress: HashControl['onProgress'],
  totalBytes: number,
): (pieceBytes: number) => void {
  if (onProgress === undefined) return () => {};
  const startedMs = performance.now();
  let bytes = 0;
  return (pieceBytes) => {
    bytes += pieceBytes;
    const bytesPerSecond = Math.round((bytes * 1000) / Math.max(1, performance.now() - startedMs));
    const etaSeconds = bytesPerSecond === 0 ? undefined : Math.ceil((totalBytes - bytes) / bytesPerSecond);
    onProgress({ bytes, totalBytes, bytesPerSecond, etaSeconds });
  };
}
