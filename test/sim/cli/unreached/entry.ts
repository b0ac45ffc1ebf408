/** The branches of one file that no drawn seed reaches. */
export interface Unreached {
  readonly file: string;
  /**
   * Code (comments removed, white space collapsed) → why no seed reaches it, and which test does. `*`: the
   * rest of the file.
   */
  readonly branches: Readonly<Record<string, string>>;
}
