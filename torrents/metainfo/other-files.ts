/** Recognises files that users give in place of a torrent, so that the error can name what they gave. */
import { fileKind } from '../release/file-kinds.ts';
import { MetainfoError } from './metainfo-fields.ts';

/**
 * Throws MetainfoError for files that users confuse with torrents, and for pages that servers send instead.
 */
export function refuseOtherFiles(bytes: Uint8Array): void {
  if (bytes.length === 0)
    throw new MetainfoError('metainfo-empty', 'this file is empty, so it is no torrent');
  const beginning = Buffer.from(bytes.subarray(0, 64))
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart();
  if (beginning.startsWith('<')) {
    const message =
      'this is a web page and no torrent: the address may need a login, or the link has expired';
    throw new MetainfoError('metainfo-web-page', message);
  }
  if (/^[{[]/.test(beginning)) throw new MetainfoError('metainfo-json', 'this is JSON and no torrent');
  if (beginning.startsWith('magnet:')) {
    throw new MetainfoError('metainfo-magnet', 'this is a magnet link and no torrent');
  }
  const other = fileKind(bytes);
  if (other?.kind === 'archive')
    throw new MetainfoError('metainfo-compressed', `this is ${other.words} and no torrent`);
  if (other?.kind === 'music')
    throw new MetainfoError('metainfo-music', `this is ${other.words} and no torrent`);
  if (other !== undefined)
    throw new MetainfoError('metainfo-other-file', `this is ${other.words} and no torrent`);
}
