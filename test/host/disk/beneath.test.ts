/** Access below the chosen folder, by descriptors or by inspection before and after. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Beneath } from '../../../client/host/disk/beneath.ts';
import { realFiles } from '../../../client/host/disk/real-files.ts';
import { TemporaryFolder } from '../../e2e/shared-folder.ts';

let temporary: TemporaryFolder;
let root: string;
beforeEach(() => {
  temporary = new TemporaryFolder();
  root = temporary.in('music');
  fs.mkdirSync(root);
  fs.mkdirSync(temporary.in('outside', 'b'), { recursive: true });
});
afterEach(() => temporary[Symbol.dispose]());

const ways = process.platform === 'linux' ? [true, false] : [false];
const touch = (folder: string) => fs.writeFileSync(path.join(folder, 'new'), '');
const outside = () => fs.readdirSync(temporary.in('outside'), { recursive: true });

describe.each(ways)('below the chosen folder (by descriptor: %s)', (byDescriptor) => {
  const beneath = (at = root) => new Beneath(at, realFiles, byDescriptor);

  it('folders below the chosen folder are created when allowed, and used', () => {
    beneath().within(path.join(root, 'a', 'b'), true, touch);
    expect(fs.existsSync(path.join(root, 'a', 'b', 'new'))).toBe(true);
    beneath().within(path.join(root, 'a', 'b'), false, (at) => fs.rmSync(path.join(at, 'new')));
    expect(fs.readdirSync(path.join(root, 'a', 'b'))).toEqual([]);
  });

  it('an error for a missing folder names the folder, not its descriptor path', () => {
    const gone = path.join(root, 'a', 'b');
    expect(() => beneath().within(gone, false, touch)).toThrow(/music\/a( is not there any more|')/);
    fs.mkdirSync(gone, { recursive: true });
    const missing = () => beneath().within(gone, false, (at) => fs.readFileSync(path.join(at, 'missing')));
    expect(missing).toThrow(/music\/a\/b\/missing/);
    expect(missing).not.toThrow(/proc/);
  });

  it.each(['a', 'a/b'])('a link in the place of %s is not followed', (link) => {
    fs.mkdirSync(path.dirname(path.join(root, link)), { recursive: true });
    fs.symlinkSync(temporary.in('outside'), path.join(root, link));
    const before = outside();
    for (const make of [true, false]) {
      expect(() => beneath().within(path.join(root, 'a', 'b'), make, touch)).toThrow(
        expect.objectContaining({ code: 'ELOOP', message: expect.stringContaining(path.join(root, link)) }),
      );
    }
    expect(outside()).toEqual(before);
  });

  it('the chosen folder itself may be a link', () => {
    fs.symlinkSync(root, temporary.in('link'));
    beneath(temporary.in('link')).within(temporary.in('link', 'a'), true, touch);
    expect(fs.readdirSync(path.join(root, 'a'))).toEqual(['new']);
  });

  it('the chosen folder is created when it does not exist', () => {
    const at = temporary.in('new', 'newer');
    beneath(at).within(path.join(at, 'a'), true, touch);
    expect(fs.existsSync(path.join(at, 'a', 'new'))).toBe(true);
  });

  it('no path above the chosen folder is accessible', () => {
    expect(() => beneath().within(temporary.in('outside'), true, touch)).toThrow(RangeError);
    expect(() => beneath().within(path.join(root, '..'), true, touch)).toThrow(RangeError);
  });

  it('a file in the place of a folder is reported as such', () => {
    fs.writeFileSync(path.join(root, 'a'), '');
    expect(() => beneath().within(path.join(root, 'a'), true, touch)).toThrow(
      expect.objectContaining({ code: 'ENOTDIR', message: expect.stringContaining('music/a') }),
    );
  });

  it('another disk in the place of the folder is left alone', () => {
    const other = ['/dev/shm', '/proc'].find(
      (at) => fs.existsSync(at) && fs.statSync(at).dev !== fs.statSync(root).dev,
    );
    if (other === undefined) return;
    const link = temporary.in('disk');
    fs.symlinkSync(root, link);
    const chosen = beneath(link);
    fs.rmSync(link);
    fs.symlinkSync(other, link);
    expect(chosen.isAway).toBe(true);
    expect(() => chosen.within(path.join(link, 'a'), true, touch)).toThrow(
      expect.objectContaining({ code: 'EAWAY' }),
    );
  });
});
