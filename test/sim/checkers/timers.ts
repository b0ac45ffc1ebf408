/**
 * Timeouts fire in time and not early: the engine's next wake-up, dials, handshakes, silence and keep-alives.
 * Computed from what went over the wire, not from the engine's state.
 */
import type { ConnectionId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Checker, Disbelief, Turn } from './checker.ts';

/** What was seen of one connection. */
interface Seen {
  readonly dialedMs: number | undefined;
  connectedMs: number | undefined;
  heardMs: number;
  spokeMs: number;
}

interface Watch {
  readonly connections: Map<ConnectionId, Seen>;
  /** Time of the last tick. */
  wokeMs: number | undefined;
  refusedMs: number | undefined;
}

export function timersFire(): Checker {
  const watches = new WeakMap<Engine, Watch>();
  return {
    name: 'timers-fire',
    onTurn(turn) {
      const { engine } = turn.peer;
      let watch = watches.get(engine);
      if (watch === undefined) {
        watch = { connections: new Map(), wokeMs: undefined, refusedMs: undefined };
        watches.set(engine, watch);
      }
      const tooSoon = judgeEnds(turn, watch);
      note(turn, watch);
      const disbelief = tooSoon ?? judgeAlarm(turn, watch);
      if (turn.fact.type !== 'woke') return disbelief;
      const about = disbelief ?? judgeWaits(turn, watch);
      watch.wokeMs = turn.nowMs;
      return about;
    },
  };
}

function note({ fact, actions, nowMs }: Turn, { connections }: Watch): void {
  if (fact.type === 'connected') {
    const seen = connections.get(fact.connection);
    if (seen === undefined)
      connections.set(fact.connection, {
        dialedMs: undefined,
        connectedMs: nowMs,
        heardMs: nowMs,
        spokeMs: nowMs,
      });
    else Object.assign(seen, { connectedMs: nowMs, heardMs: nowMs, spokeMs: nowMs });
  } else if (fact.type === 'received') {
    const seen = connections.get(fact.connection);
    if (seen !== undefined) seen.heardMs = nowMs;
  } else if (fact.type === 'closed') connections.delete(fact.connection);
  for (const action of actions) {
    if (action.type === 'dial')
      connections.set(action.connection, {
        dialedMs: nowMs,
        connectedMs: undefined,
        heardMs: nowMs,
        spokeMs: nowMs,
      });
    else if (action.type === 'send' || action.type === 'send-block') {
      const seen = connections.get(action.connection);
      if (seen !== undefined) seen.spokeMs = nowMs;
    } else if (action.type === 'close') connections.delete(action.connection);
  }
}

/** The engine asks to be woken for its next tick, and sooner when a rate limit delays a block. */
function judgeAlarm({ peer, fact, nowMs }: Turn, { connections }: Watch): Disbelief {
  const { engine } = peer;
  const { limits, sessions } = engine.usage;
  const inMs = engine.wakeAtMs - nowMs;
  const isAtWork = connections.size > 0 || sessions.size > 0;
  if (isAtWork && inMs > limits.tickMs)
    return `asks to be woken in ${inMs} ms, and looks every ${limits.tickMs}`;
  if (fact.type === 'closed' || !('connection' in fact)) return undefined;
  const session = sessions.get(fact.connection);
  const isHeldUp = session?.isOpen === true && session.uploads.next !== undefined;
  return isHeldUp && inMs > limits.throttleMs
    ? `connection ${fact.connection} has room for a block, and is looked at in ${inMs} ms`
    : undefined;
}

/** No connection is closed for a timeout before its time. */
function judgeEnds({ peer, actions, nowMs }: Turn, { connections }: Watch): Disbelief {
  const { limits } = peer.engine.usage;
  for (const action of actions) {
    if (action.type !== 'close') continue;
    const seen = connections.get(action.connection);
    if (seen === undefined) continue;
    const [sinceMs, leastMs] =
      action.reason === 'dial-timeout'
        ? [seen.dialedMs, limits.dialTimeoutMs]
        : action.reason === 'handshake-timeout'
          ? [seen.connectedMs, limits.handshakeTimeoutMs]
          : action.reason === 'silent'
            ? [seen.heardMs, limits.idleTimeoutMs]
            : [undefined, 0];
    if (sinceMs !== undefined && nowMs - sinceMs < leastMs)
      return `ends connection ${action.connection} after ${nowMs - sinceMs} ms: ${action.reason}`;
  }
  return undefined;
}

/** What was due one tick before the last must have been done at the last. */
function judgeWaits({ peer }: Turn, { connections, wokeMs }: Watch): Disbelief {
  if (wokeMs === undefined) return undefined;
  const { limits, sessions } = peer.engine.usage;
  const isLate = (sinceMs: number, waitMs: number) => wokeMs >= sinceMs + waitMs + limits.tickMs;
  for (const [connection, { dialedMs, connectedMs, heardMs, spokeMs }] of connections) {
    const what =
      connectedMs === undefined
        ? dialedMs !== undefined && isLate(dialedMs, limits.dialTimeoutMs) && 'a dial is not given up'
        : !sessions.get(connection)?.isOpen
          ? isLate(connectedMs, limits.handshakeTimeoutMs) && 'no handshake is waited for too long'
          : isLate(heardMs, limits.idleTimeoutMs)
            ? 'a silent peer is not let go'
            : isLate(spokeMs, limits.keepAliveMs) && 'nothing was said to it for too long';
    if (what) return `connection ${connection}: ${what}`;
  }
  return undefined;
}
