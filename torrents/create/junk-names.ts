/** Names of files and folders that users do not mean to share. */

/** Left in folders by operating systems and incomplete downloads. In lower case. */
const junkNames = new Set([
  '.ds_store',
  'thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
  '__macosx',
  '.spotlight-v100',
  '.trashes',
]);
const moreJunkNames = new Set([
  '.fseventsd',
  '.temporaryitems',
  '.apdisk',
  '@eadir',
  '$recycle.bin',
  '.directory',
]);
const junkEndings = /\.(part|crdownload|!qb|aria2|bc!)$/;

export function isJunk(name: string): boolean {
  const lower = name.toLowerCase();
  return (
    junkNames.has(lower) || moreJunkNames.has(lower) || lower.startsWith('._') || junkEndings.test(lower)
  );
}
