/** What a transfer needs from its session, and what is known of it from an earlier run. */
import type { StartWorld } from './starting.ts';
import type { TransferEvent } from './transfer-event.ts';
import type { Totals } from './transfer-totals.ts';

/** `Transfer`: the type that the session uses. */
export interface TransferWorld<Transfer> extends StartWorld {
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  readonly emit: (transfer: Transfer, event: TransferEvent) => void;
  /** Called when data of the transfer that the list stores has changed, or its wish for a turn. */
  onChange(transfer: Transfer): void;
  /** Resolves when all changes are in the list on disk, or the disk has refused them. */
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
