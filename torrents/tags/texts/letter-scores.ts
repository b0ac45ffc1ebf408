/**
 * Rates from 0 to 1 how likely a text is in an encoding, by the frequent letters of its languages.
 *
 * Invariant: pure. Meant only for texts in a script other than Latin.
 */
/** The encodings of music tags, in order of priority when two are equally likely. */
export const encodings = [
  ...['windows-1251', 'euc-kr', 'gb18030', 'shift_jis', 'big5', 'euc-jp', 'koi8-r', 'windows-1250'],
  ...[
    'windows-1253',
    'windows-1255',
    'windows-1256',
    'windows-1254',
    'windows-1257',
    'iso-8859-2',
    'windows-874',
    'ibm866',
  ],
] as const;
export type OldEncoding = (typeof encodings)[number];

/**
 * Whether texts in this encoding look like Latin-1 when they are misread, so that only the names of files can
 * tell them apart.
 */
export function isOfLatinScript(encoding: OldEncoding): boolean {
  return ['windows-1250', 'windows-1254', 'windows-1257', 'iso-8859-2'].includes(encoding);
}

/** The script of an encoding, and the letters that make up three quarters of a text in it. */
const alphabets: Partial<Record<OldEncoding, readonly [script: RegExp, frequent: string]>> = {
  'windows-1251': [/\p{Script=Cyrillic}/u, 'оеаинтсрвлкмдпуыьяі'],
  'koi8-r': [/\p{Script=Cyrillic}/u, 'оеаинтсрвлкмдпуыьяі'],
  'windows-1253': [/\p{Script=Greek}/u, 'αοιετσνηυρπκλμςάίόέή'],
  'windows-1255': [/\p{Script=Hebrew}/u, 'יוהלאתרמנבשםדע'],
  'windows-1256': [/\p{Script=Arabic}/u, 'اليمونرتبةعدسفهكقح'],
  'windows-874': [/\p{Script=Thai}/u, 'กคงนมรลวสอยทดบหตาเะไแิีุ่้ั'],
};

export function letterScore(encoding: OldEncoding, text: string, bytes: readonly Uint8Array[]): number {
  const alphabet = alphabets[encoding];
  if (alphabet !== undefined) return alphabetScore(text, ...alphabet);
  const characters = [...text].filter((character) => character > '\x7f');
  const share = (pattern: RegExp): number => {
    const count = characters.filter((character) => pattern.test(character)).length;
    return characters.length === 0 ? 0 : count / characters.length;
  };
  switch (encoding) {
    case 'gb18030':
      // In GB 2312, these rows hold the frequent characters, about half of all.
      return pairShare(bytes, 0xb0, 0xd7, 0xa1);
    case 'big5':
      return pairShare(bytes, 0xa4, 0xc6, 0x40);
    case 'euc-kr':
      return share(/\p{Script=Hangul}/u);
    case 'shift_jis':
    case 'euc-jp': {
      const kana = share(/[\u3041-\u30ff]/u);
      // Bytes of any other encoding become half-width kana.
      const half = share(/[\uff61-\uff9f]/u);
      return half > 0.1 || kana < 0.15
        ? 0
        : Math.min(1, kana * 0.3 + share(/[\u3000-\u30ff\u4e00-\u9fff]/u) * 0.7);
    }
    default:
      // Latin encodings are decided by names alone.
      return 0;
  }
}

function alphabetScore(text: string, script: RegExp, frequent: string): number {
  const characters = [...text].filter((character) => character > '\x7f' && !/\p{P}/u.test(character));
  const letters = characters.filter((character) => /[\p{L}\p{M}]/u.test(character));
  if (letters.length === 0 || !letters.every((letter) => script.test(letter))) return 0;
  const likely = letters.filter((letter) => frequent.includes(letter.toLowerCase())).length;
  // `сИНЕЕ` is the sign of one Cyrillic encoding read as another.
  const turned = text.match(/(?<=\p{Ll})\p{Lu}/gu)?.length ?? 0;
  return Math.max(0, likely - 3 * turned) / characters.length;
}

/** The share of two-byte characters whose first byte is in the rows of frequent characters. */
function pairShare(texts: readonly Uint8Array[], from: number, to: number, secondMin: number): number {
  let pairs = 0;
  let frequent = 0;
  for (const bytes of texts) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 1 < bytes.length; at++) {
      const first = view.getUint8(at);
      if (first < 0x81) continue;
      const second = view.getUint8(++at);
      // Full-width punctuation is common in every text, so it is not counted.
      if (first >= 0xa1 && first <= 0xa3) continue;
      pairs += 1;
      if (first >= from && first <= to && second >= secondMin) frequent += 1;
    }
  }
  return pairs === 0 ? 0 : frequent / pairs;
}
