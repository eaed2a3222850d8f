import { randomBytes } from 'node:crypto';
import { toBase32 } from '../../core/model/base32.ts';
import type { Grant } from '../../core/model/grant.ts';
import type { RelayDoor } from '../../core/model/relay.ts';
import type { Take } from '../../core/model/take.ts';
import type { Tunnel } from '../../core/model/tunnel.ts';

/** A round moment: 2026-11-21T12:00:00Z. */
export const noon = Date.UTC(2026, 10, 21, 12);
export const seconds = (count: number): number => count * 1_000;
export const minutes = (count: number): number => count * 60_000;
export const hours = (count: number): number => count * 3_600_000;

export const anyId = (): string => toBase32(randomBytes(10));
export const anyServerId = (): string => `r${toBase32(randomBytes(6)).slice(0, 9)}`;
export const anyOperator = (): string => `o${toBase32(randomBytes(16)).slice(0, 25)}`;

/** A tunnel requested at noon for an hour. */
export const aTunnel = (parts: Partial<Tunnel> = {}): Tunnel => ({
  id: anyId(),
  device: `pump-${anyId()}`,
  service: 'ssh',
  scheme: 'ssh',
  operator: anyOperator(),
  origin: 'api',
  state: 'requested',
  createdAt: noon,
  endsAt: noon + hours(1),
  idleSeconds: 900,
  allow: ['192.0.2.7/32'],
  plainTcp: false,
  epoch: 0,
  ...parts,
});

export const aTake = (tunnel: Tunnel, parts: Partial<Take> = {}): Take => {
  const serverId = parts.holder?.serverId ?? anyServerId();
  return {
    tunnel: tunnel.id,
    epoch: tunnel.epoch,
    holder: { serverId, worker: 0 },
    port: tunnel.port ?? 5_000 + Math.floor(Math.random() * 60_000),
    space: tunnel.space ?? serverId,
    endsAt: tunnel.endsAt,
    takeId: anyId(),
    ...parts,
  };
};

export const aRelay = (parts: Partial<RelayDoor> = {}): RelayDoor => ({
  serverId: anyServerId(),
  address: '10.0.0.7',
  doors: [7_000, 7_001],
  lease: 1,
  load: { sessions: 0, tunnels: 0, channels: 0 },
  version: '0.1.0',
  startedAt: noon,
  draining: false,
  doorKey: randomBytes(32).toString('base64'),
  ...parts,
});

export const aGrant = (parts: Partial<Grant> = {}): Grant => ({
  id: anyId(),
  principal: `operator:${anyOperator()}`,
  devices: 'pump-*',
  attributes: {},
  services: ['ssh'],
  logins: [],
  maxSeconds: 3_600,
  plainTcp: false,
  everyone: false,
  createdAt: noon,
  createdBy: anyOperator(),
  ...parts,
});
