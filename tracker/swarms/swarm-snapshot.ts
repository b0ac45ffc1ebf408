/**
 * Swarms and the accounts of their peers ⇄ bytes: which peers are listed after a restart. Synchronous and
 * pure.
 *
 * Invariant: a peer returns only if its announce would be admitted now. A release that was restricted or
 * taken down since the snapshot, or an account that was banned or has new passkeys, keeps its peers out. Left
 * to others: the file (snapshot-file.ts).
 */
import type { Presence } from '../presence.ts';
import { addressText, packAddress } from '../protocol/address.ts';
import { encodeSwarm, type SavedPeer, type SavedSwarm } from '../registry/snapshot.ts';
import { kindOf, packEndpoint, type Registry } from '../registry.ts';

/** The account under which a peer announced. */
export interface SavedAccount {
  readonly accountId: number;
  readonly release: number;
  /** The generation of the account's passkeys at that time. */
  readonly generation: number;
  /**
   * The address as text, as the tracker saw it: loopback has several addresses, which the registry treats as
   * one.
   */
  readonly host: string;
  readonly port: number;
}

export interface SnapshotSource {
  readonly registry: Registry;
  readonly presence: Presence;
  /** Undefined: the account was deleted. */
  readonly generationOf: (accountId: number) => number | undefined;
}

/**
 * Port, account, release (40 bits, as in passkeys) and generation. Before them: the length of the address,
 * and the address.
 */
const fieldBytes = 2 + 4 + 5 + 4;

/** Swarm by swarm, each with its accounts at that moment. Ages count from `nowMs`. */
export function* snapshotOf(
  { registry, presence, generationOf }: SnapshotSource,
  nowMs: number,
): Generator<Uint8Array> {
  for (const swarm of registry.saved(nowMs)) {
    const accounts: SavedAccount[] = [];
    for (const { accountId, release, host, port } of presence.ofSwarm(swarm.hash)) {
      const generation = generationOf(accountId);
      if (generation !== undefined) accounts.push({ accountId, release, generation, host, port });
    }
    yield encodeSwarm(accounts.length === 0 ? swarm : { ...swarm, notes: encodeAccounts(accounts) });
  }
}

/**
 * Finds the account of a peer in a snapshot. Undefined: it announced without an account, or the notes are
 * malformed.
 */
export function accountFinder(): (peer: SavedPeer) => SavedAccount | undefined {
  const bySwarm = new Map<SavedSwarm, Map<string, SavedAccount>>();
  return ({ swarm, kind, endpoint }) => {
    if (swarm.notes === undefined || swarm.notes.length === 0) return undefined;
    let accounts = bySwarm.get(swarm);
    if (accounts === undefined) {
      accounts = new Map();
      for (const account of decodeAccounts(swarm.notes)) {
        const remote = packAddress(account.host);
        if (remote === undefined) continue;
        accounts.set(peerKey(kindOf(remote), packEndpoint(remote, account.port)), account);
      }
      bySwarm.set(swarm, accounts);
    }
    return accounts.get(peerKey(kind, endpoint));
  };
}

function peerKey(kind: number, endpoint: Uint8Array): string {
  return String.fromCharCode(kind, ...endpoint);
}

function encodeAccounts(accounts: readonly SavedAccount[]): Uint8Array {
  const packed = accounts.flatMap((account) => {
    const address = packAddress(account.host);
    return address === undefined ? [] : [{ address, account }];
  });
  const length = packed.reduce((sum, { address }) => sum + 1 + address.length + fieldBytes, 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { address, account } of packed) {
    bytes[at] = address.length;
    bytes.set(address, at + 1);
    at += 1 + address.length;
    view.setUint16(at, account.port);
    view.setUint32(at + 2, account.accountId);
    view.setUint8(at + 6, Math.floor(account.release / 2 ** 32));
    view.setUint32(at + 7, account.release % 2 ** 32);
    view.setUint32(at + 11, account.generation);
    at += fieldBytes;
  }
  return bytes;
}

/** Stops at the first malformed record. */
function decodeAccounts(bytes: Uint8Array): SavedAccount[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const accounts: SavedAccount[] = [];
  for (let at = 0; at < bytes.length; ) {
    const addressBytes = view.getUint8(at);
    const fields = at + 1 + addressBytes;
    if ((addressBytes !== 4 && addressBytes !== 16) || fields + fieldBytes > bytes.length) break;
    accounts.push({
      host: addressText(bytes.subarray(at + 1, fields)),
      port: view.getUint16(fields),
      accountId: view.getUint32(fields + 2),
      release: view.getUint8(fields + 6) * 2 ** 32 + view.getUint32(fields + 7),
      generation: view.getUint32(fields + 11),
    });
    at = fields + fieldBytes;
  }
  return accounts;
}
