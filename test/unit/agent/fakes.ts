import { type AgentConfig, ConfigError, judgeAgentConfig } from '../../../agent/config.ts';
import type { AgentLog } from '../../../agent/log.ts';
import {
  DialError,
  type DialFailure,
  type DialRelay,
  ForwardRefused,
  type LinkHooks,
  type RelayLink,
  type SessionKey,
} from '../../../agent/relay-link.ts';

type Line = { readonly level: string; readonly event: string; readonly fields: Readonly<Record<string, unknown>> };

/** A log that remembers. */
/** Throws where the value is no config, with what is wrong. */
export const agentConfig = (value: unknown): AgentConfig => {
  const { config, problems } = judgeAgentConfig(JSON.stringify(value));
  if (config === undefined) throw new ConfigError('agent.json', problems);
  return config;
};

export class Lines {
  readonly all: Line[] = [];
  readonly log: AgentLog = (level, event, fields = {}) => void this.all.push({ level, event, fields });

  of(event: string): readonly Readonly<Record<string, unknown>>[] {
    return this.all.filter((line) => line.event === event).map(({ fields }) => fields);
  }
}

let keys = 0;
export const makeKey = (): SessionKey => {
  keys += 1;
  return { fingerprint: `SHA256:${keys}`, publicKey: `ssh-ed25519 ${keys}` };
};

export const relay = { host: 'relay.example.com', port: 443 };
export const pins = ['ssh-ed25519 AAAA'];
/** A tunnel's id, another one for each number. */
export const tunnelId = (n: number): string =>
  [...String(n)]
    .map((digit) => 'abcdefghij'[Number(digit)])
    .join('')
    .padEnd(16, 'q');

/** A relay's side of one connection. */
export class FakeLink implements RelayLink {
  readonly serverId: string;
  hooks: LinkHooks;
  readonly target: Parameters<DialRelay>[0];
  readonly asked: string[] = [];
  readonly cancelled: string[] = [];
  /** Set to refuse so many forwards, `always` for all. */
  refusals: number | 'always' = 0;
  isOpen = true;
  /** Set to leave forwards unanswered until the connection ends. */
  isSilent = false;
  readonly #unanswered: ((error: Error) => void)[] = [];

  constructor(serverId: string, target: Parameters<DialRelay>[0], hooks: LinkHooks) {
    this.serverId = serverId;
    this.target = target;
    this.hooks = hooks;
  }

  forward(tunnel: string): Promise<void> {
    this.asked.push(tunnel);
    if (!this.isOpen) return Promise.reject(new Error('ended'));
    if (this.isSilent) return new Promise((_resolve, reject) => this.#unanswered.push(reject));
    if (this.refusals === 0) return Promise.resolve();
    if (this.refusals !== 'always') this.refusals -= 1;
    return Promise.reject(new ForwardRefused('no'));
  }

  cancel(tunnel: string): Promise<void> {
    this.cancelled.push(tunnel);
    return Promise.resolve();
  }

  end(): void {
    this.break('ended');
  }

  /** The connection is lost. */
  break(why = 'connection_lost'): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const reject of this.#unanswered) reject(new Error(why));
    this.hooks.onClosed(why);
  }
}

/** Relays that answer dials as told, `connect` unless told otherwise. */
export class FakeRelays {
  readonly links: FakeLink[] = [];
  /** What comes of the next dials, in order. */
  readonly plan: (DialFailure | 'connect' | 'hang')[] = [];
  /** Every dial, also those that failed. */
  readonly dials: Parameters<DialRelay>[0][] = [];
  onLink: (link: FakeLink) => void = () => undefined;

  readonly dial: DialRelay = (target, hooks) => {
    this.dials.push(target);
    const next = this.plan.shift() ?? 'connect';
    if (next === 'hang') return new Promise(() => undefined);
    if (next !== 'connect') return Promise.reject(new DialError(next, `as planned: ${next}`));
    const link = new FakeLink(`r${'abcdefghi'.slice(0, 8)}${'234567abcdef'[this.links.length]}`, target, hooks);
    this.links.push(link);
    this.onLink(link);
    return Promise.resolve(link);
  };

  /** The newest link. */
  get last(): FakeLink {
    const link = this.links.at(-1);
    if (link === undefined) throw new Error('nobody has dialled');
    return link;
  }
}
