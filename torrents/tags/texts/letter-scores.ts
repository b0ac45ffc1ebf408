/**
 * How likely a text is in an encoding, from 0 to 1, by the letters that are frequent in its languages.
 *
 * Invariant: pure. Only texts that are no Latin are asked about.
 */
/** Those of people's music, in the order in which they count when two are as likely. */
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

/** Whose texts look like Latin-1 when they are read as that, so that only names can tell. */
export function isOfLatinScript(encoding: OldEncoding): boolean {
  return ['windows-1250', 'windows-1254', 'windows-1257', 'iso-8859-2'].includes(encoding);
}

/** The letters that make up three quarters of any text, and their script. */
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
      // Half of the characters of GB 2312 are the frequent ones; the others are in other rows.
      return pairShare(bytes, 0xb0, 0xd7, 0xa1);
    case 'big5':
      return pairShare(bytes, 0xa4, 0xc6, 0x40);
    case 'euc-kr':
      return share(/\p{Script=Hangul}/u);
    case 'shift_jis':
    case 'euc-jp': {
      const kana = share(/[\u3041-\u30ff]/u);
      // Half-width kana are what any bytes of other encodings become.
      const half = share(/[\uff61-\uff9f]/u);
      return half > 0.1 || kana < 0.15
        ? 0
        : Math.min(1, kana * 0.3 + share(/[\u3000-\u30ff\u4e00-\u9fff]/u) * 0.7);
    }
    default:
      // Of the Latin ones names alone decide.
      return 0;
  }
}

function alphabetScore(text: string, script: RegExp, frequent: string): number {
  const characters = [...text].filter((character) => character > '\x7f' && !/\p{P}/u.test(character));
  const letters = characters.filter((character) => /[\p{L}\p{M}]/u.test(character));
  if (letters.length === 0 || !letters.every((letter) => script.test(letter))) return 0;
  const likely = letters.filter((letter) => frequent.includes(letter.toLowerCase())).length;
  // `сИНЕЕ`: what one Cyrillic encoding makes of another.
  const turned = text.match(/(?<=\p{Ll})\p{Lu}/gu)?.length ?? 0;
  return Math.max(0, likely - 3 * turned) / characters.length;
}

/** Of pairs with a high first byte: how many have it within the rows of frequent characters. */
function pairShare(texts: readonly Uint8Array[], from: number, to: number, secondMin: number): number {
  let pairs = 0;
  let frequent = 0;
  for (const bytes of texts) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 1 < bytes.length; at++) {
      const first = view.getUint8(at);
      if (first < 0x81) continue;
      const second = view.getUint8(++at);
      // Full-width punctuation stands in every text.
      if (first >= 0xa1 && first <= 0xa3) continue;
      pairs += 1;
      if (first >= from && first <= to && second >= secondMin) frequent += 1;
    }
  }
  return pairs === 0 ? 0 : frequent / pairs;
}
