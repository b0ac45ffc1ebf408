/** How many of each thing an account may have, so that no account fills the database. */
export const limits = {
  /** Devices and browsers. If there are more, the session unused for longest ends. */
  sessionsPerAccount: 50,
  /**
   * A session ends after a month without use or half a year in all. Clients with a key sign in again
   * automatically.
   */
  sessionIdleMs: 30 * 86_400_000,
  sessionLifeMs: 180 * 86_400_000,
  /** The time of last use is stored at most this often. */
  sessionSeenEveryMs: 10 * 60_000,
  invitationsPerAccount: 100,
  invitationUses: 100,
  /** A year. */
  invitationLifeMs: 365 * 86_400_000,
  groupsPerFounder: 50,
  membersPerGroup: 1_000,
  roomsPerFounder: 20,
  /** As many as the list of rooms can show. */
  rooms: 1_000,
  followsPerAccount: 10_000,
  wishesPerAccount: 200,
  /** Older ones are dropped. */
  noticesPerAccount: 1_000,
  /** More than a user of one tracker needs. */
  mutesPerAccount: 1_000,
  openReportsPerAccount: 50,
  /** Enough for moderators to judge. Further texts are dropped. */
  textsPerReport: 50,
  /** Moderators who are notified. A tracker with more of them has other ways. */
  moderatorsTold: 100,
  eventsPerAnswer: 200,
  /** Deleting an account requires a recent sign-in, so that a forgotten open session is not enough. */
  deletionSessionMs: 10 * 60_000,
  /** Half a year, after which users no longer expect the former owner of the name. */
  retiredNameMs: 180 * 86_400_000,
  /**
   * Each is an index entry and an event. They take some milliseconds, in which no other write is answered.
   */
  messagesErasedAtOnce: 100,
} as const;
