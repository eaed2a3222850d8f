import type { FunctionName } from './functions.ts';

/** The device stands in the path, so that an IAM policy can scope who may ask for which. */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly function: FunctionName;
};

/** Both APIs serve exactly these. */
export const routes: readonly Route[] = [
  { method: 'POST', path: '/v1/devices/{device}/tunnels', function: 'tunnel-request' },
  { method: 'GET', path: '/v1/tunnels', function: 'tunnel-list' },
  { method: 'GET', path: '/v1/tunnels/{tunnel}', function: 'tunnel-get' },
  { method: 'PATCH', path: '/v1/tunnels/{tunnel}', function: 'tunnel-change' },
  { method: 'DELETE', path: '/v1/tunnels/{tunnel}', function: 'tunnel-close' },
  { method: 'POST', path: '/v1/tunnels/{tunnel}/links', function: 'tunnel-link' },
  { method: 'GET', path: '/v1/devices', function: 'device-list' },
  { method: 'GET', path: '/v1/devices/{device}', function: 'device-get' },
  { method: 'PATCH', path: '/v1/devices/{device}', function: 'device-change' },
  { method: 'POST', path: '/v1/devices/{device}/revocation', function: 'device-revoke' },
  { method: 'GET', path: '/v1/relays', function: 'relay-list' },
  { method: 'GET', path: '/v1/me', function: 'me' },
  { method: 'GET', path: '/v1/me/keys', function: 'me' },
  { method: 'POST', path: '/v1/me/keys', function: 'me' },
  { method: 'POST', path: '/v1/me/keys/challenges', function: 'me' },
  { method: 'DELETE', path: '/v1/me/keys/{fingerprint}', function: 'me' },
  { method: 'GET', path: '/v1/grants', function: 'grants' },
  { method: 'POST', path: '/v1/grants', function: 'grants' },
  { method: 'DELETE', path: '/v1/grants/{principal}/{id}', function: 'grants' },
  { method: 'GET', path: '/v1/audit', function: 'audit-list' },
  { method: 'POST', path: '/v1/watches', function: 'watch' },
  { method: 'GET', path: '/v1/health', function: 'health' },
];
