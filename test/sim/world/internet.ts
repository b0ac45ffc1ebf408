/** All hosts and the ways between them. */
import { type HostOptions, SimHost } from './host.ts';
import { Ways } from './ways.ts';

export class SimInternet extends Ways {
  /** Adds a host that others can dial at this address until it crashes. */
  join(options: HostOptions): SimHost {
    const host = new SimHost(this, options);
    this.enter(host);
    return host;
  }
}
