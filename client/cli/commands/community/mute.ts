/** `cicada mute`: hides a user's messages. That user is not notified. */
import { calledAs } from '../../screen/command-line.ts';
import { mutingCommand } from './mutes.ts';

export default mutingCommand({
  ...{ name: 'mute', what: 'mute', method: 'PUT' },
  describe: "Hide a user's messages from you; they are not notified",
  examples: [
    ['mute mallory', `no messages, comments or notices of theirs; ${calledAs} unmute mallory undoes it`],
    ['mute', 'lists whom you have muted or blocked'],
  ],
  done: (name) => `Muted: ${name}. You see nothing of what they say; ${calledAs} unmute undoes it`,
});
