/**
 * Reduces letters to the ones that are typed without accents: `Dvořák` → `dvorak`, `Ağır şarkı` → `agir
 * sarki`.
 */

/** Letters that Unicode does not decompose. */
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
