/** Turns a valid input into one that an attacker, a bad disk or a faulty program could have made. */
import type { Random } from './fuzz-target.ts';

const interestingNumbers = [
  '0',
  '-0',
  '-1',
  '1',
  '00',
  '16383',
  '65536',
  '4294967295',
  '4294967296',
  '9007199254740991',
  '9007199254740992',
  '-9007199254740991',
  '99999999999999999999',
  '1e9',
];
const interestingTokens = [
  'e',
  'd',
  'l',
  'i',
  'de',
  'le',
  '0:',
  'i0e',
  'd0:',
  '1:',
  '3:../',
  '2:..',
  'l2:..e',
  '-1:',
  'll',
  'dd',
];

/** Makes one to four changes. */
export function mutate(input: Uint8Array, random: Random): Uint8Array {
  let bytes: Buffer = Buffer.from(input);
  for (let changes = 1 + random.below(4); changes > 0; changes--) bytes = changed(bytes, random);
  return new Uint8Array(bytes);
}

function changed(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const splice = (remove: number, insert: Uint8Array): Buffer =>
    Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
  switch (random.below(8)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return splice(1, Buffer.of(random.below(256)));
    case 2:
      return splice(0, Buffer.of(random.below(256)));
    case 3:
      return splice(1 + random.below(20), Buffer.of());
    case 4:
      return splice(0, bytes.subarray(at, at + 1 + random.below(200)));
    case 5:
      return splice(random.below(3), Buffer.from(random.oneOf(interestingTokens)));
    case 6:
      return withNumber(bytes, at, random);
    default:
      return splice(1, Buffer.of((bytes[at] ?? 0) ^ (1 << random.below(8))));
  }
}

/** Replaces the next run of digits with another number. */
function withNumber(bytes: Buffer, from: number, random: Random): Buffer {
  const isDigit = (at: number) => bytes[at]! >= 0x30 && bytes[at]! <= 0x39;
  let start = from;
  while (start < bytes.length && !isDigit(start)) start++;
  let end = start;
  while (end < bytes.length && isDigit(end)) end++;
  const number = random.once(2) ? random.oneOf(interestingNumbers) : String(random.below(2 ** 31) % 100_000);
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(number), bytes.subarray(end)]);
}
