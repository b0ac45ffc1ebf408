/** Small torrents whose paths overlap, with their content. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createTorrent } from '../../../torrents/create/create.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { noise } from '../../torrents/folder-fixture.ts';

export type Format = 'v1' | 'v2' | 'hybrid';
/** Name in the torrent ('': a single file) to its bytes and content seed. */
export type Files = Readonly<Record<string, readonly [bytes: number, seed: number]>>;

export interface MadeTorrent {
  readonly metainfo: Metainfo;
  /** The seed's folder or file. */
  readonly source: string;
  /** The torrent file. */
  readonly torrent: string;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cicada-claims-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function torrentOf(name: string, files: Files, format: Format = 'v1'): Promise<MadeTorrent> {
  const place = temporaryFolder();
  const source = join(place, 'source', name);
  for (const [file, [bytes, seed]] of Object.entries(files)) {
    const at = file === '' ? source : join(source, file);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, noise(bytes, seed));
  }
  const { metainfo, bytes } = await createTorrent(source, { format, pieceLength: 16_384 });
  const torrent = join(place, `${name}.torrent`);
  writeFileSync(torrent, bytes);
  return { metainfo, source, torrent };
}
