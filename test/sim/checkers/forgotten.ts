/** Which memory of a tracker lists a client, as the client can know it: by its replies, and by its alive stream. */
import type { Fact } from '../../../client/engine/contract.ts';

export interface Remembered {
  /** Of its last answer. */
  memoryId: string | undefined;
  /** It came back while an announce was under way: what that means is known behind its answer. */
  returned: string | undefined;
}

/** The tracker of this fact is there again; `forgotten`: it does not list the client any more. Otherwise no news. */
export type Return = 'forgotten' | 'there' | undefined;

/** `isAsked`: an announce to it was under way before this fact. Not of one that `stopped` is on its way to. */
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
