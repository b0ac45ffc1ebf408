/** What a notice is about. */

/** Of moderators, and to them: they are about what is hidden, and are shown whatever one sees. */
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
 * `new-release`: by an account one follows. `finished`: an account has all of one's release. `wrong-passwords`: they were
 * tried for one's name; `text` says how many.
 */
export type NoticeKind =
  | (typeof moderationNotices)[number]
  | ('new-version' | 'new-release' | 'wish' | 'finished' | 'comment' | 'direct' | 'wrong-passwords');
