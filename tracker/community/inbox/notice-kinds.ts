/** The kinds of notices. */

/**
 * Notices by and for moderators. They are about hidden things, and are shown regardless of what the reader
 * may see.
 */
export const moderationNotices = [
  'takedown',
  'restored',
  'approved',
  'refused',
  'report-closed',
  'report',
  'waiting',
] as const;

/**
 * `new-release`: by a followed account. `finished`: an account has completed the reader's release.
 * `wrong-passwords`: there were wrong passwords for the reader's name; `text` has their number.
 */
export type NoticeKind =
  | (typeof moderationNotices)[number]
  | ('new-version' | 'new-release' | 'wish' | 'finished' | 'comment' | 'direct' | 'wrong-passwords');
