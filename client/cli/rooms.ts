/** `cicada rooms`: the rooms one may read, with whom one talks, and a new room. */
import Type from 'typebox';
import * as talk from '../../tracker/protocol/talk-shapes.ts';
import { accountOptions, withAccount, withTracker } from './account-session.ts';
import { defineCommand } from './command.ts';
import { exitCode } from './exit-codes.ts';
import { paint } from './output.ts';
import { timeWords } from './talk-view.ts';
import { padToWidth } from './text-width.ts';
import { plain } from './torrent-summary.ts';

const roomList = Type.Object({ rows: Type.Array(talk.room) });
const conversations = talk.talk(talk.conversation);
const nameColumns = 24;

export default defineCommand({
  usage: 'rooms',
  describe: 'List the rooms you may read, and with whom you talk',
  positionals: {},
  options: {
    open: { type: 'string', requiresArg: true, describe: 'Open a new room of this name' },
    topic: { type: 'string', requiresArg: true, describe: 'and what it is about' },
    group: { type: 'string', requiresArg: true, describe: 'and only for this group of yours' },
    ...accountOptions,
  },
  examples: [
    ['rooms', 'then cicada read ROOM, and cicada say ROOM TEXT'],
    ['rooms --open jazz --topic "what you heard last night"', 'a room for everybody there'],
  ],

  async run({ open, topic, group, ...args }, output) {
    if (open !== undefined) {
      return await withAccount(args, async (account) => {
        const visibility = group === undefined ? 'everyone' : 'group';
        const body = { name: open, visibility, ...(topic && { topic }), ...(group && { group }) };
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
        output.remark('There is no room yet: cicada rooms --open NAME opens one.');
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
