/** Blocks that are requested from a second peer while the first still owes them. */
import { describe, expect, it } from 'vitest';
import { reachableFrom } from '../../sim/checkers/reachable.ts';
import { EngineLab, type ScriptedPeer } from '../engine-lab.ts';

const blocksPerPiece = 2;

/** One piece is missing. The slow peer is proven and owes all of it. */
function lastPiece(): { lab: EngineLab; slow: ScriptedPeer } {
  const lab = new EngineLab({ pieceCount: 2, blocksPerPiece });
  const slow = lab.join();
  while (lab.stores.length === 0) slow.serve(1);
  lab.store();
  return { lab, slow };
}

/** Number of peers remembered as asked before others. */
function remembered(lab: EngineLab): number {
  const { tables } = reachableFrom(lab.engine, 'Engine', () => false);
  return tables.get('DuplicateRequests.#earlier[]') ?? 0;
}

/** With two copies in flight, one peer was asked before the other. */
describe('one earlier peer is remembered for each owed block', () => {
  it('one earlier peer is remembered when a helper chokes and unchokes in turn', () => {
    const { lab, slow } = lastPiece();
    const helper = lab.join();
    lab.pass(500);
    for (let round = 0; round < 20; round++) {
      helper.say({ type: 'choke' });
      helper.say({ type: 'unchoke' });
      lab.pass(250);
    }
    expect(helper.heardOf('request').length).toBeGreaterThan(10);
    expect(slow.owed.length).toBeGreaterThan(0);
    expect(remembered(lab)).toBeLessThanOrEqual(blocksPerPiece);
  });

  it('one earlier peer is remembered when one helper after another is asked and leaves', () => {
    const { lab, slow } = lastPiece();
    let asked = 0;
    for (let round = 0; round < 20; round++) {
      const helper = lab.join();
      lab.pass(500);
      asked += helper.heardOf('request').length;
      helper.hangUp();
    }
    expect(asked).toBeGreaterThan(10);
    expect(slow.owed.length).toBeGreaterThan(0);
    expect(remembered(lab)).toBeLessThanOrEqual(blocksPerPiece);
  });

  it('one earlier peer is remembered when two helpers take turns', () => {
    const { lab, slow } = lastPiece();
    const helpers = [lab.join(), lab.join()];
    for (let round = 0; round < 20; round++) {
      const helper = helpers[round % 2]!;
      helper.say({ type: 'choke' });
      lab.pass(250);
      helper.say({ type: 'unchoke' });
      lab.pass(250);
    }
    expect(helpers.flatMap((helper) => helper.heardOf('request')).length).toBeGreaterThan(10);
    expect(slow.owed.length).toBeGreaterThan(0);
    expect(remembered(lab)).toBeLessThanOrEqual(blocksPerPiece);
  });
});
