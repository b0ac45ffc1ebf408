/** `cicada tracker`: runs a tracker; with `--data` also its searchable catalogue. */
import { readFile } from 'node:fs/promises';
import { count } from '../../../../torrents/wording.ts';
import { openPolicy } from '../../../../tracker/community/method-context.ts';
import { checkPublicUrl } from '../../../../tracker/http/addresses/public-url.ts';
import { checkContact } from '../../../../tracker/http/pages/contact.ts';
import { defaultPort, type RunningTracker, startTracker } from '../../../../tracker/server.ts';
import { badOption, CliError, codeOf } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { errorWords } from '../../error-words.ts';
import { exitCode } from '../../exit-codes.ts';
import { everyAddress, parseListen } from '../../options/endpoints.ts';
import { calledAs } from '../../screen/command-line.ts';
import { aborted, interruption } from '../../screen/interruption.ts';
import { type LiveText, paint, paintEveryMs } from '../../screen/output.ts';
import { watch } from '../../screen/watch.ts';
import { loadTorrent, torrentPositional } from '../../sources/torrent-source.ts';

export const listenOption = {
  type: 'string',
  requiresArg: true,
  describe: `HOST:PORT, or a port alone; default: all addresses, port ${defaultPort}`,
  coerce: (text: string) => parseListen(text, '--listen'),
} as const;

export default defineCommand({
  usage: 'tracker [torrent..]',
  describe: 'Run a tracker, with a catalogue of what its members share',
  positionals: {
    torrent: {
      ...torrentPositional,
      array: true,
      describe: "Torrent files to list on the tracker's page",
    },
  },
  options: {
    listen: listenOption,
    data: {
      type: 'string',
      requiresArg: true,
      describe:
        'Data folder of a catalogue: accounts, search, rooms. The tracker then serves only published releases',
    },
    'require-sign-in': {
      type: 'boolean',
      describe: 'Only members may see the catalogue and announce',
    },
    'invite-only': {
      type: 'boolean',
      describe:
        'Registration needs an invitation; --no-invite-only opens it. Default: as before; on for a new tracker that the internet can reach',
    },
    'swarm-snapshot': {
      type: 'boolean',
      describe:
        'Save the swarms in the data folder for the next start; --no-swarm-snapshot keeps peer addresses off the disk',
    },
    'public-url': {
      type: 'string',
      requiresArg: true,
      describe: 'Public address of the tracker, also put into torrents: https://music.example.org',
    },
    'external-address': {
      type: 'string',
      array: true,
      nargs: 1,
      describe:
        'Internet address of your router, given to outside peers for peers in your network; repeat for IPv6',
    },
    contact: {
      type: 'string',
      requiresArg: true,
      describe: 'Contact for members who need a moderator: a mail or web address, shown on the page',
      coerce: parseContact,
    },
    'trusted-proxy': {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'Address or network of a proxy whose X-Forwarded-For is trusted; repeatable',
    },
    'tls-cert': { type: 'string', requiresArg: true, describe: 'Certificate for HTTPS (PEM)' },
    'tls-key': { type: 'string', requiresArg: true, describe: 'Key of the certificate (PEM)' },
  },
  examples: [
    ['tracker', 'listens on every address of this machine'],
    [
      'tracker --data ~/cicada-tracker --contact ada@example.org',
      'with a catalogue; the first start prints how to become its owner',
    ],
    ['tracker --listen 127.0.0.1:6969 Album.torrent', 'for this machine alone, with a torrent on its page'],
  ],

  async run({ torrent = [], listen, ...args }, output) {
    const signal = interruption();
    const torrents = [];
    for (const source of torrent) torrents.push(await loadTorrent(source, signal));
    const publicUrl = args['public-url'];
    const trustedProxies = (args['trusted-proxy'] ?? []).filter((proxy) => proxy !== undefined);
    const tracker = await started({
      ...(listen ?? { host: everyAddress(), port: defaultPort }),
      torrents,
      ...(await tlsFiles(args['tls-cert'], args['tls-key'])),
      ...(publicUrl !== undefined && { publicUrl: webAddress(publicUrl) }),
      trustedProxies,
      externalAddresses: (args['external-address'] ?? []).filter((address) => address !== undefined),
      // The unknown host name is not printed: it comes from the request, and the user might copy it into an
      // option.
      onUnknownHost: () => {
        output.document({ event: 'host-unknown' });
        output.remark(
          'A visitor called this tracker by a name or an address that it does not know. If it has one, start it with --public-url: its links lead there then.',
        );
      },
      onTrouble: ({ code, message }) => {
        output.document({ event: 'trouble', code, message });
        output.result(`Notice: ${message}.`);
      },
      contact: args.contact,
      ...catalogueOptions(args.data, args['require-sign-in'] === true, args['invite-only']),
      ...snapshotOption(args.data, args['swarm-snapshot']),
    });
    try {
      const { announceUrl: announce, url: api, setupToken } = tracker;
      const { registration } = tracker;
      output.document({
        event: 'listening',
        ...{ announce, api },
        ...(registration !== undefined && { registration }),
        ...(setupToken !== undefined && { setupToken }),
      });
      output.result(`${paint('bold', 'Tracker')} ${announce}`);
      output.remark(`Its page is ${api}; Ctrl-C stops it.`);
      if (registration === 'invited' && args['invite-only'] === undefined) {
        output.remark(
          `Registration here needs an invitation (${calledAs} invite); --no-invite-only opens it to everyone.`,
        );
      }
      if (trustedProxies.length > 0 && publicUrl === undefined) {
        output.remark('Behind a proxy it does not know its own address: name it with --public-url.');
      }
      if (tracker.hidesItsNetwork) {
        output.remark(
          "Peers on this machine and in its network are not told to peers outside, which could not reach them; --external-address names your router's address for that.",
        );
      }
      if (args.data !== undefined && args.contact === undefined) {
        output.remark(
          'Its page names no contact: --contact ADDRESS shows people whom to ask for a moderator.',
        );
      }
      if (tracker.isKeyReplaced) {
        const message =
          'tracker.key is not the key of the last start. Announce URLs and feed keys that were made with the other key are void: members restart their shares and downloads, and fetch the torrents of other programs again. If a backup has the right file, stop the tracker and put it back: what was made with it is valid again. If you have just put it back, nothing is left to do';
        output.document({ event: 'trouble', code: 'tracker-key-replaced', message });
        output.result(`Notice: ${message}.`);
      }
      if (tracker.restoredPeers > 0) {
        output.remark(`Listed again from the last run: ${count(tracker.restoredPeers, 'peer')}.`);
      }
      if (setupToken !== undefined) {
        output.result('Nobody owns its catalogue yet. To become its owner, once:');
        output.result(paint('bold', `${calledAs} register YOUR-NAME --tracker ${api} --setup=${setupToken}`));
      }
      await watch(aborted(signal), paintEveryMs, () => output.live(countsLine(tracker)));
      output.clearLive();
      const { torrents, announces } = tracker.stats();
      output.remark(`Stopped; served ${count(announces, 'announce')} of ${count(torrents, 'torrent')}.`);
      return exitCode.done;
    } finally {
      await tracker.close();
    }
  },
});

/** A remote tracker reports `database-full` too; here the full disk is the user's own. */
async function started(options: Parameters<typeof startTracker>[0]): Promise<RunningTracker> {
  return await startTracker(options).catch((error: unknown) => {
    if (codeOf(error) !== 'database-full') throw error;
    throw new CliError('disk-full', (error as Error).message, error);
  });
}

/** Without `--data` there are no accounts. */
function catalogueOptions(
  data: string | undefined,
  signInRequired: boolean,
  inviteOnly: boolean | undefined,
) {
  if (data === undefined) {
    if (!signInRequired && inviteOnly === undefined) return {};
    throw badOption('--require-sign-in and --invite-only are about a catalogue: name its folder with --data');
  }
  if (data === '') throw badOption('--data needs the name of a folder');
  if (inviteOnly === undefined) return { dataFolder: data, policy: { signInRequired } };
  const newcomerRole = inviteOnly ? undefined : openPolicy.newcomerRole;
  return { dataFolder: data, policy: { signInRequired, newcomerRole } };
}

function snapshotOption(data: string | undefined, swarmSnapshot: boolean | undefined) {
  if (swarmSnapshot === undefined) return {};
  if (data === undefined) throw badOption('--swarm-snapshot is about a data folder: name it with --data');
  return { swarmSnapshot };
}

async function tlsFiles(cert: string | undefined, key: string | undefined) {
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined || key === undefined) throw badOption('--tls-cert and --tls-key go together');
  const read = async (path: string) => {
    try {
      return await readFile(path);
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? '';
      throw new CliError('file-unreadable', `${path} cannot be read (${why})`, error);
    }
  };
  return { tls: { cert: await read(cert), key: await read(key) } };
}

function parseContact(text: string): string {
  try {
    return checkContact(text);
  } catch (error) {
    throw badOption(`--contact: ${(error as Error).message}`);
  }
}

function webAddress(url: string): string {
  try {
    return checkPublicUrl(url);
  } catch (error) {
    throw badOption(`--public-url: ${errorWords(error)}`);
  }
}

function countsLine(tracker: RunningTracker): LiveText {
  const { torrents, seeds, leechers, announces } = tracker.stats();
  const parts = [
    count(torrents, 'torrent'),
    count(seeds, 'seed'),
    `${leechers} downloading`,
    count(announces, 'announce'),
  ];
  return { lines: () => [parts.join('  ')], plain: () => parts.join(', ') };
}
