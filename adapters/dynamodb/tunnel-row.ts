import { bucketOf } from '../../core/model/ids.ts';
import { dueAt, keepMilliseconds, type Tunnel } from '../../core/model/tunnel.ts';
import { bucketCount } from '../../core/names.ts';
import { purgeAtOf } from './purge-at.ts';

/** A tunnel as the table holds it: with the keys of its indexes, which a closed one leaves, and its TTL. */
export type TunnelRow = Tunnel & {
  readonly holderServer?: string;
  readonly dueAt?: number;
  readonly dueBucket?: number;
  readonly purgeAt: number;
};

export const dueBucketOf = (id: string): number => bucketOf(id, bucketCount);
export const tunnelPurgeAt = (endsAt: number): number => purgeAtOf(endsAt + keepMilliseconds);

export const rowOfTunnel = (tunnel: Tunnel): TunnelRow => ({
  ...tunnel,
  ...(tunnel.holder === undefined ? {} : { holderServer: tunnel.holder.serverId }),
  ...(tunnel.state === 'closed' ? {} : { dueAt: dueAt(tunnel), dueBucket: dueBucketOf(tunnel.id) }),
  purgeAt: tunnelPurgeAt(tunnel.endsAt),
});

export const tunnelOfRow = (row: TunnelRow): Tunnel => {
  const { holderServer: _holderServer, dueAt: _dueAt, dueBucket: _dueBucket, purgeAt: _purgeAt, ...tunnel } = row;
  return tunnel;
};
