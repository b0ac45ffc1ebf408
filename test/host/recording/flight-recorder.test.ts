/** Real transfers are recorded, and a new engine with the same facts decides the same. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Action, Fact } from '../../../client/engine/contract.ts';
import { openClient } from '../../../client/host/open-client.ts';
import { FlightRecorder } from '../../../client/host/recording/flight-recorder.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import { magnetOf, parseMagnet } from '../../../torrents/magnet.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { replay } from '../../sim/replay/replay.ts';
import { noise } from '../../torrents/folder-fixture.ts';

const here = '127.0.0.1';
const engineOptions = {
  ...{ peerId: Buffer.from('-CI0100-recorder0000'), port: 1, seed: 1 },
  memory: { allocate: (bytes: number) => ({ bytes }), write() {}, copy() {}, release() {} },
};

let root: string;
let source: string;
let metainfo: Metainfo;

beforeEach(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'cicada-recorder-'));
  source = path.join(root, 'source', 'album');
  fs.mkdirSync(source, { recursive: true });
  fs.writeFileSync(path.join(source, 'a.flac'), noise(900_000, 1));
  fs.writeFileSync(path.join(source, 'b.flac'), noise(70_001, 2));
  // Hybrid: pieces that end in pad files are part of the facts.
  ({ metainfo } = await createTorrent(source, { format: 'hybrid', pieceLength: 32_768 }));
});

afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const fileIn = (name: string) => path.join(root, name);
const linesOf = (file: string) => fs.readFileSync(file, 'utf8').split('\n');
const replayed = (file: string) => replay(linesOf(file));

/** One client seeds, the other downloads; both are recorded. */
async function transfer(magnet: boolean): Promise<void> {
  const common = { port: 0, host: here, threads: 1 };
  const seeder = await openClient({ ...common, recordInto: fileIn('seeder') });
  const fetcher = await openClient({ ...common, recordInto: fileIn('fetcher') });
  try {
    await seeder.seed(metainfo, { path: source });
    const peers = [{ host: here, port: seeder.port }];
    if (magnet) {
      const link = parseMagnet(magnetOf(metainfo));
      await fetcher.openMagnet(link, { peers }).found;
    }
    const torrent = await fetcher.download(metainfo, { folder: fileIn('download'), peers });
    await torrent.completed;
  } finally {
    await fetcher.close();
    await seeder.close();
  }
}

describe('a recorded transfer', () => {
  it('a recorded transfer is replayed with the same decisions, on both sides', async () => {
    await transfer(false);
    for (const side of ['seeder', 'fetcher']) {
      const result = replayed(fileIn(side));
      expect(result).toMatchObject({ identical: true, end: 'stopped', divergence: undefined });
      expect(result.facts).toBeGreaterThan(10);
    }
  });

  it('a recorded transfer that began as a magnet link is replayed with the same decisions', async () => {
    await transfer(true);
    expect(replayed(fileIn('fetcher'))).toMatchObject({ identical: true, end: 'stopped' });
    expect(replayed(fileIn('seeder'))).toMatchObject({ identical: true, end: 'stopped' });
  });

  it('a recording of a private torrent says so, and that the user named its peers', async () => {
    ({ metainfo } = await createTorrent(source, { private: true, pieceLength: 32_768 }));
    await transfer(false);
    const facts = linesOf(fileIn('fetcher')).flatMap((line) =>
      line.includes('"fact"') ? [JSON.parse(line).fact] : [],
    );
    expect(facts.find(({ type }) => type === 'added').spec.private).toBe(true);
    expect(facts.find(({ type }) => type === 'peers-found').origin).toBe('user');
    expect(replayed(fileIn('fetcher'))).toMatchObject({ identical: true });
  });

  it('a recording has no payload of blocks', async () => {
    await transfer(false);
    for (const side of ['seeder', 'fetcher']) {
      expect(fs.statSync(fileIn(side)).size).toBeLessThan(100_000);
    }
  });

  it('a changed fact in a recording changes the digest of what follows', async () => {
    await transfer(false);
    const lines = linesOf(fileIn('fetcher'));
    const at = lines.findIndex((line) => line.includes('"type":"piece-stored"'));
    lines[at] = lines[at]!.replace('piece-stored', 'piece-corrupt').replace(
      '"pieceIndex"',
      '"digests":[],"pieceIndex"',
    );
    const { identical, divergence } = replay(lines);
    expect(identical).toBe(false);
    expect(divergence).toMatchObject({ line: at + 1, fact: { type: 'piece-corrupt' } });
  });

  it('a recording is readable by its owner only', async () => {
    await transfer(false);
    if (process.platform !== 'win32') expect(fs.statSync(fileIn('fetcher')).mode & 0o777).toBe(0o600);
  });
});

describe('a recorder', () => {
  it('a recorder overwrites no file', async () => {
    fs.writeFileSync(fileIn('mine'), 'music');
    const opened = openClient({ port: 0, host: here, recordInto: fileIn('mine') });
    await expect(opened).rejects.toMatchObject({ code: 'exists', path: fileIn('mine') });
    expect(fs.readFileSync(fileIn('mine'), 'utf8')).toBe('music');
  });

  it('a recorder ends at its size limit and says so, and the engine continues', () => {
    const recorder = FlightRecorder.open(fileIn('small'), engineOptions, 6_000);
    let handled = 0;
    const count = () => {
      handled += 1;
      return [];
    };
    const engine = recorder.listenTo({ handle: count, wakeAtMs: 0 });
    for (let i = 0; i < 1_000; i++) engine.handle({ type: 'woke' }, i);
    recorder.close();
    expect(handled).toBe(1_000);
    expect(fs.statSync(fileIn('small')).size).toBeLessThan(6_200);
    expect(recorder.summary.shortfall).toContain('6000');
    expect(recorder.summary.facts).toBeLessThan(200);
    expect(linesOf(fileIn('small')).at(-2)).toContain('"end":"full"');
  });

  it('a recorder keeps the fact at which the engine failed', () => {
    const recorder = FlightRecorder.open(fileIn('failed'), engineOptions);
    const engine = recorder.listenTo({
      handle(): readonly Action[] {
        throw new Error('what was believed');
      },
      wakeAtMs: 0,
    });
    expect(() => engine.handle({ type: 'stopped', torrent: 7 } satisfies Fact, 5)).toThrow(
      'what was believed',
    );
    const result = replayed(fileIn('failed'));
    expect(result).toMatchObject({ end: 'threw', threw: 'Error: what was believed', facts: 1 });
  });
});
