/**
 * The help of the whole program: its commands, grouped by purpose. The texts repeat those of the commands (a
 * test compares them), because loading forty commands for their texts takes half a second.
 */
import process from 'node:process';
import { calledAs } from './screen/command-line.ts';
import { paint } from './screen/output.ts';
import { padToWidth, textWidth } from './screen/text-width.ts';

export interface OverviewLine {
  /** As the user types it. */
  readonly usage: string;
  readonly describe: string;
}

const line = (usage: string, describe: string): OverviewLine => ({ usage, describe });

/** Every command once. A name after a comma is an alias. */
export const overview: Readonly<Record<string, readonly OverviewLine[]>> = {
  'Share and fetch': [
    line('share <path..>', 'Share a folder: make its torrent and seed it'),
    line('download <torrent..>, get', 'Download a torrent from all peers that have it'),
    line('seed <torrent> <path>', 'Seed a folder that has a torrent file'),
    line('status', 'List what this machine has downloaded and shared'),
  ],
  'Torrent files': [
    line('create <path..>', 'Make a torrent file of a folder'),
    line('info <torrent>, show', 'Show what is in a torrent, without downloading it'),
    line('verify <torrent> <path>', 'Check a folder against its torrent, piece by piece'),
  ],
  'Find music at a tracker': [
    line('search <words..>', "Search a tracker's catalogue for songs, and see who has them"),
    line('browse [user]', 'List what a user shares, or the newest releases'),
    line('wish <words..>', 'Get a notice when a matching release is published'),
    line('wishes', 'List your wishes'),
    line('unwish <wish>', 'Delete a wish'),
    line('follow [what]', "Get notices of new versions of a release, or of a user's releases"),
    line('unfollow <what>', 'Stop notices of a release or a user'),
    line('publish <path..>', "Publish folders in a tracker's catalogue, without seeding them"),
    line('unpublish <release>', 'Withdraw your release from the catalogue; moderators: any release'),
  ],
  'Talk to people': [
    line('inbox', 'Read your notices: new versions, fulfilled wishes, messages'),
    line('rooms', 'List the rooms you may read, and your conversations'),
    line('say <place> <text..>', 'Write to a room, or to a user'),
    line('read <place>', 'Read a room, a conversation, or the comments on a release'),
    line('comment <release> <text..>', 'Comment on a release'),
    line('mute [name]', "Hide a user's messages from you; they are not notified"),
    line('unmute [name]', "Show a muted user's messages again"),
    line(
      'block [name]',
      'Block a user: muted, and unable to message or follow you, or comment on your releases',
    ),
    line('unblock [name]', 'Unblock a user'),
    line('report <what> <text..>', 'Report a release, a message or a user to the moderators'),
  ],
  'Your account': [
    line('register <name>', 'Create an account at a tracker, to publish, talk and follow'),
    line('login <name>', 'Sign in to your account at a tracker'),
    line('logout', 'Sign out of a tracker'),
    line('whoami', 'Show your account at a tracker'),
    line('account <action>', "Export your account's data from a tracker, or delete the account"),
    line('group [name]', 'List your groups, create one, add members'),
    line('invite', 'Create an invitation to the tracker'),
  ],
  'A tracker of your own': [
    line('tracker [torrent..]', 'Run a tracker, with a catalogue of what its members share'),
    line('admin <action> [who] [words..]', 'Moderate a tracker: bans, roles, takedowns, reports, audit list'),
  ],
  'This program': [
    line('demo [folder]', 'Watch a whole swarm on this machine, in under a minute'),
    line('completions <shell>', 'Print the completion script for bash, zsh or fish'),
  ],
};

const examples = [
  ['demo', 'a whole swarm on this machine, in under a minute'],
  ['share ~/Music/Album', 'shares a folder, and prints what to type on another computer'],
  ['get Album.torrent', 'fetches one; so it does with a magnet link'],
] as const;

const usageColumns = 30;

export function overviewText(columns = Math.min(100, process.stdout.columns || 100)): string {
  const groups = Object.entries(overview).map(([title, lines]) => {
    const shown = lines.map(({ usage, describe }) => {
      const name =
        usage.length > usageColumns
          ? `${usage}\n  ${' '.repeat(usageColumns)}`
          : padToWidth(usage, usageColumns);
      const indent = ' '.repeat(usageColumns + 4);
      return `  ${name}  ${wrapped(describe, Math.max(20, columns - indent.length)).join(`\n${indent}`)}`;
    });
    return `${paint('bold', title)}\n${shown.join('\n')}`;
  });
  return [
    `Usage: ${calledAs} COMMAND …\n\nShare music folders with people, straight from computer to computer.`,
    ...groups,
    'Options:\n  -h, --help                      Show this help\n  -V, --version                   Show the version',
    `Examples:\n${examples.map(([typed, does]) => `  ${calledAs} ${typed}\n      ${does}`).join('\n')}`,
    `Every command has its own help: ${calledAs} COMMAND --help`,
  ].join('\n\n');
}

function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(last) + 1 + textWidth(word) <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
