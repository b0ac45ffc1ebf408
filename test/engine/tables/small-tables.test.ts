import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdTable } from '../../../client/engine/tables/id-table.ts';
import { SmallSet } from '../../../client/engine/tables/small-set.ts';

describe('a table of reads', () => {
  it('a table of reads returns each entry once, in any order of the answers', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.boolean()), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (said) => {
        const table = new IdTable<string>();
        const model = new Map<number, string>();
        for (const [read, isAsked] of said) {
          if (isAsked && !model.has(read)) {
            table.set(read, `${read}`);
            model.set(read, `${read}`);
          } else if (!isAsked) {
            expect(table.take(read)).toBe(model.get(read));
            model.delete(read);
          }
          expect(table.size).toBe(model.size);
        }
        for (const [read, waiting] of model) expect(table.take(read)).toBe(waiting);
        expect(table.size).toBe(0);
      }),
    );
  });

  it('a table of reads stays small while one read is never answered and thousands are', () => {
    const table = new IdTable<number>();
    table.set(1, 1);
    for (let read = 2; read < 100_000; read++) {
      table.set(read, read);
      expect(table.take(read)).toBe(read);
    }
    expect(table.capacity).toBe(16);
    expect(table.take(1)).toBe(1);
  });

  it('a table of reads is as small as a new one when hundreds have left it', () => {
    const table = new IdTable<number>();
    for (let id = 0; id < 300; id++) table.set(id, id);
    expect(table.capacity).toBe(1024);
    for (let id = 0; id < 300; id++) expect(table.take(id)).toBe(id);
    expect(table.capacity).toBe(16);
  });
});

describe('a small set', () => {
  it('a small set holds what a Set holds, in the same order, after any additions and removals', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), { maxLength: 100 });
    fc.assert(
      fc.property(steps, (said) => {
        const small = new SmallSet<number>();
        const model = new Set<number>();
        for (const [item, isAdded] of said) {
          if (isAdded) {
            small.add(item);
            model.add(item);
          } else {
            expect(small.delete(item)).toBe(model.delete(item));
          }
          expect([...small]).toEqual([...model]);
          expect([small.size, small.has(item)]).toEqual([model.size, model.has(item)]);
        }
      }),
    );
  });

  it('a small set may lose the current item during a loop', () => {
    const small = new SmallSet<number>();
    for (let item = 0; item < 5; item++) small.add(item);
    for (const item of small) small.delete(item);
    expect(small.size).toBe(0);
  });
});
