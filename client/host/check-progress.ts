/** Tells how far a check of pieces has come, and when it will be done. */
import type { HashControl } from '../../torrents/hashing/engine.ts';

/** To be called with the bytes of each piece that was checked. Without somebody to tell, no clock is asked. */
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
