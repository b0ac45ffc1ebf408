/** One creation or verification in its own process, for the benchmarks: prints the milliseconds it took. */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { createTorrent } from '../../torrents/create/create.ts';
import { parseMetainfo, type TorrentFormat } from '../../torrents/metainfo/metainfo.ts';
import { verifyTorrent } from '../../torrents/verify.ts';

const [what, folder, torrent, format, pieceLength] = process.argv.slice(2) as [
  string,
  string,
  string,
  TorrentFormat,
  string,
];
const startedMs = performance.now();
if (what === 'create') {
  const { bytes } = await createTorrent(folder, { format, pieceLength: Number(pieceLength) }, { threads: 2 });
  writeFileSync(torrent, bytes);
} else {
  const { ok } = await verifyTorrent(parseMetainfo(readFileSync(torrent)), folder, { threads: 2 });
  if (!ok) throw new Error('the folder does not match its own torrent');
}
console.log(performance.now() - startedMs);
