/**
 * Checkers that compare a host with a model that they keep beside it. Made anew for each run, since they have
 * state.
 */
import { announcesAreTimely } from './announces.ts';
import { torrentsAreApart } from './apart.ts';
import type { Checker } from './checker.ts';
import { slotsTurnOver } from './choking.ts';
import { theChosenAreCounted } from './chosen.ts';
import { copiesHelp } from './copies.ts';
import { nothingDangles } from './dangling.ts';
import { dialsArePaced } from './dial-pace.ts';
import { disksAreWaitedFor } from './disk-wait.ts';
import { theDueAreRemembered } from './due.ts';
import { newsAreTold } from './news.ts';
import { theWantedComeFirst } from './order.ts';
import { pipelinesAreMeasured } from './pipelines.ts';
import { playsAgree } from './plays.ts';
import { queuesHaveRoom } from './queue-room.ts';
import { nothingIsLeaked } from './reach.ts';
import { sentBytesStay } from './sent-bytes.ts';
import { sizesAreExact } from './sizes.ts';
import { tablesAreEmptied } from './tables.ts';
import { timersFire } from './timers.ts';
import { trackersAnswerRight } from './tracker-answers.ts';
import { trustIsEarned } from './trust.ts';
import { uploadsAreEarned } from './upload-rate.ts';
import { speaksByTheBook } from './wire/by-the-book.ts';

export const modelCheckers: readonly (() => Checker)[] = [
  speaksByTheBook,
  sentBytesStay,
  trackersAnswerRight,
  playsAgree,
  announcesAreTimely,
  timersFire,
  dialsArePaced,
  newsAreTold,
  queuesHaveRoom,
  theWantedComeFirst,
  sizesAreExact,
  slotsTurnOver,
  nothingDangles,
  theChosenAreCounted,
  copiesHelp,
  theDueAreRemembered,
  trustIsEarned,
  pipelinesAreMeasured,
  disksAreWaitedFor,
  tablesAreEmptied,
  nothingIsLeaked,
  torrentsAreApart,
  uploadsAreEarned,
];
