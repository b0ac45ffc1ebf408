/**
 * The help of the program as a whole: its commands, by what people want to do. The words are those of the commands
 * themselves (a test compares them); they stand here because loading forty commands for their names takes half a second.
 */
import process from 'node:process';
import { calledAs } from './screen/command-line.ts';
import { paint } from './screen/output.ts';
import { padToWidth, textWidth } from './screen/text-width.ts';

export interface OverviewLine {
  /** As one types it. */
  readonly usage: string;
  readonly describe: string;
}

const line = (usage: string, describe: string): OverviewLine => ({ usage, describe });

/** Every command once. A name after a comma is another word for the command. */
export const overview: Readonly<Record<string, readonly OverviewLine[]>> = {
  'Share and fetch': [
    line('share <path..>', 'Share a folder: make its torrent and seed it, in one go'),
    line('download <torrent..>, get', 'Fetch what a torrent describes, from everybody who has it'),
    line('seed <torrent> <path>', 'Share a folder that has a torrent file already'),
    line('status', 'List what this machine has fetched and shared'),
  ],
  'Torrent files': [
    line('create <path..>', 'Make a torrent file of a folder'),
    line('info <torrent>, show', 'Tell what is in a torrent, before anything of it is fetched'),
    line('verify <torrent> <path>', 'Check a shared folder, piece by piece'),
  ],
  'Find music at a tracker': [
    line('search <words..>', 'Find songs in the catalogue of a tracker, and who has them'),
    line('browse [user]', 'List what somebody shares, or what is new'),
    line('wish <words..>', 'Be told when something like this is published'),
    line('wishes', 'List what you wish for'),
    line('unwish <wish>', 'Forget a wish'),
    line('follow [what]', 'Be told of new versions of a release, or of what somebody publishes'),
    line('unfollow <what>', 'Be told no more of a release or of somebody'),
    line('publish <path..>', 'Put folders into the catalogue of a tracker, without seeding them'),
    line('unpublish <release>', 'Take a release of yours out of the catalogue; for moderators, anybody’s'),
  ],
  'Talk to people': [
    line('inbox', 'Read what you are told: new versions, wishes come true, messages'),
    line('rooms', 'List the rooms you may read, and with whom you talk'),
    line('say <place> <text..>', 'Say something in a room, or to somebody'),
    line('read <place>', 'Read a room, a conversation, or what is said about a release'),
    line('comment <release> <text..>', 'Say something about a release'),
    line('mute [name]', 'Not see what somebody says; they are not told'),
    line('unmute [name]', 'See again what somebody says'),
    line(
      'block [name]',
      'Keep somebody away: as mute, and they cannot write to you, follow you or comment on yours',
    ),
    line('unblock [name]', 'Lift your block of somebody'),
    line('report <what> <text..>', 'Report a release, a message or a person to the moderators'),
  ],
  'Your account': [
    line('register <name>', 'Make an account at a tracker, to publish, talk and follow'),
    line('login <name>', 'Sign in to your account at a tracker'),
    line('logout', 'Sign out of a tracker'),
    line('whoami', 'Say who you are at a tracker'),
    line('account <action>', 'Export what a tracker keeps of your account, or delete the account'),
    line('group [name]', 'List your groups, found one, add people to it'),
    line('invite', 'Invite somebody to the tracker'),
  ],
  'A tracker of your own': [
    line(
      'tracker [torrent..]',
      'Run a tracker, which introduces people to one another, and a catalogue of what they share',
    ),
    line(
      'admin <action> [who] [words..]',
      'Moderate a tracker: bans, roles, takedowns, reports, and the list of it all',
    ),
  ],
  'This program': [
    line('demo [folder]', 'See the whole story on this machine, in under a minute'),
    line('completions <shell>', 'Print what makes bash, zsh or fish complete commands and flags'),
  ],
};

const examples = [
  ['demo', 'the whole story on this machine, in under a minute'],
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
