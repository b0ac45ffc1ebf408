/** The help of the whole program. */
import { expect, it } from 'vitest';
import { commandTable } from '../../client/cli/commands.ts';
import { overview, overviewText } from '../../client/cli/overview.ts';

it("the overview has each command once, with the command's own description", async () => {
  const lines = Object.values(overview).flat();
  const said = await Promise.all(
    commandTable.names.map(async (name) => {
      const { usage, aliases = [], describe } = await commandTable.load(name);
      return { usage: [usage, ...aliases].join(', '), describe };
    }),
  );
  const byUsage = (a: { usage: string }, b: { usage: string }) => (a.usage < b.usage ? -1 : 1);
  expect(lines.toSorted(byUsage)).toEqual(said.toSorted(byUsage));
});

it('the overview fits the width of the terminal', () => {
  for (const line of overviewText(80).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});
