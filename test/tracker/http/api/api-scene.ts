/**
 * A whole tracker with a catalogue, requested without listening, and one person of every role. Its clock
 * advances by a day per request, so that rate limits are not hit by chance; a test may stop it.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { parseMetainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { signVersion, versionOf } from '../../../../torrents/release/version-signature.ts';
import type { Role } from '../../../../tracker/access.ts';
import type { CommunityPolicy } from '../../../../tracker/community/method-context.ts';
import { clientAddresses } from '../../../../tracker/http/addresses/client-address.ts';
import { trackerApp } from '../../../../tracker/http/app.ts';
import { httpLimits } from '../../../../tracker/http/limits.ts';
import { ListedTorrents } from '../../../../tracker/http/listed-torrents.ts';
import { type Library, openLibrary } from '../../../../tracker/library.ts';
import { encodeBytes } from '../../../../tracker/protocol/query.ts';
import { Registry } from '../../../../tracker/registry.ts';
import { type Album, albumTorrent, releaseIdOf } from '../../catalogue/catalogue-album.ts';

export interface Person {
  readonly name: string;
  readonly token: string;
  readonly accountId: number;
  /** The account's feed key. */
  readonly feedKey: string;
  readonly key: KeyObject;
}

export interface Asked {
  readonly by?: Person | { readonly token: string } | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Each request has its own address by default. */
  readonly from?: string;
}

export interface Answer {
  readonly status: number;
  /** The code of an error. */
  readonly code: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: what it must be is what tests say.
  readonly json: any;
  readonly text: string;
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
}

export const roleNames = ['guest', 'member', 'moderator', 'owner'] as const satisfies readonly Role[];

export interface ApiScene {
  readonly app: FastifyInstance;
  readonly library: Library;
  readonly path: string;
  readonly people: Readonly<Record<Role | 'banned' | 'pia', Person>>;
  readonly errors: unknown[];
  /** The time that passes between two requests. */
  readonly clock: { stepMs: number };
  /** `GET /search?q=x` calls the API; `GET //path`, with two slashes, any other path of the tracker. */
  ask(call: string, asked?: Asked): Promise<Answer>;
  register(name: string): Promise<Person>;
  /** Publishes as Pia by default. Returns the release's id. */
  publish(album: Partial<Album> & { readonly album: string }, access?: object, by?: Person): Promise<string>;
  /** The passkey in the torrent that this person would fetch if the release is visible to them. */
  passkey(by: Person, releaseId: string): string;
  announce(infoHash: Uint8Array, passkey?: string, more?: string): Promise<Buffer>;
  scrape(infoHash: Uint8Array, passkey?: string): Promise<Buffer>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const dayMs = 86_400_000;

export async function openApiScene(
  policy: Partial<CommunityPolicy> = {},
  options: {
    readonly publicUrl?: string;
    readonly trustedProxies?: readonly string[];
    readonly contact?: string;
    readonly uploadWorker?: URL;
  } = {},
): Promise<ApiScene> {
  const folder = await mkdtemp(join(tmpdir(), 'cicada-api-'));
  const errors: unknown[] = [];
  const clock = { stepMs: dayMs };
  let passedMs = 0;
  const time = { nowMs: () => passedMs, wallMs: Date.now };
  const registry = new Registry({ hashSeed: 1 });
  const library = await openLibrary({
    dataFolder: folder,
    policy: { signInRequired: false, newcomerRole: 'member', ...policy },
    registry,
    peerTimeoutMs: 1e15,
    ...time,
    onError: (error) => errors.push(error),
  });
  const { fastify: app } = trackerApp({
    registry,
    library,
    torrents: new ListedTorrents(),
    addresses: clientAddresses(options.trustedProxies),
    limits: httpLimits,
    publicUrl: options.publicUrl ?? 'https://tracker.example',
    contact: options.contact,
    uploadWorker: options.uploadWorker,
    ...time,
    random: () => 0,
    onError: (error) => errors.push(error),
  });
  await app.ready();

  let visitors = 0;
  const someAddress = () => {
    visitors += 1;
    return `10.${(visitors >> 16) & 255}.${(visitors >> 8) & 255}.${visitors & 255}`;
  };

  async function ask(call: string, { by, body, headers = {}, from = someAddress() }: Asked = {}) {
    passedMs += clock.stepMs;
    const [method = '', url = ''] = call.split(/ (.*)/s);
    const response = await app.inject({
      method: method as 'GET',
      url: url.startsWith('//') ? url.slice(1) : `/api/v1${url}`,
      remoteAddress: from,
      headers: { ...(by !== undefined && { authorization: `Bearer ${by.token}` }), ...headers },
      ...(body !== undefined && { payload: body as object }),
    });
    const isJson = String(response.headers['content-type']).startsWith('application/json');
    const json = isJson && response.payload !== '' ? response.json() : undefined;
    const { statusCode: status, payload: text, rawPayload: bytes } = response;
    return { status, code: json?.error?.code, json, text, bytes, headers: response.headers };
  }

  async function register(name: string, more: object = {}): Promise<Person> {
    const { publicKey, privateKey: key } = generateKeyPairSync('ed25519');
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64');
    const { status, json, text } = await ask('POST /accounts', { body: { name, publicKey: raw, ...more } });
    if (status !== 201) throw new Error(text);
    const accountId = (await library.community.accountId(name))!;
    await library.community.confirmRights({ accountId, role: 'member', groupIds: [] });
    return { name, token: json.session.token, accountId, feedKey: json.account.feedKey, key };
  }

  const owner = await register('Olga', { setupToken: await library.community.newSetupToken() });
  const roled = async (name: string, role: Role) => {
    const person = await register(name);
    await ask(`PATCH /accounts/${name}`, { by: owner, body: { role } });
    return person;
  };
  const banned = await register('Bert');
  await ask('PUT /accounts/Bert/ban', { by: owner, body: { reason: 'noise' } });
  const people = {
    guest: await roled('Greta', 'guest'),
    member: await register('Mia'),
    moderator: await roled('Moritz', 'moderator'),
    owner,
    banned,
    pia: await register('Pia'),
  };

  const scene: ApiScene = {
    app,
    library,
    path: join(folder, 'tracker.db'),
    people,
    errors,
    clock,
    ask,
    register,
    async publish(album, access, by = people.pia) {
      const body = publishBody({ tracks: ['Song'], ...album }, by);
      const { status, text } = await ask('POST /releases', {
        by,
        body: access === undefined ? body : { ...body, access },
      });
      if (status !== 201) throw new Error(text);
      return body.releaseId;
    },
    passkey: ({ accountId }, releaseId) => library.admission.passkeyFor(accountId, releaseId)!,
    async announce(infoHash, passkey, more = '') {
      const peer = `&peer_id=-XX0001-aaaaaaaaaaaa&port=6881&left=0&compact=1${more}`;
      const query = `info_hash=${encodeBytes(infoHash)}${peer}`;
      const path = passkey === undefined ? '' : `/${passkey}`;
      return (await ask(`GET /${path}/announce?${query}`)).bytes;
    },
    async scrape(infoHash, passkey) {
      const path = passkey === undefined ? '' : `/${passkey}`;
      return (await ask(`GET /${path}/scrape?info_hash=${encodeBytes(infoHash)}`)).bytes;
    },
    async close() {
      await app.close();
      await library.close();
      await rm(folder, { recursive: true, force: true });
    },
    [Symbol.asyncDispose]: () => scene.close(),
  };
  return scene;
}

/**
 * The signed body that publishes an album. With `version` above 1, it is a version of the release of `of`.
 */
export function publishBody(album: Album, by: Person, version = 1, of = album.album) {
  const torrent = albumTorrent(album);
  const releaseId = releaseIdOf(`${by.name} ${of}`);
  const publishedAtMs = 1_700_000_000_000;
  const named = versionOf(parseMetainfo(torrent), { releaseId, version, publishedAtMs });
  const { signature } = signVersion(named, by.key);
  return {
    releaseId,
    torrent: Buffer.from(torrent).toString('base64'),
    album: album.album,
    ...(album.artist !== undefined && { artist: album.artist }),
    tracks: album.tracks.map((track, fileIndex) => ({
      fileIndex,
      title: typeof track === 'string' ? track : track.title,
    })),
    publishedAtMs,
    signature: Buffer.from(signature).toString('base64'),
  };
}

/** The info-hash under which peers announce it. */
export function infoHashOf(album: Album): Uint8Array {
  const { infoHash, infoHashV2, format } = parseMetainfo(albumTorrent(album));
  return format === 'v2' ? infoHashV2!.subarray(0, 20) : infoHash!;
}
