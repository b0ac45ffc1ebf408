import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { albumFolder, writeDemoAlbum } from '../../../client/cli/demo/demo-album.ts';
import { Dice, frequencyOf, Recording, samplesPerSecond } from '../../../client/cli/demo/demo-synthesiser.ts';
import { Child, Children } from '../../e2e/child.ts';
import { noise } from '../../torrents/folder-fixture.ts';
import { mainFile, runCicada, temporaryFolder } from '../run-cicada.ts';

describe('the demo', () => {
  it('the demo runs its story with real transfers, and leaves no file behind', async () => {
    const temporary = temporaryFolder();
    const { code, stdout, stderr } = await runCicada(['demo', '--json', '--seconds', '3'], {
      env: { TMPDIR: temporary },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ event: 'done', ok: true, amiss: [] });
    const [ada, ben, cleo, mal] = document.seeders;
    for (const honest of [ada, ben, cleo])
      expect(honest).toMatchObject({ lied: false, bytes: expect.any(Number) });
    expect(Math.min(ada.bytes, ben.bytes, cleo.bytes)).toBeGreaterThan(0);
    expect(cleo).toMatchObject({ part: 'vanishing', gone: true });
    expect(mal).toMatchObject({ part: 'liar', lied: true });
    expect(document.wasted).toBeGreaterThan(0);
    expect(readdirSync(temporary)).toEqual([]);
  }, 60_000);

  it('the demo stopped with Ctrl-C ends its programs and leaves no file behind', async () => {
    const temporary = temporaryFolder();
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.flac'), noise(5 * 1024 * 1024));
    await using children = new Children();
    const demo = children.add(
      new Child(['env', `TMPDIR=${temporary}`, process.execPath, mainFile, 'demo', folder]),
    );
    const announce = await demo.line('started its tracker', (line) => /http\S+announce/.exec(line)?.[0]);
    await demo.line('begun the download', (line) => /^4 /.exec(line) ?? undefined);
    await demo.kill('SIGINT');
    expect(await demo.ended).toBe(7);
    expect(readdirSync(temporary)).toEqual([]);
    await expect(fetch(announce)).rejects.toThrow();
  });

  it('the demo refuses a folder that is too small', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.flac'), 'short');
    const { code, stderr } = await runCicada(['demo', folder]);
    expect(code).toBe(28);
    expect(stderr).toMatch(/holds 5 B: with less than 4 MiB there is nothing to see/);
  });
});

describe('the album', () => {
  it('the album of the demo is twelve different playable pieces, the same bytes on every machine', async () => {
    const parent = temporaryFolder();
    const tracks = await writeDemoAlbum(parent, new AbortController().signal);
    expect(tracks).toHaveLength(12);
    const all = createHash('sha256');
    const each = new Set<string>();
    for (const { name, bytes } of tracks) {
      const wav = readFileSync(join(parent, albumFolder, name));
      all.update(wav);
      each.add(createHash('sha256').update(wav).digest('hex'));
      expect(wav.length).toBe(bytes);
      expect(wav.toString('latin1', 0, 4) + wav.toString('latin1', 8, 12)).toBe('RIFFWAVE');
      expect(wav.readUInt32LE(4)).toBe(bytes - 8);
      // PCM, two channels, 44,100 Hz, 16 bits.
      expect([
        wav.readUInt16LE(20),
        wav.readUInt16LE(22),
        wav.readUInt32LE(24),
        wav.readUInt16LE(34),
      ]).toEqual([1, 2, 44_100, 16]);
      const seconds = bytes / (samplesPerSecond * 4);
      expect(seconds).toBeGreaterThan(15);
      expect(seconds).toBeLessThan(26);
    }
    expect(each.size).toBe(12);
    expect(all.digest('hex')).toBe('67fe97a606666ad5b2751685abab6cf4491710c18ccb86b728688cbfa5125c79');
  });

  it('the album of the demo is in tune', () => {
    for (const note of [40, 57, 69, 84]) {
      const recording = new Recording(1, new Dice(7));
      recording.add({ note, atSeconds: 0, seconds: 1, loudness: 1, pan: 0.5, brightness: 0.3 });
      const pcm = recording.toPcm();
      const strength = (cents: number) => strengthAt(pcm, frequencyOf(note) * 2 ** (cents / 1200));
      // A trained ear hears a difference of five cents.
      expect(strength(0)).toBeGreaterThan(strength(-5));
      expect(strength(0)).toBeGreaterThan(strength(5));
    }
  });
});

/** The strength of one frequency in the left channel. */
function strengthAt(pcm: Buffer, frequency: number): number {
  let [real, imaginary] = [0, 0];
  for (let at = 2000; at < pcm.length / 4; at++) {
    const phase = (2 * Math.PI * frequency * at) / samplesPerSecond;
    real += pcm.readInt16LE(at * 4) * Math.cos(phase);
    imaginary += pcm.readInt16LE(at * 4) * Math.sin(phase);
  }
  return Math.hypot(real, imaginary);
}
