/**
 * The program that a peer id names, for display: `-TR2940-…` is Transmission 2.94. A peer chooses its own
 * id, so no decision depends on the name. An id in no known style has no name. BEP 20
 */

/** Azureus style, `-XXvvvv-`: programs by their two-character code. */
const programs: Readonly<Record<string, string>> = {
  AG: 'Ares',
  AZ: 'Vuze',
  BC: 'BitComet',
  BI: 'BiglyBT',
  BT: 'BitTorrent',
  CI: 'Cicada',
  DE: 'Deluge',
  FD: 'Free Download Manager',
  FX: 'Freebox',
  HL: 'Halite',
  KT: 'KTorrent',
  LT: 'libtorrent',
  lt: 'rTorrent',
  PI: 'PicoTorrent',
  qB: 'qBittorrent',
  RN: 'rain',
  rQ: 'rqbit',
  SD: 'Xunlei',
  TL: 'Tribler',
  TR: 'Transmission',
  TX: 'Tixati',
  UM: 'µTorrent Mac',
  UT: 'µTorrent',
  UW: 'µTorrent Web',
  WW: 'WebTorrent',
  WD: 'WebTorrent Desktop',
  XL: 'Xunlei',
};

/** Mainline style, `M7-10-1--`: a letter, then numbers between dashes. */
const mainlinePrograms: Readonly<Record<string, string>> = { A2: 'aria2', M: 'BitTorrent', Q: 'Queen Bee' };

/** `peerId` has 20 bytes. Undefined: an id in no known style. */
export function clientNameOf(peerId: Uint8Array): string | undefined {
  let text = '';
  for (const byte of peerId) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '\0';
  const azureus = /^-([A-Za-z~]{2})([0-9A-Za-z]{4})-/.exec(text);
  if (azureus !== null) {
    const program = programs[azureus[1]!];
    return program === undefined ? undefined : `${program} ${versionOf(azureus[1]!, azureus[2]!)}`;
  }
  const mainline = /^(A2|M|Q)-?(\d+)-(\d+)-(\d+)-/.exec(text);
  if (mainline === null) return undefined;
  const [, code, ...numbers] = mainline;
  return `${mainlinePrograms[code!]} ${numbers.join('.')}`;
}

/** One number per digit; letters continue after 9: `45A0` is 4.5.10. */
function versionOf(code: string, digits: string): string {
  // Before 3.00, Transmission used two digits for its minor version.
  if (code === 'TR' && digits < '4') return `${digits[0]}.${digits.slice(1, 3)}`;
  const numbers: string[] = [];
  for (const digit of digits) {
    const isUpper = digit >= 'A' && digit <= 'Z';
    if (digit >= 'a') break;
    numbers.push(isUpper ? String(digit.charCodeAt(0) - 55) : digit);
  }
  while (numbers.length > 2 && numbers.at(-1) === '0') numbers.pop();
  return numbers.join('.');
}
