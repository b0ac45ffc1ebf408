/**
 * Which releases have a torrent, and in which swarm. All releases for everyone share one swarm, named by the
 * info-hash. Each restricted release has its own, whose name is made with a secret so that it cannot be
 * chosen.
 *
 * Invariant: a restricted release shares its swarm with no other release, and anonymous peers never get it.
 * Left to others: who may see a release (admission.ts).
 */
import { latin1 } from '../../torrents/byte-text.ts';
import { isForEveryone, type ReleaseAccess } from '../access.ts';
import type { ServedRelease } from '../catalogue/contract.ts';

/** A release that is served. */
export interface SwarmRelease {
  readonly release: ServedRelease;
  readonly access: ReleaseAccess;
  /** Whether everyone may see it. */
  readonly isOpen: boolean;
  /** Info-hash → the release's own swarm. Made at first use, since most torrents have no peers. */
  readonly own: Map<string, Uint8Array>;
}

export type NameSwarm = (infoHash: Uint8Array, release: number) => Uint8Array;

export class ReleaseSwarms {
  readonly #nameSwarm: NameSwarm;
  readonly #byNumber = new Map<number, SwarmRelease>();
  readonly #numbers = new Map<string, number>();
  /** Info-hash → the releases that have it in one of their versions; nearly always one. */
  readonly #byHash = new Map<string, readonly SwarmRelease[]>();

  constructor(nameSwarm: NameSwarm) {
    this.#nameSwarm = nameSwarm;
  }

  release(releaseId: string): ServedRelease | undefined {
    const number = this.#numbers.get(releaseId);
    return number === undefined ? undefined : this.#byNumber.get(number)?.release;
  }

  numbered(number: number): SwarmRelease | undefined {
    return this.#byNumber.get(number);
  }

  /** All served releases, in no particular order. */
  all(): Iterable<SwarmRelease> {
    return this.#byNumber.values();
  }

  /** The oldest first. */
  withHash(infoHash: Uint8Array): readonly SwarmRelease[] {
    return this.#byHash.get(latin1(infoHash)) ?? none;
  }

  /** Whether a release for everyone has this hash. */
  hasOpen(infoHash: Uint8Array): boolean {
    return this.withHash(infoHash).some(({ isOpen }) => isOpen);
  }

  /**
   * The swarm of this hash in this release; undefined if the release does not have it. For a release that
   * everyone sees, `infoHash` itself.
   */
  swarmOf(entry: SwarmRelease, infoHash: Uint8Array): Uint8Array | undefined {
    const key = latin1(infoHash);
    if (!this.#byHash.get(key)?.includes(entry)) return undefined;
    if (entry.isOpen) return infoHash;
    let swarm = entry.own.get(key);
    if (swarm === undefined) {
      swarm = this.#nameSwarm(infoHash, entry.release.number);
      entry.own.set(key, swarm);
    }
    return swarm;
  }

  /** The swarms of a release that may have peers. */
  inUse(number: number): readonly Uint8Array[] {
    const entry = this.#byNumber.get(number);
    if (entry === undefined) return none;
    return entry.isOpen ? entry.release.infoHashes : [...entry.own.values()];
  }

  /** Updates the state of a release. */
  set(release: ServedRelease): void {
    const { number, releaseId, infoHashes, access } = release;
    const before = this.#byNumber.get(number);
    for (const infoHash of before?.release.infoHashes ?? none) this.#leave(latin1(infoHash), number);
    this.#byNumber.delete(number);
    this.#numbers.delete(releaseId);
    if (access === undefined) return;
    const isOpen = isForEveryone(access);
    const entry: SwarmRelease = { release, access, isOpen, own: new Map() };
    for (const infoHash of infoHashes) {
      const key = latin1(infoHash);
      const others = (this.#byHash.get(key) ?? none).filter((other) => other.release.number !== number);
      this.#byHash.set(
        key,
        [...others, entry].sort((a, b) => a.release.number - b.release.number),
      );
      const swarm = isOpen ? undefined : before?.own.get(key);
      if (swarm !== undefined) entry.own.set(key, swarm);
    }
    this.#byNumber.set(number, entry);
    this.#numbers.set(releaseId, number);
  }

  #leave(key: string, number: number): void {
    const left = (this.#byHash.get(key) ?? none).filter(({ release }) => release.number !== number);
    if (left.length === 0) this.#byHash.delete(key);
    else this.#byHash.set(key, left);
  }
}

const none: readonly never[] = [];
