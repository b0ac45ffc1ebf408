/**
 * What becomes of shared releases at their tracker while they are shared: one was withdrawn or taken down, its announce
 * URL is another one, its publisher was banned, or the tracker does not answer.
 *
 * Invariant: each is said once, and again only after it was over in between.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { TrackerAccount } from '../../account/account.ts';
import type { TrackerError } from '../../account/tracker-error.ts';
import { type ReleaseDetail, releaseAt, takenDown } from '../../sharing/publishing.ts';
import { codeOf } from '../cli-error.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { errorWords } from '../error-words.ts';
import type { Output } from '../screen/output.ts';

type Shared = Pick<ReleaseDetail, 'id' | 'album' | 'announceUrl'>;

/** Soon enough to do something about it; somebody who shares a thousand folders still asks once a second only. */
const lookEveryMs = 20_000;
const askEveryMs = 1_000;

export interface StandingPorts extends Pick<Output, 'document' | 'remark'> {
  /** A moderator has taken it down: it is shared no more. */
  readonly onTakenDown: (releaseId: string, error: TrackerError) => Promise<void>;
}

/** Until the signal is aborted; never rejects. */
export async function watchStanding(
  account: TrackerAccount,
  shared: () => readonly Shared[],
  signal: AbortSignal,
  ports: StandingPorts,
): Promise<void> {
  const standing = openStanding(account, ports);
  const pause = (ms: number) => wait(ms, undefined, { signal }).catch(() => {});
  while (!signal.aborted) {
    await pause(lookEveryMs);
    for (const release of shared()) {
      if (signal.aborted) return;
      await standing.look(release);
      await pause(askEveryMs);
    }
  }
}

export function openStanding(account: TrackerAccount, ports: StandingPorts) {
  /** Release, or '' for all of them → the code of what was said of it. */
  const said = new Map<string, string>();

  function say(subject: string, code: string, message: string): void {
    if (said.get(subject) === code) return;
    said.set(subject, code);
    ports.document({ event: 'trouble', release: subject || null, code, message });
    ports.remark(plain(message));
  }

  return {
    /** Never rejects. */
    async look({ id, album, announceUrl }: Shared): Promise<void> {
      try {
        const release = await releaseAt(account, id);
        said.delete('');
        if (release?.takenDown !== undefined) await ports.onTakenDown(id, takenDown(release));
        else if (release === undefined) {
          say(id, 'withdrawn', `${album} was withdrawn at ${account.url}: nobody finds it there any more`);
        } else if (release.announceUrl !== announceUrl) {
          const what = `the announce URLs of your account at ${account.url} were renewed`;
          say(id, 'announce-url-renewed', `${album}: ${what}; stop sharing and start it again`);
        } else said.delete(id);
      } catch (error) {
        const code = codeOf(error);
        // Whoever looks ends as well.
        if (code === 'interrupted') return;
        say('', code, wordsOf(code, errorWords(error), account.url));
      }
    },
  };
}

function wordsOf(code: string, message: string, url: string): string {
  switch (code) {
    case 'account-banned':
      return `${url}: ${message}; nobody is sent to you from there any more`;
    case 'tracker-unreachable':
      return `The tracker does not answer, and is asked again soon: ${message}`;
    default:
      return `${url}: ${message}`;
  }
}
