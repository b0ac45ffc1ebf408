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

  it('is made once, is the same after a restart, and only its owner may read it', () => {
    const key = loadTrackerKey(folder);
    expect(key).toHaveLength(32);
    expect(loadTrackerKey(folder)).toEqual(key);
    expect(fs.readdirSync(folder)).toEqual([trackerKeyName]);
    expect(fs.statSync(path.join(folder, trackerKeyName)).mode & 0o777).toBe(0o600);
  });

  it('is refused when other users of the machine can read it', () => {
    loadTrackerKey(folder);
    fs.chmodSync(path.join(folder, trackerKeyName), 0o644);
    expect(() => loadTrackerKey(folder)).toThrow(expect.objectContaining({ code: 'tracker-key-readable' }));
  });

  it('is refused, and kept, when it has another length or is no file', () => {
    const file = path.join(folder, trackerKeyName);
    fs.writeFileSync(file, Buffer.alloc(31), { mode: 0o600 });
    expect(() => loadTrackerKey(folder)).toThrow(expect.objectContaining({ code: 'tracker-key-damaged' }));
    expect(fs.statSync(file).size).toBe(31);
    fs.rmSync(file);
    fs.mkdirSync(file);
    expect(() => loadTrackerKey(folder)).toThrow(expect.objectContaining({ code: 'tracker-key-damaged' }));
  });

  it('is not taken through a symbolic link', () => {
    const other = path.join(folder, 'other');
    fs.writeFileSync(other, Buffer.alloc(32), { mode: 0o600 });
    fs.symlinkSync(other, path.join(folder, trackerKeyName));
    expect(() => loadTrackerKey(folder)).toThrow(expect.objectContaining({ code: 'tracker-key-unusable' }));
  });

  it('says which file it could not make', () => {
    const missing = path.join(folder, 'missing');
    expect(() => loadTrackerKey(missing)).toThrow(
      expect.objectContaining({
        code: 'tracker-key-unusable',
        message: expect.stringContaining(path.join(missing, trackerKeyName)),
      }),
    );
  });

  it('gives each purpose a key of its own', () => {
    const key = loadTrackerKey(folder);
    expect(deriveKey(key, 'one')).toEqual(deriveKey(key, 'one'));
    expect(deriveKey(key, 'one')).not.toEqual(deriveKey(key, 'two'));
    expect(deriveKey(key, 'one')).not.toEqual(key);
  });
});
