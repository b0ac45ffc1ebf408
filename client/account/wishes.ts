/** Reads a user's wishes from a tracker. */
import Type, { type Static } from 'typebox';
import * as talk from '../../tracker/protocol/api/talk-shapes.ts';
import type { TrackerAccount } from './account.ts';

const wishList = Type.Object({ rows: Type.Array(talk.wish) });
export type Wish = Static<typeof talk.wish>;

export async function wishesOf(account: TrackerAccount): Promise<readonly Wish[]> {
  return (await account.call({ path: '/wishes', answer: wishList })).rows;
}
