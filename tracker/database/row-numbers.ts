/**
 * Works around a failure of `run` after the statement was executed. `run` returns the last inserted row
 * number, and throws if it is over 2^53. FTS5 tables with `contentless_delete` set such a number with each
 * deletion, and it then affects all later statements of the connection.
 */
import type { DatabaseSync, SQLInputValue, StatementResultingChanges } from 'node:sqlite';

type Run = (...values: SQLInputValue[]) => StatementResultingChanges;

export function tolerateRowNumbers(db: DatabaseSync): void {
  const prepare = db.prepare.bind(db);
  db.prepare = (...args) => {
    const statement = prepare(...args);
    const run = statement.run.bind(statement) as Run;
    statement.run = ((...values) => {
      statement.setReadBigInts(true);
      try {
        const { changes, lastInsertRowid } = run(...values);
        // Row numbers of Cicada's tables are small. Others are not used.
        return { changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) };
      } finally {
        statement.setReadBigInts(false);
      }
    }) satisfies Run as typeof statement.run;
    return statement;
  };
}
