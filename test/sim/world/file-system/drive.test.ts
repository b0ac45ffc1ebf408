/** What a simulated disk keeps after a power cut. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../../client/engine/prng.ts';
import { Drive } from './drive.ts';
import { healthyDrive } from './drive-temper.ts';
import { SimFiles } from './sim-files.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

function disk(isJournalled = false, isOrdered = false) {
  const drive = new Drive({ device: 1n, tickMs: 1, isJournalled, isOrdered }, () => 0);
  const life = { drive, random: new Prng(1), temper: healthyDrive(), onStep: () => {} };
  const fs = new SimFiles(life, true);
  const write = (at: string, content: string) => {
    const descriptor = fs.open(at, 'make');
    fs.write(descriptor, Buffer.from(content), 0, content.length, 0);
    return descriptor;
  };
  const read = (at: string) => {
    try {
      return text(drive.find(at, true).inode?.bytes ?? new Uint8Array());
    } catch {
      return undefined;
    }
  };
  const sync = (at: string) => {
    const descriptor = fs.open(at, 'read');
    fs.sync(descriptor);
    fs.close(descriptor);
  };
  return { drive, fs, write, read, sync };
}

/** The contents after the power cut, over many cuts. */
function outcomes(
  prepare: (it: ReturnType<typeof disk>) => void,
  at: string,
  ...rules: boolean[]
): Set<string> {
  const seen = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const one = disk(...rules);
    prepare(one);
    one.drive.cutPower(new Prng(seed));
    seen.add(one.read(at) ?? 'nothing');
  }
  return seen;
}

describe('a power cut', () => {
  it('a power cut takes nothing of a file that was synced with its folder', () => {
    const kept = outcomes(({ write, fs, sync }) => {
      fs.sync(write('/a', 'song'));
      sync('/');
    }, '/a');
    expect([...kept]).toEqual(['song']);
  });

  it('a power cut keeps, loses or tears bytes that were not synced', () => {
    const content = 'x'.repeat(2_000);
    const kept = outcomes(({ write, sync }) => {
      write('/a', content);
      sync('/');
    }, '/a');
    expect(kept).toContain(content);
    expect(kept).toContain('');
    expect([...kept].some((there) => there.includes('x') && there.includes('\0'))).toBe(true);
  });

  it('a power cut may take the name of a file whose folder was not synced', () => {
    const kept = outcomes(({ write, fs }) => fs.sync(write('/a', 'song')), '/a');
    expect([...kept].sort()).toEqual(['', 'song']);
  });

  it('after a power cut a journalled drive has either the old or the new name of an unsynced rename', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { drive, fs, write, read, sync } = disk(true, true);
      fs.sync(write('/a', 'song'));
      sync('/');
      fs.rename('/a', '/b');
      drive.cutPower(new Prng(seed));
      expect([read('/a'), read('/b')].filter((there) => there === 'song')).toHaveLength(1);
    }
  });
});

it('a link never replaces an existing file, a rename does', () => {
  const { fs, write, read } = disk();
  write('/a', 'new');
  write('/b', 'old');
  expect(() => fs.link('/a', '/b')).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  fs.rename('/a', '/b');
  expect(read('/b')).toBe('new');
});

it('a full disk takes the bytes that fit, then refuses', () => {
  const { drive, fs } = disk();
  drive.capacityBytes = 3;
  const descriptor = fs.open('/a', 'make');
  expect(fs.write(descriptor, Buffer.from('song'), 0, 4, 0)).toBe(3);
  expect(() => fs.write(descriptor, Buffer.from('g'), 0, 1, 3)).toThrow(
    expect.objectContaining({ code: 'ENOSPC' }),
  );
});
