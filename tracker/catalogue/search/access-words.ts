/**
 * maySee of access.ts as words of the index: a viewer sees a release that has at least one of the viewer's
 * words. test/tracker/catalogue/visible.test.ts compares the two.
 */
import { isMember, type ReleaseAccess, type Viewer } from '../../access.ts';

export function accessWords({ visibility, publisherId, groupId, peopleIds = [] }: ReleaseAccess): string[] {
  return [
    `p:${publisherId}`,
    `v:${visibility}`,
    ...(visibility === 'group' ? [`g:${groupId}`] : []),
    ...(visibility === 'people' ? peopleIds.map((id) => `a:${id}`) : []),
  ];
}

export function viewerWords({ accountId, role, groupIds }: Viewer): string[] {
  return [
    'v:everyone',
    ...(isMember(role) ? ['v:members'] : []),
    ...groupIds.map((id) => `g:${id}`),
    ...(accountId === undefined ? [] : [`p:${accountId}`, `a:${accountId}`]),
  ];
}
