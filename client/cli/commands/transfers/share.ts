/**
 * `cicada share`: makes a torrent of a folder and seeds it. A user who is signed in at a tracker with a
 * catalogue publishes it there; without a named tracker other users get a tracker of their own.
 */
import { basename, resolve } from 'node:path';
import type { InferredOptionTypes } from 'yargs';
import { type Album, findAlbums } from '../../../../torrents/create/albums.ts';
import type { CreateOptions } from '../../../../torrents/create/create.ts';
import { defaultPort, type RunningTracker, startTracker } from '../../../../tracker/server.ts';
import { lastTracker } from '../../../account/last-tracker.ts';
import { loadSession } from '../../../account/tracker-sessions.ts';
import { badOption, CliError, codeOf } from '../../cli-error.ts';
import { defineCommand, type OptionTable } from '../../command.ts';
import { contentOptions, createOptions, forceOption, sharedPaths } from '../../options/create-options.ts';
import { everyAddress, type HostPort } from '../../options/endpoints.ts';
import { portOption, uploadLimitOption } from '../../options/network-options.ts';
import { stateFolder } from '../../options/user-folders.ts';
import { visibilityOption } from '../../options/visibility.ts';
import { calledAs } from '../../screen/command-line.ts';
import { interruption } from '../../screen/interruption.ts';
import type { Output } from '../../screen/output.ts';
import { sharedPlaces } from '../../sharing/shareable.ts';
import { withSession } from '../../transfer/client-session.ts';
import { rightsOption } from '../account/rights.ts';
import { makeOutputFolder, torrentOutput } from '../making/torrent-output.ts';
import { listenOption } from '../tracker/tracker.ts';

const options = {
  ...contentOptions,
  output: {
    type: 'string',
    alias: 'o',
    requiresArg: true,
    describe: 'Also write the torrent file, to this file or folder',
  },
  ...forceOption,
  'per-album': {
    type: 'boolean',
    describe: 'Share each album in the folder separately, also new ones; published where you are signed in',
  },
  publish: {
    type: 'boolean',
    describe: 'Publish it where you are signed in, and update it; --no-publish: do not',
  },
  ...visibilityOption,
  ...rightsOption,
  listen: {
    ...listenOption,
    describe: 'HOST:PORT of its own tracker, which runs when no --tracker is given',
  },
  ...portOption,
  ...uploadLimitOption,
} as const satisfies OptionTable;

type ShareArgs = InferredOptionTypes<typeof options & typeof sharedPaths>;

export default defineCommand({
  usage: 'share <path..>',
  describe: 'Share a folder: make its torrent and seed it',
  positionals: sharedPaths,
  options,
  examples: [
    ['share ~/Music/Album', 'prints the line to type on another computer'],
    ['share ~/Music --per-album', 'shares each album separately, also new ones'],
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
    const catalogue = await catalogueOf(args, args.announce ?? []);
    if (catalogue !== undefined) return await publish(catalogue, args, places, signal, output);
    return await shareHere(args, places, signal, output);
  },
});

async function publish(
  tracker: string,
  args: ShareArgs,
  places: readonly string[],
  signal: AbortSignal,
  output: Output,
): Promise<number> {
  const { sharePublished } = await import('../../sharing/publish-sharing.ts');
  const { visibility: access, threads } = args;
  const includeSecrets = args['include-secrets'];
  const mayShare = args['i-may-share'];
  const create = createOptions(args, []);
  const collections = args['per-album'] === true ? places : [];
  const folders = await foldersOf(places, collections, create, signal);
  const place = { stateFolder: stateFolder(), tracker, signal };
  const sharing = { place, folders, collections, create, access, threads, includeSecrets, mayShare };
  return await withSession({ ...args, remembers: false }, output, (session) =>
    sharePublished(session, sharing, output),
  );
}

/** Shares without a catalogue: announces at the named trackers, or at a tracker of our own. */
async function shareHere(
  args: ShareArgs,
  places: readonly string[],
  signal: AbortSignal,
  output: Output,
): Promise<number> {
  const named = args.announce ?? [];
  // With a remote tracker the torrent file is the only thing to hand on.
  const place = args.output ?? (named.length > 0 ? '.' : undefined);
  const perAlbum = args['per-album'] === true;
  const targets = perAlbum ? [] : await targetsOf(args, place);
  const tracker = named.length > 0 ? undefined : await startOwnTracker(args.listen);
  try {
    return await withSession({ ...args, remembers: false }, output, async (session) => {
      const create = createOptions(args, tracker === undefined ? named : [[tracker.announceUrl]]);
      const { threads, force = false, 'include-secrets': includeSecrets } = args;
      const common = { create, threads, force, trackers: named.flat(), tracker };
      if (perAlbum) {
        const { shareAlbums } = await import('./share-albums.ts');
        const albums = { ...common, collections: places, place, includeSecrets };
        return await shareAlbums(session, albums, signal, output);
      }
      const { shareFolders } = await import('./share-folders.ts');
      const folders = places.map((path, index) => ({
        path,
        target: targets[index],
        // For a symbolic link, the name of the link: that is the name that people know.
        name: create.name ?? basename(resolve(args.path[index]!)),
      }));
      return await shareFolders(session, { ...common, folders }, signal, output);
    });
  } finally {
    await tracker?.close();
  }
}

/** The torrent file of each path; undefined when none is written. */
async function targetsOf(args: ShareArgs, place: string | undefined): Promise<(string | undefined)[]> {
  const forSeveral = args.path.length > 1;
  const targets: (string | undefined)[] = [];
  for (const path of place === undefined ? [] : args.path)
    targets.push(await torrentOutput(path, { ...args, output: place, forSeveral }));
  await makeOutputFolder(place, forSeveral);
  return targets;
}

/** The folders themselves, or the albums in them. Throws CreateError for a folder that cannot be scanned. */
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

/** The tracker to publish at, if any. Throws CliError `not-signed-in` when publishing was asked for. */
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
  // An output file, an own tracker or several trackers mean sharing without a catalogue.
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

/** Uses the usual port if it is free. A port that the user named is used, or an error is thrown. */
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
