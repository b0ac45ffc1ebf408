/** What a transfer needs of its session, and what its session may know of it from an earlier run. */
import type { StartWorld } from './starting.ts';
import type { TransferEvent } from './transfer-event.ts';
import type { Totals } from './transfer-totals.ts';

/** `Transfer`: as the session knows it. */
export interface TransferWorld<Transfer> extends StartWorld {
  /** Never goes back. */
  readonly nowMs: () => number;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  readonly emit: (transfer: Transfer, event: TransferEvent) => void;
  /** What is kept of it has changed, or whether it wants a turn. */
  onChange(transfer: Transfer): void;
  /** Resolves when all that has changed is in the list on the disk, or the disk has refused it. */
  saved(): Promise<void>;
}

/** Milliseconds since 1970. */
export interface Dates {
  readonly addedMs: number;
  /** When it was complete for the first time. */
  readonly completedMs?: number | undefined;
}

export interface Earlier {
  readonly isComplete: boolean;
  readonly totals: Totals;
  readonly dates: Dates;
}
