/** Rooms, direct messages and comments. */
import { CommunityError } from '../community-error.ts';
import type { Community } from '../contract.ts';
import { queryWords } from '../inbox/words.ts';
import type { MethodContext } from '../method-context.ts';
import { nameKey, parseLine, parseMessage, parseName } from './texts.ts';

type Conversations = Pick<
  Community,
  | 'createRoom'
  | 'changeTopic'
  | 'rooms'
  | 'say'
  | 'messages'
  | 'sayTo'
  | 'directMessages'
  | 'conversations'
  | 'comment'
  | 'comments'
  | 'searchMessages'
  | 'deleteMessage'
>;

export function conversationMethods({ reads, writes, tell, enter, acting }: MethodContext): Conversations {
  return {
    async createRoom(viewer, { name, topic = '', visibility, group }) {
      const room = { ...parseName(name, 'room'), topic: parseLine(topic), visibility };
      const groupKey = group === undefined ? {} : { groupKey: nameKey(group) };
      return (await writes.createRoom({ ...acting(viewer), ...room, ...groupKey })).answer;
    },

    async changeTopic(viewer, room, topic) {
      const argument = { ...acting(viewer), key: nameKey(room), topic: parseLine(topic) };
      return (await writes.changeTopic(argument)).answer;
    },

    async rooms(viewer) {
      enter(viewer, 'read-room');
      return reads.rooms(viewer);
    },

    async say(viewer, room, text) {
      const argument = { ...acting(viewer), key: nameKey(room), text: parseMessage(text) };
      return (await tell(writes.say(argument))).answer;
    },

    async messages(viewer, room, page = {}) {
      enter(viewer, 'read-room');
      return reads.messages({ viewer, key: nameKey(room), page });
    },

    async sayTo(viewer, name, text) {
      const argument = { ...acting(viewer), nameKey: nameKey(name), text: parseMessage(text) };
      return (await tell(writes.sayTo(argument))).answer;
    },

    directMessages: async (viewer, name, page = {}) =>
      reads.directMessages({ ...acting(viewer), nameKey: nameKey(name), page }),

    conversations: async (viewer, page = {}) => reads.conversations({ ...acting(viewer), page }),

    async comment(viewer, release, text) {
      return (await tell(writes.comment({ ...acting(viewer), release, text: parseMessage(text) }))).answer;
    },

    async comments(viewer, releaseId, page = {}) {
      enter(viewer, 'browse');
      return reads.comments({ by: viewer.accountId ?? -1, releaseId, page });
    },

    async searchMessages(viewer, query, page = {}) {
      enter(viewer, 'read-room');
      const words = queryWords(query.slice(0, queryCharactersMax));
      if (words.length === 0) throw new CommunityError('query-invalid', 'there is no word in this search');
      return reads.searchMessages({ viewer, words, page });
    },

    async deleteMessage(viewer, id) {
      await tell(writes.deleteMessage({ ...acting(viewer), id }));
    },
  };
}

/** More than the words of a search need. */
const queryCharactersMax = 1_000;
