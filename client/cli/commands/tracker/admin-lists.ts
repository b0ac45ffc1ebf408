/**
 * The lists of moderators: takedowns, blocks, pending releases, reports, users, invitations, the audit list.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { count, size } from '../../../../torrents/wording.ts';
import * as shapes from '../../../../tracker/protocol/api/moderation-shapes.ts';
import * as api from '../../../../tracker/protocol/api/people-shapes.ts';
import { talk } from '../../../../tracker/protocol/api/talk-shapes.ts';
import type { TrackerAccount } from '../../../account/account.ts';
import { paint } from '../../screen/output.ts';
import { padToWidth } from '../../screen/text-width.ts';
import { timeWords } from '../community/talk-view.ts';
import { plain } from '../making/torrent-summary.ts';

export interface AdminPage {
  readonly rows: readonly object[];
  readonly lines: readonly string[];
  /** The id of the last row shown; undefined when there are no more rows. */
  readonly before: number | undefined;
}

export interface AdminQuery {
  readonly before: number | undefined;
  readonly closed: boolean;
}

interface AdminList {
  /** The text for an empty list. */
  readonly empty: string;
  readonly load: (account: TrackerAccount, query: AdminQuery) => Promise<AdminPage>;
}

const takedownWords = (row: Static<typeof shapes.takedown>) => {
  const { id, releaseId, publisher, moderator, title, reason, atMs, restoredAtMs, unblockedAtMs } = row;
  const state = [
    ...(restoredAtMs === undefined ? [] : ['restored']),
    ...(restoredAtMs === undefined && unblockedAtMs !== undefined ? ['no longer blocked'] : []),
  ];
  const now = state.length === 0 ? '' : paint('dim', ` (${state.join(', ')})`);
  const head = `${numbered(id)} ${when(atMs)}  ${hidden(title)} of ${plain(publisher)}${now}`;
  return `${head}\n    by ${plain(moderator)}: ${plain(reason)}  ${paint('dim', plain(releaseId))}`;
};

export const adminLists: Readonly<Record<string, AdminList>> = {
  takedowns: paged('/takedowns', shapes.takedown, 'Nothing was taken down.', {}, takedownWords),
  blocks: paged('/takedowns', shapes.takedown, 'No content is blocked.', { blocking: true }, takedownWords),
  waiting: paged('/waiting', shapes.waiting, 'Nothing waits for approval.', {}, (row) => {
    const { id, publisher, takedownId, visibility, title, bytes = 0, fileCount = 0, askedAtMs } = row;
    const what = title === undefined ? '' : `, ${count(fileCount, 'file')}, ${size(bytes)}`;
    const head = `${numbered(id)} ${when(askedAtMs)}  ${hidden(title)} by ${plain(publisher)}${what}`;
    return `${head}\n    met block ${takedownId}; visibility ${plain(visibility)}`;
  }),
  reports: {
    empty: 'No report is open.',
    load: (account, query) =>
      paged('/reports', shapes.report, '', { closed: query.closed || undefined }, reportWords).load(
        account,
        query,
      ),
  },
  bans: paged('/accounts', shapes.member, 'No account is banned.', { banned: true }, ({ name, ban }) => {
    const until = ban?.untilMs === undefined ? 'for good' : `until ${timeWords(ban.untilMs)}`;
    return `${person(name)}  ${when(ban?.sinceMs ?? 0)}  ${until}: ${plain(ban?.reason ?? '')}`;
  }),
  members: paged('/accounts', shapes.member, 'No account is here.', {}, (row) => {
    const { name, role, createdAtMs, invitedBy, ban } = row;
    const by = invitedBy === undefined ? '' : `, invited by ${plain(invitedBy)}`;
    const state = ban === undefined ? '' : paint('red', '  banned');
    return `${person(name)}  ${padToWidth(role, 9)}  since ${when(createdAtMs)}${by}${state}`;
  }),
  invitations: {
    empty: 'No invitation is open.',
    async load(account) {
      const answer = Type.Object({ rows: Type.Array(api.invitation) });
      const { rows } = await account.call({ path: '/invitations', answer });
      const lines = rows.map(({ id, inviter, role, note, usesLeft, expiresAtMs }) => {
        const people = count(usesLeft, 'person', 'people');
        const words = note === '' ? '' : `: ${plain(note)}`;
        return `${plain(id)}  by ${plain(inviter)}, as ${role}, for ${people}, until ${when(expiresAtMs)}${words}`;
      });
      return { rows, lines, before: undefined };
    },
  },
  audit: paged('/audit', shapes.auditEntry, 'No moderation has happened.', {}, auditWords),
};

function paged<Row extends TSchema>(
  path: string,
  shape: Row,
  empty: string,
  more: Readonly<Record<string, boolean | undefined>>,
  words: (row: Static<Row>) => string,
): AdminList {
  const answer = talk(shape);
  return {
    empty,
    async load(account, { before }) {
      const { rows, hasMore } = (await account.call({ path, query: { before, ...more }, answer })) as {
        rows: Static<Row>[];
        hasMore: boolean;
      };
      const last = rows.at(-1) as { readonly id: number } | undefined;
      return {
        rows: rows as readonly object[],
        lines: rows.map(words),
        before: hasMore ? last?.id : undefined,
      };
    },
  };
}

function reportWords(row: Static<typeof shapes.report>): string {
  const { id, kind, person: accused, title, quoted, releaseId, messageId, madeAtMs, texts, closed } = row;
  const what = {
    release: `${hidden(title)} of ${plain(accused)}  ${paint('dim', releaseId ?? '')}`,
    message: `message ${messageId ?? '?'} of ${plain(accused)}`,
    person: plain(accused),
  }[kind];
  const lines = [`${numbered(id)} ${when(madeAtMs)}  ${what ?? plain(kind)}`];
  if (quoted !== undefined) lines.push(...quoted.split('\n').map((line) => `    > ${plain(line)}`));
  for (const { reporter, text } of texts) {
    lines.push(`    ${plain(reporter)}: ${text.split('\n').map(plain).join('\n      ')}`);
  }
  if (closed !== undefined) lines.push(`    closed by ${plain(closed.by)}: ${plain(closed.outcome)}`);
  return lines.join('\n');
}

const auditVerbs: Readonly<Record<string, string>> = {
  ban: 'banned',
  unban: 'lifted the ban of',
  role: 'changed the role of',
  'delete-message': 'deleted a message of',
  'change-topic': 'changed the topic of a room of',
  'withdraw-invitation': 'withdrew an invitation of',
  'take-down': 'took down a release of',
  restore: 'restored a release of',
  'lift-block': 'lifted the block on a release of',
  approve: 'approved a publication of',
  refuse: 'refused a publication of',
  'close-report': 'closed a report about',
};

function auditWords({
  atMs,
  moderator,
  action,
  person,
  about,
  detail,
  reason,
}: Static<typeof shapes.auditEntry>) {
  const verb = Object.hasOwn(auditVerbs, action) ? auditVerbs[action]! : plain(action);
  const what = detail === undefined ? '' : ` (${plain(detail)})`;
  const why = reason === undefined ? '' : `: ${plain(reason)}`;
  const id = about === undefined ? '' : `  ${paint('dim', plain(about))}`;
  return `${when(atMs)}  ${plain(moderator)} ${verb} ${plain(person ?? 'nobody')}${what}${why}${id}`;
}

/** A moderator can judge a report about a release that they may not see. */
function hidden(title: string | undefined): string {
  return title === undefined ? 'a release that you may not see' : paint('bold', plain(title));
}

const numbered = (id: number) => padToWidth(String(id), 4);
const when = (ms: number) => paint('dim', timeWords(ms));
const person = (name: string) => padToWidth(paint('bold', plain(name)), 24);
