/** Cloud to operator, on `topics.operatorEvents`. The tunnel is the same view that the API gives. */
import type { problemOf } from '../errors.ts';
import type { TunnelView } from './tunnel-view.ts';

export type OperatorEvent =
  | { readonly v: 1; readonly type: 'tunnel'; readonly at: string; readonly tunnel: TunnelView }
  /** The answer to a request by MQTT. */
  | { readonly v: 1; readonly type: 'accepted'; readonly id: string; readonly tunnel: TunnelView }
  | { readonly v: 1; readonly type: 'refused'; readonly id: string; readonly problem: ReturnType<typeof problemOf> };
