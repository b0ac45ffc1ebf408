/**
 * maySee of access.ts as a condition in SQL: a page is filled with what may be seen, and has no holes. The two are held
 * against each other in test/tracker/catalogue/visible.test.ts.
 */
import { isMember, type Viewer } from '../access.ts';
import { visibilities } from './rows.ts';

const place = (name: (typeof visibilities)[number]) => visibilities.indexOf(name);

/** On `releases r`, with the named parameters of visibleParameters. */
export const visibleSql = `(r.taken_down_ms IS NULL AND (
  r.publisher_id = :viewer
  OR r.visibility = ${place('everyone')}
  OR (r.visibility = ${place('members')} AND :isMember)
  OR (r.visibility = ${place('group')} AND r.group_id IN (SELECT value FROM json_each(:groups)))
  OR (r.visibility = ${place('people')}
      AND EXISTS (SELECT 1 FROM release_people p WHERE p.release_id = r.id AND p.account_id = :viewer))
))`;

/** Of one's own: its publisher is told that a release was taken down, and why. */
export const takenDownSql = '(r.taken_down_ms IS NOT NULL AND r.publisher_id = :viewer)';

export function visibleParameters({ accountId, role, groupIds }: Viewer) {
  return {
    // No account has a number below one.
    viewer: accountId ?? -1,
    isMember: Number(isMember(role)),
    groups: JSON.stringify(groupIds),
  };
}
