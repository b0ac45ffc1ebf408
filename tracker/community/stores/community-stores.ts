/**
 * The community in the database: its tables and all its operations. The database workers import this file.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { StoreModule } from '../../database/store.ts';
import { deskReads, deskWrites } from './inbox/desk.ts';
import { eventReads } from './inbox/events.ts';
import { noticeReads, noticeWrites } from './inbox/notices.ts';
import { messageReads, messageWrites } from './messages/messages.ts';
import { roomReads, roomWrites } from './messages/rooms.ts';
import { auditReads } from './people/audit.ts';
import { departureReads, departureWrites } from './people/departures.ts';
import { groupReads, groupWrites } from './people/groups.ts';
import { moderatorReads, moderatorWrites } from './people/moderators.ts';
import { muteReads, muteWrites } from './people/mutes.ts';
import { ownDataReads } from './people/own-data.ts';
import { reportReads, reportWrites } from './people/reports.ts';
import { rulingWrites } from './people/rulings.ts';
import { accountReads, accountWrites } from './sign-in/accounts.ts';
import { entranceReads, entranceWrites } from './sign-in/entrance.ts';
import { invitationReads, invitationWrites } from './sign-in/invitations.ts';
import { registrationWrites } from './sign-in/registration.ts';
import { settingReads, settingWrites } from './sign-in/settings.ts';
import { trackerKeyReads, trackerKeyWrites } from './sign-in/tracker-key.ts';
import { migrations } from './tables.ts';

export { migrations };

export function reads(db: DatabaseSync) {
  return {
    ...accountReads(db),
    ...entranceReads(db),
    ...invitationReads(db),
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
    ...rulingWrites(db),
    ...entranceWrites(db),
    ...registrationWrites(db),
    ...invitationWrites(db),
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

// Checked here, because the workers use these exports by name only.
({ migrations, reads, writes }) satisfies StoreModule;
