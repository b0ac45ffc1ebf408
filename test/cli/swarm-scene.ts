/** A tracker and a seeder of one album, started once and shared by all tests of a file. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, Children } from '../e2e/child.ts';
import { noise } from '../torrents/folder-fixture.ts';
import { mainFile, type Outcome, runCicada, runHere } from './run-cicada.ts';

export const albumBytes = 1_600_000;

export class SwarmScene implements AsyncDisposable {
  readonly place = mkdtempSync(join(tmpdir(), 'cicada-scene-'));
  readonly children = new Children();
  readonly album = join(this.place, 'Album');
  announce = '';
  infoHash = '';
  magnet = '';
  /** HOST:PORT of the seeder. */
  seeder = '';

  static async open(): Promise<SwarmScene> {
    const scene = new SwarmScene();
    mkdirSync(join(scene.album, 'CD1'), { recursive: true });
    writeFileSync(join(scene.album, 'CD1/1.flac'), noise(700_000, 1));
    writeFileSync(join(scene.album, '2.flac'), noise(900_000, 2));
    const tracker = scene.start('tracker', '--listen', '127.0.0.1:0', '--json');
    scene.announce = String((await tracker.event('listening')).announce);
    const { stdout } = await scene.here('create', 'Album', '-a', scene.announce, '-l', '16KiB', '--json');
    const { infoHash, magnet } = JSON.parse(stdout);
    Object.assign(scene, { infoHash, magnet });
    const seeder = scene.start('seed', 'Album.torrent', 'Album', '--port', '0', '--json');
    scene.seeder = `127.0.0.1:${(await seeder.event('seeding')).port}`;
    await seeder.event('tracker-answered');
    return scene;
  }

  /** Starts a program that keeps running. */
  start(...args: string[]): Child {
    return this.children.add(new Child([process.execPath, mainFile, ...args], { cwd: this.place }));
  }

  cicada(...args: string[]): Promise<Outcome> {
    return runCicada(args, { cwd: this.place });
  }

  /** Runs a command within this process, for commands that only make or read files. */
  here(...args: string[]): Promise<Outcome> {
    return runHere(args, this.place);
  }

  /** A new folder. */
  folder(): string {
    return mkdtempSync(join(this.place, 'out-'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.children[Symbol.asyncDispose]();
    rmSync(this.place, { recursive: true, force: true });
  }
}

/** The documents that `--json` has printed. */
export function documentsOf({ stdout }: Outcome) {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
