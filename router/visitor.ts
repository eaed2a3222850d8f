import type { Operator } from '../core/model/operator.ts';
import type { Pass } from '../core/wire/door.ts';

/** Somebody at our front door, known by a key or a token. */
export type Visitor = {
  readonly operator: Operator;
  readonly way: Pass['way'];
  readonly source: { readonly address: string; readonly port: number };
};
