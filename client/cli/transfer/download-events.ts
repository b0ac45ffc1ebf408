/** Follows a session for a downloading command: feeds the view, and reports waits for other downloads. */
import type { Session } from '../../session/session.ts';
import type { Output } from '../screen/output.ts';
import type { DownloadView } from '../swarm-view/download-view.ts';
import { OtherDownloads } from '../swarm-view/other-downloads.ts';

/** Returns a function that stops following. */
export function followDownloads(session: Session, view: DownloadView, output: Output): () => void {
  const others = new OtherDownloads(view, output);
  return session.onEvent((event, transfer) => {
    if (transfer === undefined) return;
    if (event.type === 'checking') view.checking = event.progress;
    else if (event.type === 'waiting') others.onWait(transfer.metainfo, event.wait);
    else if (event.type === 'unguarded') others.onUnguarded(event.error);
  });
}
