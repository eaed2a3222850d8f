import * as z from 'zod';
import { maxGroups } from '../model/operator.ts';
import { serviceNamePattern } from '../model/service.ts';

/**
 * Router to `open-for-jump`, as the payload of an invocation. What it says of the operator is checked again: the groups
 * are those of the operator's own sign-in.
 */
export const jumpRequestSchema = z.strictObject({
  v: z.literal(1).default(1),
  /** A name for the router's process, for limits and logs. */
  router: z.string().regex(/^[a-zA-Z0-9._:-]{1,64}$/),
  operator: z.string().max(128),
  groups: z.array(z.string().max(256)).max(maxGroups).default([]),
  /** Its id or its label. */
  device: z.string().min(1).max(128),
  service: z.union([z.string().regex(serviceNamePattern, 'not a service name'), z.int().min(1).max(65_535)]),
  source: z.string().max(64),
});
export type JumpRequest = z.output<typeof jumpRequestSchema>;

/** The answer: the tunnel is open, or the code says why not. */
export type JumpAnswer =
  | { readonly ok: true; readonly tunnel: string }
  | { readonly ok: false; readonly code: string; readonly detail?: string | undefined };
