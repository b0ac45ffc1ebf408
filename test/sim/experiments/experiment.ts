/**
 * A measured story: a swarm as a plan (plan/schema.ts), and what happens that no plan can know beforehand, such as
 * somebody who leaves once others have what it had.
 */
import type { SwarmPlan } from '../plan/schema.ts';
import type { SwarmWatch } from './swarm-watch.ts';

export interface ExperimentSize {
  readonly seed: number;
  /** Everybody but the first seed. */
  readonly peers: number;
}

export interface Experiment {
  readonly name: string;
  /** A sentence for people. */
  readonly story: string;
  /** Peers when nothing else is said. */
  readonly peers: number;
  plan(size: ExperimentSize): SwarmPlan;
  /** Called every second of virtual time. */
  look?(watch: SwarmWatch): void;
  /** Nobody who joins after the first second can have everything before this, whatever its line. */
  readonly latecomersNotBeforeSeconds?: number;
  /** It is given up when nobody has stored a piece for so long. */
  readonly stuckSeconds?: number;
}
