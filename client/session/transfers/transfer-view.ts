/** The readable properties of a transfer. Commands and steps are in transfer.ts. */
import { join } from 'node:path';
import { Identity } from './identity.ts';
import type { Step, TransferState } from './next-step.ts';
import { type Moment, Standing } from './standing.ts';
import type { TransferRun } from './transfer-run.ts';
import type { TransferSettings, Wanted } from './transfer-settings.ts';

export abstract class TransferView extends Identity {
  abstract readonly run: TransferRun;
  protected readonly standing = new Standing();
  /** Replaced by a new object at each change. */
  protected current: TransferSettings;

  constructor(id: string, wanted: Wanted, settings: TransferSettings) {
    super(id, wanted);
    this.current = settings;
  }

  /** The step that is under way. */
  protected abstract readonly step: Step | undefined;

  get settings(): TransferSettings {
    return this.current;
  }

  get state(): TransferState {
    return this.standing.state(this.moment);
  }

  get error(): Error | undefined {
    return this.standing.error;
  }

  /** Paused, failed or being removed: it takes no turn in the queue. */
  get rests(): boolean {
    return this.standing.rests(this.current);
  }

  get isRemoved(): boolean {
    return this.standing.end === 'removed';
  }

  /** The torrent's own folder or file, where it is or will be. */
  get path(): string {
    return this.run.active?.path ?? join(this.current.place, this.metainfo.layout.rootName);
  }

  protected get moment(): Moment {
    return {
      settings: this.current,
      isRunning: this.run.active !== undefined,
      isComplete: this.run.isComplete,
      isFound: 'metainfo' in this.wanted,
      step: this.step,
    };
  }
}
