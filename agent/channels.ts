import type { Socket } from 'node:net';
import { dial } from '../net/dial.ts';
import { splice } from '../net/splice.ts';
import type { AgentConfig, LocalService } from './config.ts';
import { type AgentLog, textOf } from './log.ts';
import type { IncomingChannel } from './relay-link.ts';
import { carried, type Wanted, type WantedTunnels } from './wanted.ts';

const connectMilliseconds = 5_000;
const stallMilliseconds = 60_000;

/** Takes user connections to the service that their tunnel was opened for, and nowhere else. */
export class Channels {
  readonly #wanted: WantedTunnels;
  readonly #limits: AgentConfig['limits'];
  readonly #log: AgentLog;
  #count = 0;

  constructor(wanted: WantedTunnels, options: { readonly limits: AgentConfig['limits']; readonly log: AgentLog }) {
    this.#wanted = wanted;
    this.#limits = options.limits;
    this.#log = options.log;
  }

  /** The channel is confirmed when the service has answered, so that the operator learns at once when it does not. */
  readonly take = (channel: IncomingChannel): void => {
    const wanted = this.#wanted.get(channel.tunnel);
    const why = this.#refusal(wanted);
    if (wanted === undefined || why !== undefined) {
      this.#refuse(channel, why ?? 'no such tunnel here');
      return;
    }
    // Held from here on, so that a hundred at once cannot pass the limit together.
    this.#count += 1;
    this.#join(channel, wanted)
      .catch((error: unknown) => this.#refuse(channel, textOf(error)))
      .finally(() => {
        this.#count -= 1;
      });
  };

  #refusal(wanted: Wanted | undefined): string | undefined {
    const { channels, bytesPerTunnel } = this.#limits;
    if (wanted === undefined) return undefined;
    if (this.#count >= channels) return 'too many connections on this device';
    if (bytesPerTunnel > 0 && carried(wanted) >= bytesPerTunnel) return 'the byte limit of this tunnel is used up';
    return undefined;
  }

  async #join(channel: IncomingChannel, wanted: Wanted): Promise<void> {
    const local = await reach(wanted.service);
    if (!this.#wanted.has(wanted)) {
      local.destroy();
      throw new Error('the tunnel has ended');
    }
    const joined = splice(channel.accept(), local, { stallMilliseconds });
    wanted.streams.add(joined);
    const end = await joined.closed;
    wanted.streams.delete(joined);
    this.#wanted.use(wanted);
    wanted.bytes += end.bytesAtoB + end.bytesBtoA;
  }

  #refuse(channel: IncomingChannel, why: string): void {
    this.#log('info', 'channel.refused', { tunnel: channel.tunnel, why });
    channel.refuse(why);
  }
}

const reach = ({ host, port }: LocalService): Promise<Socket> =>
  dial({ host, port, timeoutMilliseconds: connectMilliseconds }).catch((cause: NodeJS.ErrnoException) => {
    const refused = cause.code === 'ECONNREFUSED';
    throw new Error(refused ? 'nothing listens at the service' : 'the service does not answer', { cause });
  });
