/**
 * Uploads that are as expensive as possible: torrents and request bodies of every kind that takes long to
 * read, from several accounts and addresses, without a pause. Large valid publications, which occupy the
 * writer, are among them.
 */
import { setPriority } from 'node:os';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Agent, request } from 'undici';
import { albumTorrent, releaseIdOf } from '../tracker/catalogue/catalogue-album.ts';
import { visitor } from './catalogue-load-place.ts';

export interface HostileLoad {
  readonly url: string;
  /** One per account. */
  readonly tokens: readonly string[];
}

const mebibyte = 2 ** 20;
/** The limit of the catalogue. */
const torrentBytesMax = 8 * mebibyte;

const filled = (head: string, unit: string, tail: string, bytes = torrentBytesMax - 64) =>
  Buffer.concat([
    Buffer.from(head),
    Buffer.from(unit.repeat(Math.floor((bytes - head.length - tail.length) / unit.length))),
    Buffer.from(tail),
  ]);

/** A torrent with as many files as fit, each with a path of several components. */
function manyFiles(): Buffer {
  const file = 'd6:lengthi1e4:pathl1:a1:b1:c1:d1:e1:fee';
  return filled('d4:infod5:filesl', file, `e4:name1:x12:piece lengthi16384e6:pieces20:${'x'.repeat(20)}ee`);
}

const torrents: Readonly<Record<string, () => Buffer>> = {
  'empty strings': () => filled('l', '0:', 'e'),
  numbers: () => filled('l', 'i1e', 'e'),
  'lists in lists': () => filled('', 'l', ''),
  'many files': manyFiles,
  'cut off': () => manyFiles().subarray(0, 6 * mebibyte),
  'almost as many values as are read': () => filled('d4:infol', '2:xx', 'ee', 3.9 * mebibyte),
};

/** As many as the accounts may publish. */
const archivesMax = 50;

let made = 0;
const nextId = () => releaseIdOf(`hostile ${process.pid} ${made++}`);

const bodyWith = (torrent: string, tracks: string) =>
  Buffer.from(
    `{"releaseId":"${nextId()}","torrent":"${torrent}","album":"x","tracks":${tracks},"publishedAtMs":1}`,
  );

/** 8,000 tracks with different titles, the most that a release may have. */
function archive(): Buffer {
  const album = `Archive ${process.pid} ${made}`;
  const tracks = Array.from(
    { length: 8_000 },
    (_, n) => `Song ${n.toString(36)} of ${(made * 8_000 + n).toString(36)}`,
  );
  const torrent = Buffer.from(albumTorrent({ album, tracks })).toString('base64');
  return bodyWith(torrent, JSON.stringify(tracks.map((title, fileIndex) => ({ fileIndex, title }))));
}

const bodies: readonly (readonly [kind: string, make: () => Buffer])[] = [
  ...Object.entries(torrents).map(([kind, torrent]) => {
    const text = torrent().toString('base64');
    return [kind, () => bodyWith(text, '[{"fileIndex":0,"title":"x"}]')] as const;
  }),
  ['archive', archive],
  ['JSON: lists in lists', () => bodyWith('', '['.repeat(19 * mebibyte))],
  ['JSON: many small fields', () => filled('{', '"":1,', '"":1}', 19 * mebibyte)],
  ['JSON: many small tracks', () => bodyWith('', `[${'{},'.repeat(6 * mebibyte)}{}]`)],
  ['JSON: a text of escapes', () => bodyWith('\\u0041'.repeat(3 * mebibyte), '[]')],
];

async function attack(
  { url, tokens }: HostileLoad,
  counts: Record<string, number>,
  onReady: () => void,
): Promise<void> {
  const dispatcher = new Agent({ connections: 2 * tokens.length });
  // Made before the measurement, because real attackers make them on other machines. Each archive is valid,
  // and is sent once.
  const archives = Array.from({ length: archivesMax }, archive);
  const kept = new Map(bodies.filter(([kind]) => kind !== 'archive').map(([kind, make]) => [kind, make()]));
  onReady();
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const one = async (token: string, first: number) => {
    const headers = { ...visitor(), authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    for (let n = first; ; n++) {
      const [kind] = bodies[n % bodies.length]!;
      const body = kind === 'archive' ? archives.pop() : kept.get(kind);
      if (body === undefined) continue;
      try {
        const answer = await request(`${url}/api/v1/releases`, {
          dispatcher,
          method: 'POST',
          headers,
          body,
        });
        await answer.body.arrayBuffer();
        count(`${answer.statusCode}`);
        if (answer.statusCode < 429) count(`read: ${kind}`);
        else await sleep(100);
      } catch {
        // The tracker refused the request before all of it was sent, and closed the connection.
        count('cut off');
        await sleep(100);
      }
    }
  };
  await Promise.all(tokens.flatMap((token, n) => [one(token, n), one(token, n + 5)]));
}

if (workerData?.hostile !== undefined) {
  // Real attackers use other machines. Here they run with a lower priority than the tracker and the
  // announces.
  if (process.platform === 'linux') setPriority(10);
  const counts: Record<string, number> = {};
  void attack(workerData.hostile as HostileLoad, counts, () => parentPort!.postMessage(counts));
  parentPort!.on('message', () => parentPort!.postMessage(counts));
}
