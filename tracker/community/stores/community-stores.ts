/** What the community keeps in the database: its tables, and all its operations. The database's workers import this file. */
import type { DatabaseSync } from 'node:sqlite';
import type { StoreModule } from '../../database/store.ts';
import { accountReads, accountWrites } from './accounts.ts';
import { auditReads } from './audit.ts';
import { departureReads, departureWrites } from './departures.ts';
import { deskReads, deskWrites } from './desk.ts';
import { entranceReads, entranceWrites } from './entrance.ts';
import { eventReads } from './events.ts';
import { groupReads, groupWrites } from './groups.ts';
import { messageReads, messageWrites } from './messages.ts';
import { moderatorReads, moderatorWrites } from './moderators.ts';
import { muteReads, muteWrites } from './mutes.ts';
import { noticeReads, noticeWrites } from './notices.ts';
import { ownDataReads } from './own-data.ts';
import { reportReads, reportWrites } from './reports.ts';
import { roomReads, roomWrites } from './rooms.ts';
import { settingReads, settingWrites } from './settings.ts';
import { migrations } from './tables.ts';
import { trackerKeyReads, trackerKeyWrites } from './tracker-key.ts';

export { migrations };

export function reads(db: DatabaseSync) {
  return {
    ...accountReads(db),
    ...entranceReads(db),
    ...groupReads(db),
    ...roomReads(db),
    ...messageReads(db),
    ...noticeReads(db),
    ...deskReads(db),
    ...eventReads(db),
    ...auditReads(db),
    ...moderatorReads(db),
    ...muteReads(db),
    ...reportReads(db),
    ...trackerKeyReads(db),
    ...settingReads(db),
    ...departureReads(db),
    ...ownDataReads(db),
  };
}

export function writes(db: DatabaseSync) {
  return {
    ...accountWrites(db),
    ...entranceWrites(db),
    ...groupWrites(db),
    ...roomWrites(db),
    ...messageWrites(db),
    ...noticeWrites(db),
    ...deskWrites(db),
    ...moderatorWrites(db),
    ...muteWrites(db),
    ...reportWrites(db),
    ...trackerKeyWrites(db),
    ...settingWrites(db),
    ...departureWrites(db),
  };
}

export type CommunityReads = ReturnType<typeof reads>;
export type CommunityWrites = ReturnType<typeof writes>;

// Checked here: the workers find it by these names alone.
({ migrations, reads, writes }) satisfies StoreModule;
