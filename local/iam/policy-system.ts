import { Authorizer } from './authorizer.ts';
import type { Denial } from './denial.ts';
import { iotAuthorizer } from './iot-authorizer.ts';
import { PolicyStore } from './policy-store.ts';
import { Principals } from './principals.ts';
import { UsageLedger } from './usage.ts';

export interface PolicySystemOptions {
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly onDenied?: (denial: Denial) => void;
}

/** The policies of one system, and all that decides by them, around one ledger. */
export function policySystem({ region, now, onDenied }: PolicySystemOptions) {
  const store = new PolicyStore();
  const ledger = new UsageLedger();
  const principals = new Principals(store);
  const told = onDenied ? { onDenied } : {};
  const authorizer = new Authorizer({ store, principals, ledger, region, ...(now ? { now } : {}), ...told });
  return { store, ledger, principals, authorizer, authorizeIot: iotAuthorizer({ store, ledger, ...told }) };
}

export type PolicySystem = ReturnType<typeof policySystem>;
