/** Which commands there are. Only the one that was typed is loaded: some bring a web server with them. */
import type { Command, CommandTable } from './command.ts';

/** In the order of the help. */
const loaders: Readonly<Record<string, () => Promise<{ readonly default: Command }>>> = {
  share: () => import('./share.ts'),
  download: () => import('./download.ts'),
  search: () => import('./search.ts'),
  browse: () => import('./browse.ts'),
  register: () => import('./register.ts'),
  login: () => import('./login.ts'),
  logout: () => import('./logout.ts'),
  whoami: () => import('./whoami.ts'),
  account: () => import('./account.ts'),
  publish: () => import('./publish.ts'),
  unpublish: () => import('./unpublish.ts'),
  rooms: () => import('./rooms.ts'),
  say: () => import('./say.ts'),
  read: () => import('./read.ts'),
  comment: () => import('./comment.ts'),
  inbox: () => import('./inbox.ts'),
  follow: () => import('./follow.ts'),
  unfollow: () => import('./unfollow.ts'),
  wish: () => import('./wish.ts'),
  wishes: () => import('./wishes.ts'),
  unwish: () => import('./unwish.ts'),
  mute: () => import('./mute.ts'),
  unmute: () => import('./unmute.ts'),
  block: () => import('./block.ts'),
  unblock: () => import('./unblock.ts'),
  report: () => import('./report.ts'),
  group: () => import('./group.ts'),
  invite: () => import('./invite.ts'),
  admin: () => import('./admin.ts'),
  create: () => import('./create.ts'),
  seed: () => import('./seed.ts'),
  tracker: () => import('./tracker.ts'),
  info: () => import('./info.ts'),
  verify: () => import('./verify.ts'),
  status: () => import('./status.ts'),
  demo: () => import('./demo.ts'),
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
