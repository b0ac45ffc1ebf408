/**
 * maySee of access.ts as an SQL condition, so that a page is filled with visible rows only.
 * test/tracker/catalogue/visible.test.ts compares the two.
 */
import { isMember, type Viewer } from '../access.ts';
import { visibilities } from './rows.ts';

const place = (name: (typeof visibilities)[number]) => visibilities.indexOf(name);

/** Needs `releases r` and the named parameters of visibleParameters. */
export const visibleSql = `(r.taken_down_ms IS NULL AND (
  r.publisher_id = :viewer
  OR r.visibility = ${place('everyone')}
  OR (r.visibility = ${place('members')} AND :isMember)
  OR (r.visibility = ${place('group')} AND r.group_id IN (SELECT value FROM json_each(:groups)))
  OR (r.visibility = ${place('people')}
      AND EXISTS (SELECT 1 FROM release_people p WHERE p.release_id = r.id AND p.account_id = :viewer))
))`;

/** The viewer's own release that was taken down: its publisher sees it and the reason. */
export const takenDownSql = '(r.taken_down_ms IS NOT NULL AND r.publisher_id = :viewer)';

export function visibleParameters({ accountId, role, groupIds }: Viewer) {
  return {
    // No account has a number below 1.
    viewer: accountId ?? -1,
    isMember: Number(isMember(role)),
    groups: JSON.stringify(groupIds),
  };
}
