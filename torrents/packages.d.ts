/** Shapes of the two packages that ship no types of their own; only what this room calls. */

declare module 'bencode' {
  const bencode: {
    /** Not for bytes that were not scanned first: `l-3:e` never returns in 4.0.1. */
    decode(data: Uint8Array): unknown;
    encode(data: unknown): Uint8Array;
  };
  export default bencode;
}

declare module 'piece-length' {
  /** Bytes to share → a piece length giving about 1,024 pieces; at least 16 KiB, no upper bound. */
  export default function pieceLength(bytes: number): number;
}

/** Its single tables have no types of their own: `from to|from to|…`. */
declare module 'opencc-js/dict/*' {
  const table: string;
  export default table;
}
