/** Writes a report to the file that the user named. */
import { writeFileSync } from 'node:fs';

class ReportFileError extends Error {
  override readonly name = 'ReportFileError';
  readonly code = 'report-file-unwritable';
}

/** Throws a ReportFileError. */
export function writeReport(file: string, page: string): void {
  try {
    writeFileSync(file, page);
  } catch (cause) {
    throw new ReportFileError(`the report cannot be written: ${(cause as Error).message}`, { cause });
  }
}
