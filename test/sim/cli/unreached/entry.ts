/** What one file has that no drawn seed reaches. */
export interface Unreached {
  readonly file: string;
  /** Code, comments left out and blanks as one → why no seed reaches it, and which test does. `*`: the rest of the file. */
  readonly branches: Readonly<Record<string, string>>;
}
