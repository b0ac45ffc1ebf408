/** To whom a file belongs after other programs have acted on it. */
import { expect, it } from 'vitest';
import { Prng } from '../../../client/engine/prng.ts';
import { Drive } from '../world/file-system/drive.ts';
import { Strangers } from './strangers.ts';

it('a file changed by another program belongs to the download again when its final name is deleted and its part is left', () => {
  const drive = new Drive({ device: 1n, tickMs: 1, isJournalled: false, isOrdered: false }, () => 0);
  const strangers = new Strangers(drive, new Prng(1));
  const { root, nowNs } = drive;
  const inode = drive.create('file', nowNs);
  inode.write(0, Uint8Array.from([1, 2, 3]), nowNs);
  for (const name of ['song.flac', 'song.flac.part']) drive.rename([{ folder: root, name, inode }], nowNs);
  strangers.act('change', '/song.flac', true);
  expect(strangers.isTheirs(inode)).toBe(true);
  strangers.act('delete', '/song.flac', true);
  expect(strangers.isTheirs(inode)).toBe(false);
});
