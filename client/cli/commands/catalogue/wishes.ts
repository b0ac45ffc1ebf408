/** `cicada wishes`: what one wishes for, numbered. */
import Type, { type Static } from 'typebox';
import * as talk from '../../../../tracker/protocol/api/talk-shapes.ts';
import type { TrackerAccount } from '../../../account/account.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { calledAs } from '../../screen/command-line.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';

const wishList = Type.Object({ rows: Type.Array(talk.wish) });
export type Wish = Static<typeof talk.wish>;

export async function wishesOf(account: TrackerAccount): Promise<readonly Wish[]> {
  return (await account.call({ path: '/wishes', answer: wishList })).rows;
}

export default defineCommand({
  usage: 'wishes',
  describe: 'List what you wish for',
  positionals: {},
  options: { ...accountOptions },
  examples: [['wishes', `then ${calledAs} unwish 2 forgets the second`]],

  async run(args, output) {
    return await withAccount(args, async (account) => {
      const wishes = await wishesOf(account);
      output.document({ wishes });
      if (wishes.length === 0) output.remark(`You wish for nothing yet: ${calledAs} wish WORDS.`);
      for (const [at, wish] of wishes.entries())
        output.data(`${String(at + 1).padStart(3)}  ${wishWords(wish)}`);
      return exitCode.done;
    });
  },
});

function wishWords(wish: Wish): string {
  const {
    query,
    format,
    isLossless = false,
    bitRateMin,
    yearFrom,
    yearTo,
    licence,
    downloads = false,
  } = wish;
  const years = yearFrom === yearTo ? yearFrom : `${yearFrom ?? ''}-${yearTo ?? ''}`;
  const filters = [
    ...(format === undefined ? [] : [plain(format)]),
    ...(isLossless ? ['lossless'] : []),
    ...(bitRateMin === undefined ? [] : [`${Math.round(bitRateMin / 1000)}k at least`]),
    ...(years === undefined ? [] : [String(years)]),
    ...(licence === undefined ? [] : [`licence ${plain(licence)}`]),
    ...(downloads ? ['fetched by itself'] : []),
  ];
  return [plain(query), ...(filters.length > 0 ? [`(${filters.join(', ')})`] : [])].join('  ');
}
