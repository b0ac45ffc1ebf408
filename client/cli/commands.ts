/** The list of commands. Only the command that was typed is loaded: some import a web server. */
import type { Command, CommandTable } from './command.ts';

/** In the order of the help. */
const loaders: Readonly<Record<string, () => Promise<{ readonly default: Command }>>> = {
  share: () => import('./commands/transfers/share.ts'),
  download: () => import('./commands/transfers/download.ts'),
  search: () => import('./commands/catalogue/search.ts'),
  browse: () => import('./commands/catalogue/browse.ts'),
  register: () => import('./commands/account/register.ts'),
  login: () => import('./commands/account/login.ts'),
  logout: () => import('./commands/account/logout.ts'),
  whoami: () => import('./commands/account/whoami.ts'),
  account: () => import('./commands/account/account.ts'),
  publish: () => import('./commands/catalogue/publish.ts'),
  unpublish: () => import('./commands/catalogue/unpublish.ts'),
  rooms: () => import('./commands/community/rooms.ts'),
  say: () => import('./commands/community/say.ts'),
  read: () => import('./commands/community/read.ts'),
  comment: () => import('./commands/catalogue/comment.ts'),
  inbox: () => import('./commands/community/inbox.ts'),
  follow: () => import('./commands/catalogue/follow.ts'),
  unfollow: () => import('./commands/catalogue/unfollow.ts'),
  wish: () => import('./commands/catalogue/wish.ts'),
  wishes: () => import('./commands/catalogue/wishes.ts'),
  unwish: () => import('./commands/catalogue/unwish.ts'),
  mute: () => import('./commands/community/mute.ts'),
  unmute: () => import('./commands/community/unmute.ts'),
  block: () => import('./commands/community/block.ts'),
  unblock: () => import('./commands/community/unblock.ts'),
  report: () => import('./commands/community/report.ts'),
  group: () => import('./commands/community/group.ts'),
  invite: () => import('./commands/community/invite.ts'),
  admin: () => import('./commands/tracker/admin.ts'),
  create: () => import('./commands/making/create.ts'),
  seed: () => import('./commands/transfers/seed.ts'),
  tracker: () => import('./commands/tracker/tracker.ts'),
  info: () => import('./commands/making/info.ts'),
  verify: () => import('./commands/making/verify.ts'),
  status: () => import('./commands/transfers/status.ts'),
  demo: () => import('./demo/demo.ts'),
  completions: () => import('./completions.ts'),
};

const aliases: Readonly<Record<string, string>> = { get: 'download', show: 'info' };

export const commandTable: CommandTable = {
  names: Object.keys(loaders),
  aliases,
  nameOf(word) {
    const name = Object.hasOwn(aliases, word) ? aliases[word]! : word;
    return Object.hasOwn(loaders, name) ? name : undefined;
  },
  async load(name) {
    return (await loaders[name]!()).default;
  },
};
