import type { TunnelView } from '../core/wire/tunnel-view.ts';
import { type LocalOperator, mustCall } from '../local/system/local-operator.ts';
import type { LocalSystem } from '../local/system/system.ts';

/** What happens between a request and its answer, in order. */
export const stageNames = [
  'the function has decided',
  'the command is with the device',
  'the request is answered',
  'the relay asks for the tunnel',
  'the relay has taken it',
  'the agent has its forward',
  'the device has said so',
  'the waiting request is answered',
] as const;
export type StageName = (typeof stageNames)[number];

export interface Opening {
  /** Milliseconds from the request to the answer of whoever waits for it. */
  readonly total: number;
  /** Milliseconds from the request to each stage. */
  readonly at: Readonly<Record<StageName, number>>;
  /** Every call of AWS until then, by caller and operation. */
  readonly calls: readonly { readonly name: string; readonly milliseconds: number }[];
}

export type Stages = ReturnType<typeof watchStages>;

/** Hears of each stage from the logs and from the calls that the endpoint serves. */
export function watchStages(system: LocalSystem) {
  let marks = new Map<StageName, number>();
  let calls: { readonly name: string; readonly milliseconds: number }[] = [];
  let told = () => {};
  const mark = (name: StageName, at = performance.now()) => {
    if (!marks.has(name)) marks.set(name, at);
    told();
  };
  const stopLogs = system.logs.follow((log, line) => {
    if (log === 'functions' && line.includes('"event":"request.allowed"')) mark('the function has decided');
    if (log.startsWith('relay') && line.includes('"event":"forward.allowed"')) mark('the relay has taken it');
    if (log.startsWith('agent') && line.includes('"event":"tunnel.opened"')) mark('the agent has its forward');
    if (log === 'functions' && line.includes('"event":"opened"')) mark('the device has said so');
  });
  const stopCalls = system.plane.endpoint.follow(({ service, operation, callerArn, at, milliseconds }) => {
    const name = `${callerOf(callerArn)} ${service}:${operation}`;
    // A relay renews its lease and reads changes whatever else happens.
    if (!name.includes('relay dynamodb:Query')) calls.push({ name, milliseconds });
    // It reads rows of the tunnel before, too, when it hears that it was closed.
    if (name === 'relay dynamodb:GetItem' && marks.has('the function has decided'))
      mark('the relay asks for the tunnel', at);
    if (operation === 'SendDirectMessage') mark('the command is with the device', at + milliseconds);
  });
  return {
    begin: () => {
      marks = new Map();
      calls = [];
    },
    mark,
    calls: () => [...calls],
    /** Resolves when every stage has come. */
    whole: () =>
      new Promise<ReadonlyMap<StageName, number>>((resolve) => {
        told = () => {
          if (marks.size < stageNames.length) return;
          told = () => {};
          resolve(marks);
        };
        told();
      }),
    stop: () => {
      stopLogs();
      stopCalls();
    },
  };
}

/** One tunnel, opened, measured and closed. */
export async function openOnce(operator: LocalOperator, device: string, stages: Stages): Promise<Opening> {
  stages.begin();
  const began = performance.now();
  const { id } = await mustCall<TunnelView>(operator, 'POST', `/v1/devices/${device}/tunnels`, { service: 'ssh' });
  stages.mark('the request is answered');
  const { state } = await mustCall<TunnelView>(operator, 'GET', `/v1/tunnels/${id}?wait=20`);
  const total = performance.now() - began;
  stages.mark('the waiting request is answered');
  const calls = stages.calls();
  if (state !== 'open') throw new Error(`the tunnel is ${state}`);
  const marks = await stages.whole();
  await mustCall(operator, 'DELETE', `/v1/tunnels/${id}`);
  const at = Object.fromEntries([...marks].map(([name, when]) => [name, when - began])) as Opening['at'];
  return { total, at, calls };
}

/** `arn:...:assumed-role/<stack>-Functions<Name>Role...-<hash>/<session>` */
const callerOf = (arn: string): string => {
  const role = /assumed-role\/[^/]*?-(?:Functions)?([A-Za-z]+?)(?:Task)?(?:Role[^/]*)?\//.exec(arn)?.[1] ?? arn;
  return role.toLowerCase();
};
