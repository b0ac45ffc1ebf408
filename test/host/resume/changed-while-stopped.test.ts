/** What a start believes of files that were changed while no Cicada was running. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type FileBench, openFileBench, pieceLength } from '../../contract/file-bench.ts';
import { noise } from '../../torrents/folder-fixture.ts';

let bench: FileBench;
const part = (name = 'a.flac') => path.join(bench.album, `${name}.part`);
const store = async (...pieces: number[]) => {
  for (const piece of pieces) {
    expect(await bench.store(piece as PieceIndex)).toMatchObject({ type: 'piece-stored' });
  }
};

/** Flips one byte in place. */
function change(at: string, position: number): void {
  const descriptor = fs.openSync(at, 'r+');
  const byte = Buffer.alloc(1);
  fs.readSync(descriptor, byte, 0, 1, position);
  fs.writeSync(descriptor, Buffer.from([byte[0]! ^ 1]), 0, 1, position);
  fs.closeSync(descriptor);
}

beforeEach(async () => {
  bench = await openFileBench();
});
afterEach(() => bench.stop());

describe('after a clean stop', () => {
  beforeEach(async () => {
    await store(0, 1);
    await bench.end('stopped');
  });

  it('after a clean stop, unchanged parts are believed, and nothing is hashed', async () => {
    expect(await bench.startAgain()).toEqual({ have: [0, 1], hashedBytes: 0 });
  });

  it('one changed byte in a part costs its piece', async () => {
    change(part(), 100);
    expect((await bench.startAgain()).have).toEqual([1]);
  });

  it('a changed byte with the old mtime restored costs its piece', async () => {
    const { atime, mtime } = fs.statSync(part());
    change(part(), pieceLength + 1);
    fs.utimesSync(part(), atime, mtime);
    expect((await bench.startAgain()).have).toEqual([0]);
  });

  it('a part that was cut short and extended again has lost what was cut', async () => {
    const { size, atime, mtime } = fs.statSync(part());
    fs.truncateSync(part(), pieceLength);
    fs.truncateSync(part(), size);
    fs.utimesSync(part(), atime, mtime);
    expect((await bench.startAgain()).have).toEqual([0]);
  });

  it.each([
    ['zeros', (bytes: number) => Buffer.alloc(bytes)],
    ['other bytes', (bytes: number) => Buffer.from(noise(bytes, 99))],
    ['no bytes', () => Buffer.alloc(0)],
  ])(
    'another file with the same mtime in a part’s place, without a right piece, is refused and not touched: %s',
    async (_, make) => {
      const { size, atime, mtime } = fs.statSync(part());
      const bytes = make(size);
      fs.writeFileSync(`${part()}.new`, bytes);
      fs.renameSync(`${part()}.new`, part());
      fs.utimesSync(part(), atime, mtime);
      await expect(bench.startAgain()).rejects.toMatchObject({ code: 'exists', path: part() });
      expect(fs.readFileSync(part())).toEqual(bytes);
      // Nor the next time: the refused file is not taken for a leftover of a crash.
      await expect(bench.startAgain()).rejects.toMatchObject({ code: 'exists', path: part() });
    },
  );

  it('a right copy in a part’s place is hashed and believed', async () => {
    fs.copyFileSync(part(), `${part()}.new`);
    fs.renameSync(`${part()}.new`, part());
    const { have, hashedBytes } = await bench.startAgain();
    expect(have).toEqual([0, 1]);
    expect(hashedBytes).toBeGreaterThan(0);
  });

  it('a deleted part has no pieces', async () => {
    fs.rmSync(part());
    expect((await bench.startAgain()).have).toEqual([]);
  });

  it('right bytes that another program wrote in place of missing pieces count', async () => {
    fs.copyFileSync(path.join(bench.source, 'a.flac'), part());
    expect((await bench.startAgain()).have).toEqual([0, 1, 2]);
  });
});

describe('files with their final names', () => {
  beforeEach(async () => {
    await bench.storeAll();
    await bench.end('stopped');
  });
  const final = () => path.join(bench.album, 'a.flac');

  it('files with final names are believed after a clean stop without hashing, since the client renamed them', async () => {
    expect(await bench.startAgain()).toMatchObject({ have: [0, 1, 2, 3, 4, 5], hashedBytes: 0 });
  });

  it('a file with its final name and one changed byte is refused by name, also with its mtime restored', async () => {
    const { atime, mtime } = fs.statSync(final());
    change(final(), 5);
    fs.utimesSync(final(), atime, mtime);
    await expect(bench.startAgain()).rejects.toMatchObject({ code: 'exists', path: final() });
  });

  it('files whose permissions alone changed are hashed and believed', async () => {
    fs.chmodSync(final(), 0o600);
    const { have, hashedBytes } = await bench.startAgain();
    expect(have).toEqual([0, 1, 2, 3, 4, 5]);
    expect(hashedBytes).toBeGreaterThan(0);
  });
});

describe('after the program was killed', () => {
  it('after a kill, a changed byte in a recorded part is found', async () => {
    await store(0, 1, 2);
    await bench.end('killed');
    change(part(), 100);
    expect((await bench.startAgain()).have).toEqual([1, 2]);
  });

  it('after a kill, a part that grew since its last record is hashed, and its right pieces count', async () => {
    await store(0);
    await bench.end('killed');
    fs.copyFileSync(path.join(bench.source, 'a.flac'), path.join(bench.folder, 'whole'));
    const whole = fs.readFileSync(path.join(bench.folder, 'whole'));
    const descriptor = fs.openSync(part(), 'r+');
    fs.writeSync(descriptor, whole, pieceLength, pieceLength, pieceLength);
    fs.closeSync(descriptor);
    expect((await bench.startAgain()).have).toEqual([0, 1]);
  });

  it('after a kill, a file that was not written since the last record is believed', async () => {
    await store(0, 1, 2, 3);
    await bench.end('killed');
    // a.flac is whole; d/e.flac is a part.
    change(part('d/e.flac'), 1);
    const { have, hashedBytes } = await bench.startAgain();
    expect(have).toEqual([0, 1, 2]);
    expect(hashedBytes).toBeLessThanOrEqual(4 * pieceLength);
  });
});

describe('the record', () => {
  it('the record does not take another program’s change before the stop for the client’s', async () => {
    await store(0, 1);
    change(part(), 100);
    await bench.end('stopped');
    expect((await bench.startAgain()).have).toEqual([1]);
  });

  it('a record of an earlier version of Cicada is believed as far as it goes', async () => {
    await store(0, 1);
    await bench.end('stopped');
    const folder = path.join(bench.folder, '..', 'state', 'resume');
    const at = path.join(folder, fs.readdirSync(folder).find((name) => name.endsWith('.json'))!);
    const record = JSON.parse(fs.readFileSync(at, 'utf8'));
    const stamps = record.stamps.map((stamp: unknown[] | null) => stamp?.slice(0, 3) ?? null);
    fs.writeFileSync(at, JSON.stringify({ ...record, version: 1, stamps }));
    expect(await bench.startAgain()).toEqual({ have: [0, 1], hashedBytes: 0 });
    change(part(), 100);
    expect((await bench.startAgain()).have).toEqual([1]);
  });
});
