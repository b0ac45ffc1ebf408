/** Where records lie, and that a record is either whole or missing. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { FileStamp } from '../../../client/host/disk/file-stamp.ts';
import { type ResumeRecord, ResumeStore } from '../../../client/host/resume/resume-store.ts';
import { finished, TestDrive } from '../test-drive.ts';

const [one, other] = [new Uint8Array(20).fill(1), new Uint8Array(20).fill(2)];
const stamp: FileStamp = {
  bytes: 100,
  mtimeNs: '1764500000123456789',
  ctimeNs: '1764500000123456790',
  inode: '18446744073709551615',
  device: '64768',
  bornNs: '1764500000000000001',
};
const record = (first: number, clean = false): ResumeRecord => ({
  have: Uint8Array.of(first, 0x40),
  stamps: [stamp, undefined],
  clean,
});

let test: TestDrive;
let store: ResumeStore;
beforeEach(() => {
  test = new TestDrive();
  store = new ResumeStore('/state', test.fs);
});

const save = (hash: Uint8Array, place: string, what: ResumeRecord) =>
  finished(store.saving(hash, place, what));
const load = (hash = one, place = '/music', files = 2) => finished(store.loading(hash, place, files));
const nameOf = () => test.listing('/state/resume')[0]!;
/** Rewrites the only record, as another version or program might have written it. */
const rewrite = (change: (text: string) => string) => {
  const at = `/state/resume/${nameOf()}`;
  const text = Buffer.from(test.bytesAt(at)!).toString();
  test.fs.remove(at);
  test.write(at, Buffer.from(change(text)));
};

describe('a record', () => {
  it('a record is read back as it was saved, with the full stamps of its files', () => {
    const old = { ...stamp, ctimeNs: undefined, bornNs: undefined };
    const saved = { ...record(1, true), stamps: [stamp, undefined, old] };
    save(one, '/music', saved);
    expect(load(one, '/music', 3)).toEqual(saved);
  });

  it('a record belongs to one torrent in one folder', () => {
    save(one, '/music', record(1));
    save(one, '/backup', record(2));
    save(other, '/music', record(3));
    expect(load()!.have[0]).toBe(1);
    expect(load(one, '/backup')!.have[0]).toBe(2);
    expect(load(other)!.have[0]).toBe(3);
    expect(load(other, '/backup')).toBeUndefined();
  });

  it('a record belongs to the whole path of its folder, not to the folder’s name', () => {
    save(one, '/music/Album', record(1));
    save(one, '/backup/Album', record(2));
    expect([load(one, '/music/Album')!.have[0], load(one, '/backup/Album')!.have[0]]).toEqual([1, 2]);
  });

  it('a record is erased without the others', async () => {
    save(one, '/music', record(1));
    save(one, '/backup', record(2));
    await store.erase(one, '/music');
    expect(load()).toBeUndefined();
    expect(load(one, '/backup')).toBeDefined();
  });

  it('a record with another number of files is ignored', () => {
    save(one, '/music', record(1));
    expect(load(one, '/music', 1)).toBeUndefined();
    expect(load(one, '/music', 3)).toBeUndefined();
  });

  it.each([
    ['has a later version', (text: string) => text.replace('"version":2', '"version":3')],
    ['does not say how it ended', (text: string) => text.replace('"clean":false', '"clean":"yes"')],
    ['has no pieces', (text: string) => text.replace('"have":', '"had":')],
    ['is cut short', (text: string) => text.slice(0, -1)],
  ])('a record that %s is ignored', (_, change) => {
    save(one, '/music', record(1));
    rewrite((text) => text);
    expect(load()).toBeDefined();
    rewrite(change);
    expect(load()).toBeUndefined();
  });

  it('a record larger than any valid one is ignored and not read', () => {
    save(one, '/music', record(1));
    const { later } = test.fs;
    const { stat } = later;
    const sized = (size: bigint) => (at: string) => stat(at).then((looks) => ({ ...looks, size }));
    Object.assign(later, { stat: sized(32n * 1024n * 1024n + 1n) });
    test.calls.length = 0;
    expect(load()).toBeUndefined();
    expect(test.calls).not.toContain(`read ${nameOf()}`);
    Object.assign(later, { stat: sized(32n * 1024n * 1024n) });
    expect(load()).toBeDefined();
  });

  it('a file whose recorded stamp is invalid has none', () => {
    save(one, '/music', record(1));
    rewrite((text) => text.replace('"stamps":[[100,', '"stamps":[["100",'));
    expect(load()?.stamps).toEqual([undefined, undefined]);
  });

  it('a record that the disk cannot read is ignored', () => {
    save(one, '/music', record(1));
    test.failing.set(`read ${nameOf()}`, 'EIO');
    expect(load()).toBeUndefined();
  });
});

describe('saving a record', () => {
  it('a saved record is on the disk with the folders of its path', () => {
    test.fs.mkdir('/home');
    finished(new ResumeStore('/home/me/state', test.fs).saving(one, '/music', record(1)));
    const folder = '/home/me/state/resume';
    // The folders above the first existing one are their owner's affair.
    const root = test.drive.find('/home', false).inode!;
    expect(root.forcedEntry('me', 0)).toBeDefined();
    expect(test.drive.find('/home/me', false).inode!.forcedEntry('state', 0)).toBeDefined();
    expect(test.drive.find('/home/me/state', false).inode!.forcedEntry('resume', 0)).toBeDefined();
    const [name] = test.listing(folder);
    const inode = test.drive.find(folder, false).inode!.forcedEntry(name!, 0);
    expect(JSON.parse(Buffer.from(inode!.forcedBytes).toString())).toMatchObject({
      version: 2,
      clean: false,
    });
  });

  it('a saved record is on the disk with its path, even if a killed program created the folders', () => {
    test.fs.mkdir('/state');
    test.fs.mkdir('/state/resume');
    save(one, '/music', record(1));
    expect(test.drive.forcedAt(`/state/resume/${nameOf()}`)).toBeDefined();
  });

  it('a saved record is on the disk with its path, even if the first attempt failed', () => {
    save(one, '/other', record(1));
    const writing = test.calls.find((call) => call.startsWith('open') && call.endsWith('.tmp'))!;
    test.calls.length = 0;
    const fresh = new TestDrive();
    const again = new ResumeStore('/state', fresh.fs);
    fresh.failing.set(writing, 'ENOSPC');
    expect(() => finished(again.saving(one, '/other', record(1)))).toThrow('ENOSPC');
    fresh.failing.clear();
    finished(again.saving(one, '/other', record(1)));
    expect(fresh.drive.forcedAt(`/state/resume/${fresh.listing('/state/resume')[0]}`)).toBeDefined();
  });

  it('saving syncs the path once, and the record’s own folder each time', () => {
    save(one, '/music', record(1));
    test.calls.length = 0;
    save(one, '/music', record(2));
    const forced = test.calls.filter((call) => call.startsWith('sync') && !call.endsWith('.tmp'));
    expect(forced).toEqual(['sync resume']);
  });

  it('all bytes of a new record are on the disk before it replaces the old one', () => {
    save(one, '/music', record(1));
    const temporary = test.calls.find((call) => call.endsWith('.tmp'))!.split(' ')[1];
    let forcedBytes = 0;
    test.at(`name ${nameOf()}`, () => {
      forcedBytes = test.drive.find(`/state/resume/${temporary}`, false).inode!.forcedBytes.length;
      expect(load()!.have[0]).toBe(1);
    });
    save(one, '/music', record(2));
    expect(forcedBytes).toBe(test.bytesAt(`/state/resume/${nameOf()}`)!.length);
    expect(load()!.have[0]).toBe(2);
  });

  it.each(['write', 'sync'])('a save whose %s fails keeps the old record and leaves no file open', (kind) => {
    save(one, '/music', record(1));
    const temporary = test.calls.find((call) => call.endsWith('.tmp'))!.split(' ')[1];
    test.failing.set(`${kind} ${temporary}`, 'EIO');
    expect(() => save(one, '/music', record(2))).toThrow('EIO');
    expect(load()!.have[0]).toBe(1);
    expect(test.listing('/state/resume')).toHaveLength(1);
    expect(test.fs.openPaths).toEqual([]);
  });
});
