/** Letters as they are typed where a keyboard or a disk has no others: `Dvořák` as `dvorak`, `Ağır şarkı` as `agir sarki`. */

/** Those that Unicode does not take apart. */
const others: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i' },
};

export function plainLetters(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[ßæœøłđðþı]/g, (letter) => others[letter] ?? letter);
}
