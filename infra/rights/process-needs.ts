import { indexes } from '../../core/names.ts';
import { index, keyed, rows, type TableRight, updateOpenRelay } from './table-right.ts';

/** A relay keeps its own registry row and takes tunnels; it reads no grant and no operator's key. */
export const relayRights: readonly TableRight[] = [
  rows('devices', 'GetItem'),
  rows('tunnels', 'GetItem', 'UpdateItem'),
  rows('portClaims', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'),
  rows('relays', 'PutItem', 'DeleteItem'),
  updateOpenRelay,
  // How much the others carry.
  index('relays', indexes.relaysByRegistry),
  rows('changes', 'Query'),
  rows('audit', 'PutItem'),
];

/** A router faces the internet: it reads, appends audit records, notes which links were used, and writes nothing else. */
export const routerRights: readonly TableRight[] = [
  rows('devices', 'GetItem'),
  rows('tunnels', 'GetItem'),
  rows('portClaims', 'GetItem'),
  // With the door key, which nobody else may read.
  rows('relays', 'GetItem'),
  rows('grants', 'Query'),
  rows('operatorKeys', 'GetItem'),
  keyed('link:*', rows('once', 'PutItem')),
  rows('changes', 'Query'),
  rows('audit', 'PutItem'),
];
