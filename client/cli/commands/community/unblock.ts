/** `cicada unblock`: unblocks a user. */
import { mutingCommand } from './mutes.ts';

export default mutingCommand({
  ...{ name: 'unblock', what: 'block', method: 'DELETE' },
  describe: 'Unblock a user',
  examples: [['unblock mallory', 'you see them, and they can write to you again']],
  done: (name) => `No longer blocked: ${name}`,
});
