/** An info-hash as a key of a Map: a character for each byte. */
export function infoHashKey(infoHash: Uint8Array): string {
  let text = '';
  for (const byte of infoHash) text += String.fromCharCode(byte);
  return text;
}
