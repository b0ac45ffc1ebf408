/** Carries out an action at a chosen moment of a program's life. */
import type { Drive } from '../world/file-system/drive.ts';
import type { DriveTemper } from '../world/file-system/drive-temper.ts';
import { disturb } from './disturbances.ts';
import type { MomentDeed } from './moments.ts';
import type { DiskLook } from './storage-checks.ts';
import type { Life } from './storage-life.ts';
import type { LifePlan } from './storage-plan.ts';
import type { Strangers } from './strangers.ts';

export interface Stage {
  readonly life: Life;
  readonly plan: LifePlan;
  readonly temper: DriveTemper;
  readonly drive: Drive;
  readonly strangers: Strangers;
  readonly look: DiskLook;
  readonly select: (perMille: number) => void;
}

export function act(deed: MomentDeed, at: string, stage: Stage): void {
  const { life, plan, temper, drive } = stage;
  const { program, download } = life;
  switch (deed.what) {
    case 'cut':
      return program.cutIn(deed.steps);
    case 'kill':
      return program.kill();
    case 'stop':
      return life.stop(false);
    case 'fail': {
      const { kind, forMs } = deed;
      temper.failPpm = { ...temper.failPpm, [kind]: 1_000_000 };
      program.after(forMs, () => {
        temper.failPpm = { ...temper.failPpm, [kind]: plan.failPpm[kind] ?? 0 };
      });
      return;
    }
    case 'full':
      drive.capacityBytes = 0;
      program.after(deed.forMs, () => {
        drive.capacityBytes = plan.capacityBytes;
      });
      return;
    case 'select':
      if (download !== undefined && !life.isStopping) stage.select(deed.perMille);
      return;
    case 'deed':
      // While a download is being prepared, other programs leave its files alone: a change after its
      // inspection is found later, by the watch.
      if (download === undefined) return;
      disturb(
        stage.strangers,
        stage.look,
        download.prepared,
        deed.deed,
        deed.isThere ? at.slice(at.lastIndexOf('/') + 1) : undefined,
      );
  }
}
