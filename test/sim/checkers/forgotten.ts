/**
 * Which memory id of a tracker lists a client, as far as the client can know: from replies and from the
 * tracker's alive stream.
 */
import type { Fact } from '../../../client/engine/contract.ts';

export interface Remembered {
  /** From its last reply. */
  memoryId: string | undefined;
  /** Memory id with which it returned while an announce was pending. It is judged after the reply. */
  returned: string | undefined;
}

/**
 * `there`: the tracker of this fact is back; `forgotten`: it is back and no longer lists the client.
 * Otherwise undefined.
 */
export type Return = 'forgotten' | 'there' | undefined;

/** `isAsked`: an announce to the tracker, other than `stopped`, was pending before this fact. */
export function noteMemory(fact: Fact, tracker: Remembered, isAsked: boolean): Return {
  if (fact.type === 'tracker-returned') {
    if (!isAsked) return judge(tracker, fact.memoryId);
    tracker.returned = fact.memoryId;
    return undefined;
  }
  if (!isAsked || (fact.type !== 'announced' && fact.type !== 'announce-failed')) return undefined;
  if (fact.type === 'announced') tracker.memoryId = fact.answer.memoryId;
  const { returned } = tracker;
  tracker.returned = undefined;
  return returned === undefined ? undefined : judge(tracker, returned);
}

function judge(tracker: Remembered, memoryId: string): Return {
  if (tracker.memoryId === undefined || tracker.memoryId === memoryId) return 'there';
  tracker.memoryId = undefined;
  return 'forgotten';
}
