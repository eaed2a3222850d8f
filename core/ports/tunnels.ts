import type { CloseReason } from '../model/close-reason.ts';
import type { Take } from '../model/take.ts';
import type { Tunnel } from '../model/tunnel.ts';
import type { CloseFence } from '../model/tunnel-close.ts';
import type { Outcome, Page, PageRequest } from './outcome.ts';

/** The tunnels. Reads by id are consistent; lists may be a moment late. Every write is one conditional write of one row. */
export type Tunnels = {
  /** Puts a new row; lost when the id exists. */
  create(tunnel: Tunnel): Promise<Outcome<Tunnel>>;
  get(id: string): Promise<Tunnel | undefined>;
  /** `mayTake` then `taken`, atomically. */
  take(take: Take, now: number): Promise<Outcome<Tunnel>>;
  /** requested -> opening, when the device has acknowledged the command; lost when it went on already. */
  acknowledge(id: string): Promise<Outcome<Tunnel>>;
  /** `mayInterrupt` then `interrupted`, at that epoch only. */
  interrupt(id: string, epoch: number, now: number): Promise<Outcome<Tunnel>>;
  /** `mayConfirm`, then confirmed = server id. */
  confirm(id: string, device: string, serverId: string, now: number): Promise<Outcome<Tunnel>>;
  /** `mayClose`: any state but closed -> closed. Claims are the business of `endTunnel`. */
  close(
    id: string,
    reason: CloseReason,
    options: CloseFence & { readonly now: number; readonly detail?: string },
  ): Promise<Outcome<Tunnel>>;
  /** `mayChange`: allow list and end, while it is alive. A new end goes through `changeTunnel`, for the claim must follow. */
  change(
    id: string,
    changes: { readonly allow?: readonly string[]; readonly endsAt?: number },
    now: number,
    atEpoch?: number,
  ): Promise<Outcome<Tunnel>>;
  /** Newest first. */
  listByDevice(device: string, page: PageRequest): Promise<Page<Tunnel>>;
  listByOperator(operator: string, page: PageRequest): Promise<Page<Tunnel>>;
  listByHolder(serverId: string, page: PageRequest): Promise<Page<Tunnel>>;
  /** Rows not closed whose `dueAt` has come, oldest first, of one bucket of `bucketCount`. */
  listDue(bucket: number, now: number, page: PageRequest): Promise<Page<Tunnel>>;
};
