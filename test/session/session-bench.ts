/** Sessions over real clients on this machine, albums for them, and a log of their events. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openSession, type SessionOptions } from '../../client/session/open-session.ts';
import type { Session } from '../../client/session/session.ts';
import type { Transfer } from '../../client/session/transfers/transfer.ts';
import type { TransferEvent } from '../../client/session/transfers/transfer-event.ts';
import { createTorrent } from '../../torrents/create/create.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { noise } from '../torrents/folder-fixture.ts';

export class SessionBench {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), 'cicada-session-'));
  readonly #open = new Set<Session>();

  at(...names: string[]): string {
    return path.join(this.root, ...names);
  }

  /** Makes an album in `source/NAME`. */
  async album(
    name: string,
    files: Readonly<Record<string, number>> = { 'a.flac': 100_000 },
  ): Promise<Metainfo> {
    const folder = this.at('source', name);
    fs.mkdirSync(folder, { recursive: true });
    for (const [file, bytes] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      fs.writeFileSync(path.join(folder, file), noise(bytes, name.length + file.length));
    }
    return (await createTorrent(folder, { format: 'hybrid', pieceLength: 16_384 })).metainfo;
  }

  async session(options: SessionOptions = {}): Promise<Session> {
    const { session, damaged } = await openSession({ port: 0, host: '127.0.0.1', threads: 1, ...options });
    if (damaged.length > 0) throw damaged[0];
    this.#open.add(session);
    return session;
  }

  /** Seeds albums in `source`. */
  async seed(...albums: Metainfo[]): Promise<Session> {
    const session = await this.session();
    for (const metainfo of albums)
      await session.add({ wanted: { metainfo }, kind: 'share', place: this.at('source'), verify: false })
        .started;
    return session;
  }

  async close(session: Session): Promise<void> {
    this.#open.delete(session);
    await session.close();
  }

  async closeAll(): Promise<void> {
    for (const session of [...this.#open]) await this.close(session);
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

export function peersOf(...sessions: Session[]) {
  return sessions.map(({ port }) => ({ host: '127.0.0.1', port }));
}

/** The names of events in the order in which they come. */
export function eventLog(session: Session): string[] {
  const log: string[] = [];
  session.onEvent((event) => void log.push(event.type === 'state' ? event.state : event.type));
  return log;
}

/** Resolves with the next event of this type. */
export function nextEvent<Type extends TransferEvent['type']>(
  session: Session,
  transfer: Transfer,
  type: Type,
  isIt: (event: Extract<TransferEvent, { type: Type }>) => boolean = () => true,
): Promise<Extract<TransferEvent, { type: Type }>> {
  return new Promise((resolve) => {
    const end = session.onEvent((event, whose) => {
      if (whose !== transfer || event.type !== type) return;
      if (!isIt(event as Extract<TransferEvent, { type: Type }>)) return;
      end();
      resolve(event as Extract<TransferEvent, { type: Type }>);
    });
  });
}

export function inState(session: Session, transfer: Transfer, state: Transfer['state']): Promise<unknown> {
  if (transfer.state === state) return Promise.resolve();
  return nextEvent(session, transfer, 'state', (event) => event.state === state);
}
