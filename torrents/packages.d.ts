/** Types of the packages that ship none. Only the parts that are used here. */

declare module 'bencode' {
  const bencode: {
    /** Only for bytes that passed our scan: version 4.0.1 never returns from `l-3:e`. */
    decode(data: Uint8Array): unknown;
    encode(data: unknown): Uint8Array;
  };
  export default bencode;
}

declare module 'piece-length' {
  /**
   * Bytes to share → a piece length that gives about 1,024 pieces. At least 16 KiB, without an upper limit.
   */
  export default function pieceLength(bytes: number): number;
}

/** The single tables of the package have no types: each is a text `from to|from to|…`. */
declare module 'opencc-js/dict/*' {
  const table: string;
  export default table;
}
