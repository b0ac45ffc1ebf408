/** `cicada rooms`: lists the rooms that the user may read and their conversations; creates a room. */
import Type from 'typebox';
import * as talk from '../../../../tracker/protocol/api/talk-shapes.ts';
import { badOption } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { calledAs } from '../../screen/command-line.ts';
import { paint } from '../../screen/output.ts';
import { padToWidth } from '../../screen/text-width.ts';
import { accountOptions, withAccount, withTracker } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';
import { timeWords } from './talk-view.ts';

const roomList = Type.Object({ rows: Type.Array(talk.room) });
const conversations = talk.talk(talk.conversation);
const nameColumns = 24;

export default defineCommand({
  usage: 'rooms',
  describe: 'List the rooms you may read, and your conversations',
  positionals: {},
  options: {
    open: { type: 'string', requiresArg: true, describe: 'Create a room with this name' },
    topic: { type: 'string', requiresArg: true, describe: 'Topic of the new room' },
    visibility: {
      type: 'string',
      requiresArg: true,
      describe: 'Who may read the new room: everyone (default), members or group:NAME',
      coerce: parseRoomVisibility,
    },
    group: { type: 'string', requiresArg: true, describe: 'Only this group of yours may read the new room' },
    ...accountOptions,
  },
  examples: [
    ['rooms', `then ${calledAs} read ROOM, and ${calledAs} say ROOM TEXT`],
    ['rooms --open jazz --topic "what you heard last night"', 'a room for everyone there'],
    ['rooms --open attic --visibility group:friends', 'a room for a group of yours'],
  ],

  async run({ open, topic, group, visibility: given, ...args }, output) {
    if (group !== undefined && given !== undefined) {
      throw badOption('--group is --visibility group:NAME: give one of them');
    }
    if (open === undefined && (topic ?? group ?? given) !== undefined) {
      throw badOption('--topic, --visibility and --group are of a new room: --open NAME');
    }
    if (open !== undefined) {
      return await withAccount(args, async (account) => {
        const access = group === undefined ? (given ?? { visibility: 'everyone' }) : ofGroup(group);
        const body = { name: open, ...access, ...(topic && { topic }) };
        const room = await account.call({ method: 'POST', path: '/rooms', body, answer: talk.room });
        output.document({ event: 'opened', room });
        output.result(`Opened ${paint('bold', plain(room.name))}`);
        return exitCode.done;
      });
    }
    return await withTracker(args, async (account) => {
      const { rows: rooms } = await account.call({ path: '/rooms', answer: roomList });
      const { rows: people } =
        account.name === undefined
          ? { rows: [] }
          : await account.call({ path: '/direct', answer: conversations });
      output.document({ rooms, people });
      if (rooms.length + people.length === 0)
        output.remark(`There is no room yet: ${calledAs} rooms --open NAME opens one.`);
      for (const { name, topic: about, lastMessageAtMs } of rooms) {
        const last = lastMessageAtMs === undefined ? 'silent' : timeWords(lastMessageAtMs);
        output.data(
          `${padToWidth(plain(name), nameColumns)}  ${paint('dim', last)}  ${plain(about)}`.trimEnd(),
        );
      }
      for (const { with: name, last } of people) {
        const person = padToWidth(`@${plain(name)}`, nameColumns);
        output.data(`${person}  ${paint('dim', timeWords(last.sentAtMs))}`);
      }
      return exitCode.done;
    });
  },
});

function ofGroup(group: string) {
  return { visibility: 'group', group } as const;
}

function parseRoomVisibility(text: string) {
  if (text === 'everyone' || text === 'members') return { visibility: text } as const;
  const [, group] = /^group:(.+)$/s.exec(text) ?? [];
  if (group !== undefined) return ofGroup(group);
  throw badOption(`--visibility: "${text}" is none of everyone, members and group:NAME`);
}
