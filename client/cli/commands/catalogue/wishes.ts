/** `cicada wishes`: lists the user's wishes, numbered. */
import { type Wish, wishesOf } from '../../../account/wishes.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { calledAs } from '../../screen/command-line.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { plain } from '../making/torrent-summary.ts';

export default defineCommand({
  usage: 'wishes',
  describe: 'List your wishes',
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
    ...(downloads ? ['downloads'] : []),
  ];
  return [plain(query), ...(filters.length > 0 ? [`(${filters.join(', ')})`] : [])].join('  ');
}
