import type { Duplex } from 'node:stream';
import { type ErrorCode, lineOf, SallyportError } from '../core/errors.ts';
import type { EventHub } from '../core/events.ts';
import { parseHostName } from '../core/model/host-name.ts';
import type { Operator } from '../core/model/operator.ts';
import { splice } from '../net/splice.ts';
import type { Connected, Connector } from './connector.ts';
import type { LiveStreams } from './live-streams.ts';
import type { OperatorLogin } from './operator-login.ts';

/** An operator's SSH connection to the router, as the SSH server hands it over. */
export type JumpSession = {
  readonly operator: string;
  readonly fingerprint: string;
  readonly source: { readonly address: string; readonly port: number };
  end(message: string): void;
};

/** A `direct-tcpip` request (RFC 4254 7.2): `ssh -J` puts the name the person typed into it, unresolved. */
export type JumpRequest = { readonly host: string; readonly port: number };
export type JumpAnswer =
  | { readonly ok: true; readonly join: (channel: Duplex) => void }
  /** One line that OpenSSH prints. */
  | { readonly ok: false; readonly message: string };

/** A clients' usual patience is 10 s: the answer, good or bad, comes before (DESIGN 5). */
const answerMilliseconds = 8_000;
const stallMilliseconds = 60_000;

export const createJump = (parts: {
  readonly domain: string;
  readonly connector: Connector;
  readonly login: OperatorLogin;
  readonly live: LiveStreams;
  readonly maxStreamsPerOperator: number;
  readonly hub: EventHub;
}) => {
  const { hub, live } = parts;

  const refused = (session: JumpSession, request: JumpRequest, code: ErrorCode): void =>
    hub.refused({
      action: 'connect',
      code,
      operator: session.operator,
      way: 'jump',
      source: session.source.address,
      facts: { host: request.host, port: request.port, key: session.fingerprint },
    });

  /** What the connector never hears of is recorded here. */
  const admit = async (session: JumpSession, request: JumpRequest) => {
    try {
      const target = parseHostName(request.host, request.port, parts.domain);
      if (target === undefined)
        throw new SallyportError('not_found', {
          detail: `names end in .${parts.domain} and mean a device, a tunnel or a server`,
        });
      if (live.countOf(session.operator) >= parts.maxStreamsPerOperator) throw new SallyportError('quota_exceeded');
      return { target, operator: await parts.login.operatorOf(session) };
    } catch (error) {
      refused(session, request, error instanceof SallyportError ? error.code : 'unavailable');
      throw error;
    }
  };

  const connect = async (session: JumpSession, request: JumpRequest): Promise<Connected & { operator: Operator }> => {
    const { target, operator } = await admit(session, request);
    const visitor = { operator, way: 'jump', source: session.source } as const;
    return { operator, ...(await parts.connector.connect(visitor, target, () => true)) };
  };

  return {
    async open(session: JumpSession, request: JumpRequest): Promise<JumpAnswer> {
      const connecting = connect(session, request);
      try {
        const late = () => refused(session, request, 'timeout');
        const { stream, tunnel, operator } = await inTime(connecting, answerMilliseconds, late);
        return {
          ok: true,
          join(channel) {
            const { closed, destroy } = splice(channel, stream, { stallMilliseconds });
            live.add({ tunnel: tunnel.id, device: tunnel.device, operator, closed, destroy });
          },
        };
      } catch (error) {
        // Whatever still comes is for nobody.
        connecting.then(({ stream }) => stream.destroy()).catch(() => undefined);
        if (!(error instanceof SallyportError))
          hub.log('error', 'jump.failed', { error: error instanceof Error ? error.message : 'unknown' });
        return { ok: false, message: lineOf(error) };
      }
    },
  };
};
export type Jump = ReturnType<typeof createJump>;

const inTime = async <Value>(work: Promise<Value>, milliseconds: number, onLate: () => void): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      onLate();
      reject(new SallyportError('timeout'));
    }, milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
