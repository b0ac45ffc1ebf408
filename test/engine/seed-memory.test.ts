/** A seed does not dial peers remembered as seeds, until they may have lost pieces. */
import { describe, expect, it } from 'vitest';
import { EngineLab } from './engine-lab.ts';

describe('a seed that was disconnected because we were a seed, too', () => {
  /** We are a seed, and so is the peer that we dial. */
  function met(): EngineLab {
    const lab = new EngineLab({ has: 'all' });
    lab.learn('10.9.9.9');
    lab.answerDial().shakeHands();
    expect(lab.status.peers).toHaveLength(0);
    return lab;
  }

  it('a known seed is dialed again when named after half an hour: it may have lost pieces', () => {
    const lab = met();
    lab.pass(30 * 60_000, 10_000);
    expect(lab.dials).toHaveLength(0);
    lab.learn('10.9.9.9');
    const again = lab.answerDial();
    again.shakeHands({ has: [0, 1, 2], chokes: true });
    expect(again.closed).toBeUndefined();
  });

  it('a known seed is not dialed when named earlier, or not at all', () => {
    const lab = met();
    for (let minute = 0; minute < 29; minute++) {
      lab.learn('10.9.9.9');
      lab.pass(60_000, 10_000);
    }
    lab.pass(3 * 3_600_000, 60_000);
    expect(lab.dials).toHaveLength(0);
  });
});
