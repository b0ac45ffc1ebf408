/** `cicada unmute`: shows a muted user's messages again. */
import { mutingCommand } from './mutes.ts';

export default mutingCommand({
  ...{ name: 'unmute', what: 'mute', method: 'DELETE' },
  describe: "Show a muted user's messages again",
  examples: [['unmute mallory', 'also messages from the time between']],
  done: (name) => `No longer muted: ${name}`,
});
