/**
 * An experiment: a swarm as a plan (plan/schema.ts), and actions that depend on the run, such as a seed that
 * leaves once every piece has been sent.
 */
import type { SwarmPlan } from '../plan/schema.ts';
import type { SwarmWatch } from './swarm-watch.ts';

export interface ExperimentSize {
  readonly seed: number;
  /** All peers except the first seed. */
  readonly peers: number;
}

export interface Experiment {
  readonly name: string;
  /** One sentence for people. */
  readonly story: string;
  /** The default number of peers. */
  readonly peers: number;
  plan(size: ExperimentSize): SwarmPlan;
  /** Called every second of virtual time. */
  look?(watch: SwarmWatch): void;
  /** No peer that joins after the first second can be complete before this, on any line. */
  readonly latecomersNotBeforeSeconds?: number;
  /** The run is given up when no peer has stored a piece for this long. */
  readonly stuckSeconds?: number;
}
