import { AwsError, ConnectionCut } from './aws-error.ts';
import type { AwsReply } from './service.ts';

/** What shall go wrong, for tests. Permissions are asked for before: a fault never hides a missing one. */
export type Fault = {
  /** Default: every operation. */
  readonly operations?: readonly string[];
} & (
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message?: string }
  /** No answer until the fault is lifted; then the connection is cut. */
  | { readonly kind: 'hang' }
  /** The connection is cut, nothing is done. */
  | { readonly kind: 'disconnect' }
  /** It is done, but the connection is cut before the answer: the caller cannot know. */
  | { readonly kind: 'lost-answer' }
  /** It is done after so many milliseconds. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
);

/** A whole service by its signing name, or one DynamoDB table by its name. */
export type FaultTarget = { readonly service: string } | { readonly table: string };

interface ActiveFault {
  readonly fault: Fault;
  readonly lifted: Promise<void>;
  readonly lift: () => void;
}

/** The faults in force. */
export class Faults {
  private readonly active = new Map<string, ActiveFault>();

  /** Puts a fault in force, or lifts it. */
  set(target: FaultTarget, fault: Fault | undefined): void {
    const key = 'service' in target ? target.service : `table/${target.table}`;
    this.active.get(key)?.lift();
    this.active.delete(key);
    if (fault) this.active.set(key, activate(fault));
  }

  /** Lifts all, so that nothing hangs any more. */
  clear(): void {
    for (const { lift } of this.active.values()) lift();
    this.active.clear();
  }

  /** Does the work as the faults let it. */
  async around(
    service: string,
    operation: string,
    work: () => AwsReply | Promise<AwsReply>,
    tables: readonly string[] = [],
  ): Promise<AwsReply> {
    const found = [service, ...tables.map((table) => `table/${table}`)]
      .flatMap((key) => this.active.get(key) ?? [])
      .find(({ fault }) => fault.operations?.includes(operation) ?? true);
    if (!found) return work();
    const { fault, lifted } = found;
    switch (fault.kind) {
      case 'error':
        throw new AwsError(fault.code, fault.message ?? 'a fault that a test asked for', fault.status);
      case 'hang':
        await lifted;
        throw new ConnectionCut();
      case 'disconnect':
        throw new ConnectionCut();
      case 'lost-answer':
        await work();
        throw new ConnectionCut();
      case 'delay':
        await Promise.race([lifted, waited(fault.milliseconds)]);
        return work();
    }
  }
}

function activate(fault: Fault): ActiveFault {
  let lift = () => {};
  const lifted = new Promise<void>((resolve) => {
    lift = resolve;
  });
  return { fault, lifted, lift };
}

function waited(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
