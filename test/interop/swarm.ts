/**
 * The start of every interop test: an album, Cicada's tracker on one host, and a torrent made by Cicada. Then
 * other clients join.
 *
 * A v1 client treats the pad files of a hybrid torrent as ordinary files (BEP 47). So a v1 seeder gets an
 * album with pad files, and a comparison ignores them.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';
import { parseMetainfo } from '../../torrents/metainfo/metainfo.ts';
import { Child, Children, cicada } from '../e2e/child.ts';
import { differenceOf, emptyFile, TemporaryFolder, writeAlbum } from '../e2e/shared-folder.ts';
import { type Host, labObstacle } from './lab.ts';
import type { ForeignClient } from './peers.ts';

export type Format = 'v1' | 'v2' | 'hybrid';

const waitForSeeds = fileURLToPath(new URL('./wait-for-seeds.ts', import.meta.url));

/**
 * Skips the test with a reason if a client or the lab is missing. Fails it if CICADA_REQUIRE_PEERS=1 (CI).
 */
export function requirePeers(
  context: TestContext,
  clients: readonly Pick<ForeignClient, 'name' | 'isInstalled' | 'debianPackage'>[],
  lab: boolean,
): void {
  const absent = clients.filter((client) => !client.isInstalled());
  const obstacle =
    absent.length > 0
      ? `${absent.map(({ name }) => name).join(', ')} not installed: apt-get install ${absent.map(({ debianPackage }) => debianPackage).join(' ')}`
      : lab
        ? labObstacle()
        : undefined;
  if (obstacle === undefined) return;
  if (process.env.CICADA_REQUIRE_PEERS === '1') throw new Error(obstacle);
  context.skip(obstacle);
}

const torrentName = 'Album.torrent';

export class Swarm implements AsyncDisposable {
  readonly torrent: string;
  /** The torrent as a magnet link. It identifies the content only by its hash. */
  readonly magnet: string;
  readonly #temporary: TemporaryFolder;
  readonly #children: Children;
  readonly #trackerHost: Host;
  readonly #announce: string;
  readonly #copies: { folder: string; client?: ForeignClient }[] = [];

  private constructor(
    temporary: TemporaryFolder,
    children: Children,
    trackerHost: Host,
    announce: string,
    magnet: string,
  ) {
    this.#temporary = temporary;
    this.#children = children;
    this.#trackerHost = trackerHost;
    this.#announce = announce;
    this.torrent = temporary.in(torrentName);
    this.magnet = magnet;
  }

  static async open(format: Format, albumBytes: number, trackerHost: Host): Promise<Swarm> {
    const temporary = new TemporaryFolder();
    const children = new Children();
    writeAlbum(temporary.in('original', 'Album'), albumBytes, 7);
    const tracker = children.add(
      cicada(['tracker', '--listen', `${trackerHost.address}:0`], trackerHost.inside),
    );
    const { announce } = await tracker.event('listening');
    const create = ['create', temporary.in('original', 'Album'), '--format', format, '-l', '256KiB'];
    const target = ['-a', String(announce), '-o', temporary.in(torrentName)];
    const creation = children.add(cicada([...create, ...target]));
    await creation.success();
    const { magnet } = JSON.parse(creation.lines.at(-1)!);
    return new Swarm(temporary, children, trackerHost, String(announce), magnet);
  }

  /**
   * aria2 1.36 drops the empty keys of a hybrid's file tree, so it computes another info-hash. Transmission
   * 3.00 stops at them. Skips the test for a version that cannot read hybrids, because that is not Cicada's
   * fault.
   */
  requireReader(context: TestContext, client: ForeignClient): void {
    if (client.infoHashOf === undefined || client.infoHashOf(this.torrent) === this.#infoHash) return;
    if (parseMetainfo(readFileSync(this.torrent)).format === 'v1')
      throw new Error(`${client.name} cannot read our torrent`);
    context.skip(`the ${client.name} of this machine cannot read hybrid torrents by any program`);
  }

  /** Resolves when the seed has announced to the tracker. */
  async ourSeed(host: Host): Promise<Child> {
    const args = ['seed', this.torrent, this.#temporary.in('original'), '--port', '0'];
    const seed = this.#children.add(cicada(args, host.inside));
    await seed.event('tracker-answered');
    return seed;
  }

  /** Downloads, and with `stay` goes on seeding. */
  ourDownload(host: Host, { torrent = this.torrent, stay = false } = {}): Child {
    const args = ['download', torrent, '-o', this.#newFolder(), '--port', '0', ...(stay ? ['--seed'] : [])];
    return this.#children.add(cicada(args, host.inside));
  }

  async foreignSeed(client: ForeignClient, host: Host): Promise<Child> {
    const folder = this.#newFolder(client);
    writeAlbum(join(folder, 'Album'), parseMetainfo(readFileSync(this.torrent)).bytes, 7);
    this.#writePads(folder);
    return await this.#foreign(client, host, folder);
  }

  async foreignDownload(client: ForeignClient, host: Host, torrent = this.torrent): Promise<Child> {
    return await this.#foreign(client, host, this.#newFolder(client), torrent);
  }

  /** Resolves when the tracker knows this many seeds. */
  async seedsKnown(count: number): Promise<void> {
    await this.#trackerKnows(count, 'seeds');
  }

  /**
   * Resolves when the tracker lists this many peers. Transmission may announce before it has checked its
   * files.
   */
  async peersKnown(count: number): Promise<void> {
    await this.#trackerKnows(count, 'listed');
  }

  async #trackerKnows(count: number, kind: 'seeds' | 'listed'): Promise<void> {
    const command = [process.execPath, waitForSeeds, this.#announce, this.#infoHash, String(count), kind];
    const waiting = this.#children.add(new Child([...this.#trackerHost.inside, ...command]));
    await waiting.success();
  }

  /**
   * Stops all clients as their users do, so that all data is on the disk. Returns how the copies differ from
   * the original, or which Cicada programs did not end on SIGTERM.
   */
  async differences(): Promise<string[]> {
    const deaf = (await this.#children.end()).filter((child) => child.isOurs);
    if (deaf.length > 0) return deaf.map(({ name }) => `${name} did not end on SIGTERM`);
    return this.#copies.flatMap(({ folder, client }) => {
      const copy = join(folder, 'Album');
      if (client !== undefined) rmSync(join(copy, '.pad'), { recursive: true, force: true });
      if (client?.leavesOutEmptyFiles) writeFileSync(join(copy, emptyFile), '');
      const difference = differenceOf(this.#temporary.in('original', 'Album'), copy);
      return difference === undefined ? [] : `${client?.name ?? 'Cicada'}: ${difference}`;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#children[Symbol.asyncDispose]();
    this.#temporary[Symbol.dispose]();
  }

  async #foreign(client: ForeignClient, host: Host, folder: string, torrent = this.torrent): Promise<Child> {
    return this.#children.add(await client.start({ host, torrent, folder, scratch: this.#temporary.path }));
  }

  #newFolder(client?: ForeignClient): string {
    const folder = this.#temporary.in(`peer-${this.#copies.length + 1}`);
    mkdirSync(folder);
    this.#copies.push({ folder, ...(client === undefined ? {} : { client }) });
    return folder;
  }

  get #infoHash(): string {
    return Buffer.from(parseMetainfo(readFileSync(this.torrent)).infoHash).toString('hex');
  }

  #writePads(folder: string): void {
    for (const { isPad, components, bytes } of parseMetainfo(readFileSync(this.torrent)).files) {
      if (!isPad) continue;
      const path = join(folder, 'Album', ...components);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, new Uint8Array(bytes));
    }
  }
}
