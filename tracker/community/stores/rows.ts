/** Reading rows: SQLite's values in the shape that a query returns, and keyset pages. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type Page, type PageAsked, pageRowsMax } from '../contract.ts';

type Values = Readonly<Record<string, SQLInputValue>>;

export function first<Row>(statement: StatementSync, values: Values = {}): Row | undefined {
  return statement.get(values) as Row | undefined;
}

/**
 * For a row that always exists: a count, or one that was just written. Throws RangeError if it is missing.
 */
export function only<Row>(statement: StatementSync, values: Values = {}): Row {
  const row = first<Row>(statement, values);
  if (row === undefined) throw new RangeError(`no row: ${statement.sourceSQL}`);
  return row;
}

export function all<Row>(statement: StatementSync, values: Values = {}): Row[] {
  return statement.all(values) as Row[];
}

/** NULL becomes an absent property. */
export function optional<Name extends string, Value>(
  name: Name,
  value: Value | null | undefined,
): { readonly [Key in Name]?: Value } {
  return (value === null || value === undefined ? {} : { [name]: value }) as {
    readonly [Key in Name]?: Value;
  };
}

/**
 * A paged query. In `sql`, `$edge` stands for `column < :edge` or `column > :edge`. It ends before ORDER BY.
 * `column` is the ascending key of the pages.
 */
export function pagesOf<Row>(
  db: DatabaseSync,
  sql: string,
  column: string,
): (page: PageAsked, values: Values) => Page<Row> {
  const statement = (sign: '<' | '>', order: 'ASC' | 'DESC') =>
    db.prepare(`${sql.replace('$edge', `${column} ${sign} :edge`)} ORDER BY ${column} ${order} LIMIT :limit`);
  const older = statement('<', 'DESC');
  const newer = statement('>', 'ASC');
  return ({ before, after, limit = pageRowsMax }, values) => {
    const rowsMax = Math.max(1, Math.min(limit, pageRowsMax));
    const isForward = before === undefined && after !== undefined;
    const edge = isForward ? after : (before ?? Number.MAX_SAFE_INTEGER);
    // One more row than shown tells whether there are more.
    const rows = all<Row>(isForward ? newer : older, { ...values, edge, limit: rowsMax + 1 });
    const hasMore = rows.length > rowsMax;
    const shown = rows.slice(0, rowsMax);
    return { rows: isForward ? shown.reverse() : shown, hasMore };
  };
}
