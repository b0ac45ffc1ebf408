/** `cicada block`: mutes a user, and refuses their messages, follows and comments on releases. */
import { calledAs } from '../../screen/command-line.ts';
import { mutingCommand } from './mutes.ts';

export default mutingCommand({
  ...{ name: 'block', what: 'block', method: 'PUT' },
  describe: 'Block a user: muted, and unable to message or follow you, or comment on your releases',
  examples: [
    ['block mallory', `they still see what you share with everyone; ${calledAs} unblock mallory undoes it`],
    ['report @mallory "writes to me every day"', 'tells the moderators as well'],
  ],
  done: (name) =>
    `Blocked: ${name}. They can neither write to you nor follow you; ${calledAs} unblock undoes it`,
});
