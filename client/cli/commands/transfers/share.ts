/**
 * `cicada share`: makes a torrent of a folder and seeds it, in one go. Whoever is signed in at a tracker with a catalogue
 * publishes it there; others have a tracker of their own when none is named.
 */
import { basename, resolve } from 'node:path';
import { type Album, findAlbums } from '../../../../torrents/create/albums.ts';
import { type CreateOptions, createTorrent, writeTorrentFile } from '../../../../torrents/create/create.ts';
import type { Metainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { count, size } from '../../../../torrents/wording.ts';
import { defaultPort, type RunningTracker, startTracker } from '../../../../tracker/server.ts';
import { lastTracker } from '../../../account/last-tracker.ts';
import { loadSession } from '../../../account/tracker-sessions.ts';
import { startTransfer } from '../../../session/transfers/start-transfer.ts';
import type { Transfer } from '../../../session/transfers/transfer.ts';
import { badOption, CliError, codeOf } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import {
  contentOptions,
  createOptions,
  forceOption,
  remarkEmpty,
  remarkSkipped,
  sharedPaths,
} from '../../options/create-options.ts';
import { everyAddress, type HostPort } from '../../options/endpoints.ts';
import { portOption, uploadLimitOption } from '../../options/network-options.ts';
import { stateFolder } from '../../options/user-folders.ts';
import { visibilityOption } from '../../options/visibility.ts';
import { calledAs, commandElsewhere } from '../../screen/command-line.ts';
import { interruption } from '../../screen/interruption.ts';
import { type Output, paint } from '../../screen/output.ts';
import { hashingLine } from '../../screen/progress-line.ts';
import { sharedPlaces } from '../../sharing/shareable.ts';
import { withSession } from '../../transfer/client-session.ts';
import { seedUntil } from '../../transfer/seeding.ts';
import { TransferVoice } from '../../transfer/transfer-voice.ts';
import { rightsOption } from '../account/rights.ts';
import { makeOutputFolder, torrentOutput } from '../making/torrent-output.ts';
import { plain, torrentDocument } from '../making/torrent-summary.ts';
import { listenOption } from '../tracker/tracker.ts';

export default defineCommand({
  usage: 'share <path..>',
  describe: 'Share a folder: make its torrent and seed it, in one go',
  positionals: sharedPaths,
  options: {
    ...contentOptions,
    output: {
      type: 'string',
      alias: 'o',
      requiresArg: true,
      describe: 'Write the torrent file too: a file or a folder',
    },
    ...forceOption,
    'per-album': {
      type: 'boolean',
      describe: 'Every album inside by itself, and new ones as they come; published where you are signed in',
    },
    publish: {
      type: 'boolean',
      describe: 'Publish it where you are signed in, and keep it up to date; --no-publish: not there',
    },
    ...visibilityOption,
    ...rightsOption,
    listen: { ...listenOption, describe: 'HOST:PORT of the tracker that it runs when no --tracker is given' },
    ...portOption,
    ...uploadLimitOption,
  },
  examples: [
    ['share ~/Music/Album', 'prints the line to type on another computer'],
    ['share ~/Music --per-album', 'every album by itself, and new ones as they come'],
    [
      'share ~/Music/Album --visibility group:friends',
      'published where you are signed in, and again when it changes; for friends only',
    ],
    [
      'share ~/Music/Album --tracker http://host:6969/announce',
      'announces it there, and writes Album.torrent',
    ],
  ],

  async run(args, output) {
    const signal = interruption();
    const places = sharedPlaces(args.path, args);
    const named = args.announce ?? [];
    const catalogue = await catalogueOf(args, named);
    if (catalogue !== undefined) {
      const { sharePublished } = await import('../../sharing/publish-sharing.ts');
      const { visibility: access, threads } = args;
      const includeSecrets = args['include-secrets'];
      const mayShare = args['i-may-share'];
      const create = createOptions(args, []);
      const collections = args['per-album'] === true ? places : [];
      const folders = await foldersOf(places, collections, create, signal);
      const place = { stateFolder: stateFolder(), tracker: catalogue, signal };
      const sharing = { place, folders, collections, create, access, threads, includeSecrets, mayShare };
      return await withSession({ ...args, remembers: false }, output, (session) =>
        sharePublished(session, sharing, output),
      );
    }
    // With a tracker of somebody else's the torrent file is all that can be handed on.
    const place = args.output ?? (named.length > 0 ? '.' : undefined);
    const perAlbum = args['per-album'] === true;
    const targets: (string | undefined)[] = [];
    for (const path of perAlbum ? [] : args.path) {
      targets.push(
        place === undefined
          ? undefined
          : await torrentOutput(path, { ...args, output: place, forSeveral: args.path.length > 1 }),
      );
    }
    if (!perAlbum) await makeOutputFolder(place, args.path.length > 1);
    const tracker = named.length > 0 ? undefined : await startOwnTracker(args.listen);
    try {
      return await withSession({ ...args, remembers: false }, output, async (session) => {
        const options = createOptions(args, tracker === undefined ? named : [[tracker.announceUrl]]);
        const trust = { trackers: named.flat() };
        if (perAlbum) {
          const { shareAlbums } = await import('./share-albums.ts');
          const { threads, force = false } = args;
          const includeSecrets = args['include-secrets'];
          const albums = {
            collections: places,
            create: options,
            place,
            force,
            threads,
            tracker,
            ...trust,
            includeSecrets,
          };
          return await shareAlbums(session, albums, signal, output);
        }
        new TransferVoice(session, output);
        const transfers: Transfer[] = [];
        for (const [index, path] of places.entries()) {
          // Of a link it is the link's name that people know.
          const name = options.name ?? basename(resolve(args.path[index]!));
          const { bytes, metainfo, skipped } = await createTorrent(
            path,
            { ...options, name },
            {
              signal,
              threads: args.threads,
              onProgress: (progress) => output.live(hashingLine('Hashing', progress)),
            },
          );
          output.clearLive();
          remarkSkipped(skipped, output);
          remarkEmpty(metainfo.bytes, output);
          const target = targets[index];
          if (target !== undefined) await writeTorrentFile(target, bytes, { force: args.force ?? false });
          const request = { wanted: { metainfo }, kind: 'share', place: path, verify: false, trust } as const;
          transfers.push(await startTransfer(session, request, signal));
          const url = tracker?.addTorrent(bytes).torrentUrl;
          const document = torrentDocument(metainfo, target ?? null, skipped);
          output.document({ event: 'sharing', ...document, url: url ?? null, port: session.port });
          tellShared(metainfo, target, url, output);
        }
        output.remark(paint('dim', 'Sharing until Ctrl-C.'));
        await seedUntil(signal, transfers, output);
        return exitCode.done;
      });
    } finally {
      await tracker?.close();
    }
  },
});

/** The places themselves, or the albums in them. Throws CreateError for one that cannot be looked through. */
async function foldersOf(
  places: readonly string[],
  collections: readonly string[],
  options: CreateOptions,
  signal: AbortSignal,
): Promise<(Pick<Album, 'path'> & Partial<Album>)[]> {
  if (collections.length === 0) return places.map((path) => ({ path }));
  const found: Album[] = [];
  for (const path of collections) found.push(...(await findAlbums(path, options, signal)).albums);
  return found;
}

/** Where it is to be published, if anywhere. Throws CliError `not-signed-in` when that was asked for. */
async function catalogueOf(
  args: {
    readonly publish?: boolean | undefined;
    readonly visibility?: unknown;
    readonly output?: unknown;
    readonly listen?: unknown;
  },
  named: readonly (readonly string[])[],
): Promise<string | undefined> {
  const isAsked = args.publish === true || args.visibility !== undefined;
  // A torrent file to hand on, a tracker of one's own, or several trackers: that is another way of sharing.
  const isOtherwise = args.publish === false || args.output !== undefined || args.listen !== undefined;
  const urls = named.flat();
  if (isAsked && isOtherwise) {
    throw badOption('what is published goes with neither --output nor --listen: the tracker hands it out');
  }
  if (isOtherwise || (urls.length > 1 && !isAsked)) return undefined;
  const state = stateFolder();
  const tracker = urls.find((url) => /^https?:/i.test(url)) ?? (await lastTracker(state));
  if (tracker === undefined) {
    if (!isAsked) return undefined;
    throw new CliError('not-signed-in', `to publish, sign in first: ${calledAs} register NAME --tracker URL`);
  }
  if ((await loadSession(state, tracker)) !== undefined) return tracker;
  if (!isAsked) return undefined;
  throw new CliError(
    'not-signed-in',
    `you are not signed in at ${tracker}: ${calledAs} register NAME, or login`,
  );
}

/** What was shared, and the line to type elsewhere: alone on its line, to be copied. */
function tellShared(
  metainfo: Metainfo,
  target: string | undefined,
  url: string | undefined,
  output: Output,
): void {
  const files = metainfo.files.filter((file) => !file.isPad).length;
  const name = paint('bold', plain(metainfo.name));
  output.result(`${name}: ${size(metainfo.bytes)} in ${count(files, 'file')}`);
  if (target !== undefined) output.result(`Torrent file: ${plain(target)}`);
  output.result(url === undefined ? 'To fetch it, with that file:' : 'To fetch it on another computer:');
  output.result(paint('bold', plain(commandElsewhere(['get', url ?? target!]))));
}

/** On the usual port if it is free; a person who named one gets that one or an error. */
async function startOwnTracker(listen: HostPort | undefined): Promise<RunningTracker> {
  if (listen !== undefined) return await startTracker(listen);
  const host = everyAddress();
  try {
    return await startTracker({ host, port: defaultPort });
  } catch (error) {
    if (codeOf(error) !== 'port-in-use') throw error;
    return await startTracker({ host, port: 0 });
  }
}
