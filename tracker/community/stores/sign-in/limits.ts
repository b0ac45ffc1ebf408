/** How many of each thing one account may have, so that no single one fills the database. */
export const limits = {
  /** Devices and browsers; the one silent longest is signed out. */
  sessionsPerAccount: 50,
  /** Silent for a month, or half a year old: sign in again, which a client does by itself. */
  sessionIdleMs: 30 * 86_400_000,
  sessionLifeMs: 180 * 86_400_000,
  /** Written down no oftener than this. */
  sessionSeenEveryMs: 10 * 60_000,
  invitationsPerAccount: 100,
  invitationUses: 100,
  /** A year. */
  invitationLifeMs: 365 * 86_400_000,
  groupsPerFounder: 50,
  membersPerGroup: 1_000,
  roomsPerFounder: 20,
  /** What the list of rooms can still show. */
  rooms: 1_000,
  followsPerAccount: 10_000,
  wishesPerAccount: 200,
  /** Older ones are dropped. */
  noticesPerAccount: 1_000,
  /** Whoever needs more leaves the tracker. */
  mutesPerAccount: 1_000,
  openReportsPerAccount: 50,
  /** Fifty voices say what there is to say. */
  textsPerReport: 50,
  /** Of a new report; a tracker with more moderators has other ways. */
  moderatorsTold: 100,
  eventsPerAnswer: 200,
  /** Deleting an account takes a sign-in of just now: a session that was left open somewhere is not enough. */
  deletionSessionMs: 10 * 60_000,
  /** Half a year: by then people know that the name stands for another person. */
  retiredNameMs: 180 * 86_400_000,
  /** Each is a line of the index and an event: some milliseconds, in which no other write is answered. */
  messagesErasedAtOnce: 100,
} as const;
