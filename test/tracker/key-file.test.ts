import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deriveKey, loadTrackerKey, trackerKeyName } from '../../tracker/key-file.ts';

describe("the tracker's key", () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cicada-key-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it("the tracker's key is made once, kept after a restart, and readable by its owner only", () => {
    const key = loadTrackerKey(folder);
    expect(key).toHaveLength(32);
    expect(loadTrackerKey(folder)).toEqual(key);
    expect(fs.readdirSync(folder)).toEqual([trackerKeyName]);
    expect(fs.statSync(path.join(folder, trackerKeyName)).mode & 0o777).toBe(0o600);
  });

  it('a tracker key that other users of the machine can read is refused', () => {
    loadTrackerKey(folder);
    fs.chmodSync(path.join(folder, trackerKeyName), 0o644);
    expect(() => loadTrackerKey(folder)).toThrow(expect.objectContaining({ code: 'tracker-key-readable' }));
  });

  it('a tracker key of a wrong length, or that is no file, is refused and kept', () => {
    const file = path.join(folder, trackerKeyName);
    fs.writeFileSync(file, Buffer.alloc(31), { mode: 0o600 });
    expect(() => loadTrackerKey(folder)).toThrow(expect.objectContaining({ code: 'tracker-key-damaged' }));
    expect(fs.statSync(file).size).toBe(31);
    fs.rmSync(file);
    fs.mkdirSync(file);
    expect(() => loadTrackerKey(folder)).toThrow(expect.objectContaining({ code: 'tracker-key-damaged' }));
  });

  it('a tracker key behind a symbolic link is refused', () => {
    const other = path.join(folder, 'other');
    fs.writeFileSync(other, Buffer.alloc(32), { mode: 0o600 });
    fs.symlinkSync(other, path.join(folder, trackerKeyName));
    expect(() => loadTrackerKey(folder)).toThrow(expect.objectContaining({ code: 'tracker-key-unusable' }));
  });

  it('a tracker key that cannot be created is reported with its path', () => {
    const missing = path.join(folder, 'missing');
    expect(() => loadTrackerKey(missing)).toThrow(
      expect.objectContaining({
        code: 'tracker-key-unusable',
        message: expect.stringContaining(path.join(missing, trackerKeyName)),
      }),
    );
  });

  it('each purpose has its own derived key', () => {
    const key = loadTrackerKey(folder);
    expect(deriveKey(key, 'one')).toEqual(deriveKey(key, 'one'));
    expect(deriveKey(key, 'one')).not.toEqual(deriveKey(key, 'two'));
    expect(deriveKey(key, 'one')).not.toEqual(key);
  });
});
