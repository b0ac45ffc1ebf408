/**
 * Watches the tracker for changes to shared releases: a release was withdrawn or taken down, its announce URL
 * has changed, its publisher was banned, or the tracker does not answer.
 *
 * Invariant: each trouble is reported once, and again only after it was over.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { TrackerAccount } from '../../account/account.ts';
import type { TrackerError } from '../../account/tracker-error.ts';
import { type ReleaseDetail, releaseAt, takenDown } from '../../sharing/publishing.ts';
import { SaidOnce } from './share-trouble.ts';

type Shared = Pick<ReleaseDetail, 'id' | 'album' | 'announceUrl'>;

/**
 * Soon enough for the user to react. Even with a thousand folders, the tracker gets one request per second.
 */
const lookEveryMs = 20_000;
const askEveryMs = 1_000;

export interface StandingTrouble {
  /** Undefined: all releases. */
  readonly release: Shared | undefined;
  readonly trouble: 'withdrawn' | 'announce-url-renewed' | Error;
}

export interface StandingPorts {
  readonly onTrouble: (trouble: StandingTrouble) => void;
  /** A moderator has taken the release down, so it must not be shared any more. */
  readonly onTakenDown: (releaseId: string, error: TrackerError) => Promise<void>;
}

/** Runs until the signal is aborted. Never rejects. */
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
  /** Keys: the release's id, or '' for all releases. Values: the code. */
  const said = new SaidOnce();

  function say(release: Shared | undefined, code: string, trouble: StandingTrouble['trouble']): void {
    if (said.isNews(release?.id ?? '', code)) ports.onTrouble({ release, trouble });
  }

  return {
    /** Never rejects. */
    async look(shared: Shared): Promise<void> {
      const { id, announceUrl } = shared;
      try {
        const release = await releaseAt(account, id);
        said.forget('');
        if (release?.takenDown !== undefined) await ports.onTakenDown(id, takenDown(release));
        else if (release === undefined) say(shared, 'withdrawn', 'withdrawn');
        else if (release.announceUrl !== announceUrl)
          say(shared, 'announce-url-renewed', 'announce-url-renewed');
        else said.forget(id);
      } catch (error) {
        const code = codeOf(error);
        // The program is ending.
        if (code !== 'interrupted') say(undefined, code ?? '', error as Error);
      }
    },
  };
}

function codeOf(error: unknown): string | undefined {
  return (error as { readonly code?: string }).code;
}
