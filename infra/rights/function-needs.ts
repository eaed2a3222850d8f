import { indexes } from '../../core/names.ts';
import type { SecretName } from '../foundation.ts';
import type { FunctionName } from '../functions.ts';
import { index, keyed, notKeyed, rows, type TableRight, updateOpenRelay } from './table-right.ts';

/** Groups of settings that a function may ask for. */
export type Setting = 'domain' | 'https' | 'relay' | 'delivery' | 'adminGroup' | 'signIn' | 'tokens';

/** All that a function may touch, and all that it is told. What is not named here it cannot do. */
export type FunctionNeeds = {
  readonly tables: readonly TableRight[];
  readonly settings: readonly Setting[];
  readonly reads?: readonly SecretName[];
  readonly writes?: readonly SecretName[];
  /**
   * Commands to devices, events to operators, presence of clients, the end of their connections; what the registry of
   * things knows of a thing's certificates, of a certificate's things, and their deactivation; the change stream of Tunnels.
   */
  readonly speaks?: readonly (
    | 'certificates'
    | 'attachments'
    | 'retirement'
    | 'disconnection'
    | 'commands'
    | 'operatorEvents'
    | 'presence'
    | 'tunnelStream'
  )[];
};

/** Writers of audit records may put them, and nothing else. */
const audit = rows('audit', 'PutItem');
/** Tells relays and routers what is no longer allowed. */
const change = rows('changes', 'PutItem');
const grants = rows('grants', 'Query');
/** A sign-in's row is keyed by the operator id, a key's by `SHA256:...`: whoever notes sign-ins cannot plant keys. */
const operatorRows = 'o*';
/** Rows `<device>#<attribute>` by which devices are found: what a device says must not touch them. */
const attributeRows = '*#*';
/** To change a device that has its row: whoever has only this can make none. */
const knownDevice = notKeyed(attributeRows, rows('devices', 'GetItem', 'UpdateItem'));
/** Answers that are kept for an `Idempotency-Key`. */
const once = rows('once', 'PutItem', 'DeleteItem');

/** Those that are made and rotated by us. */
const keySecrets = ['hostKeys', 'pins', 'routerHostKeys', 'linkKey', 'anchorKey'] as const;

/** To open a tunnel, whichever way the request came. */
const open: FunctionNeeds = {
  tables: [
    grants,
    rows('devices', 'GetItem'),
    rows('tunnels', 'PutItem', 'UpdateItem'),
    index('tunnels', indexes.tunnelsByOperator),
    index('tunnels', indexes.tunnelsByDevice),
    audit,
  ],
  settings: ['domain', 'relay', 'delivery'],
  reads: ['pins'],
  speaks: ['commands'],
};

export const functionNeeds: Readonly<Record<FunctionName, FunctionNeeds>> = {
  'tunnel-request': {
    ...open,
    tables: [...open.tables, once, keyed(operatorRows, rows('operatorKeys', 'PutItem'))],
    settings: [...open.settings, 'adminGroup'],
  },
  'tunnel-request-mqtt': {
    ...open,
    tables: [...open.tables, once, keyed(operatorRows, rows('operatorKeys', 'GetItem'))],
    settings: [...open.settings, 'signIn'],
    speaks: ['commands', 'operatorEvents'],
  },
  'open-for-jump': {
    ...open,
    tables: [
      ...open.tables,
      rows('tunnels', 'GetItem'),
      index('devices', indexes.devicesByLabel),
      rows('once', 'GetItem', 'PutItem'),
      keyed(operatorRows, rows('operatorKeys', 'GetItem')),
    ],
    settings: [...open.settings, 'signIn'],
  },
  'tunnel-get': {
    tables: [rows('tunnels', 'GetItem'), rows('once', 'PutItem', 'DeleteItem')],
    settings: ['domain', 'adminGroup'],
  },
  'tunnel-list': {
    tables: [index('tunnels', indexes.tunnelsByOperator), index('tunnels', indexes.tunnelsByDevice)],
    settings: ['domain', 'adminGroup'],
  },
  'tunnel-change': {
    tables: [
      rows('tunnels', 'GetItem', 'UpdateItem'),
      rows('portClaims', 'UpdateItem'),
      grants,
      rows('devices', 'GetItem'),
      change,
      audit,
    ],
    settings: ['domain', 'adminGroup'],
  },
  'tunnel-close': {
    tables: [
      rows('tunnels', 'GetItem', 'UpdateItem'),
      rows('portClaims', 'UpdateItem'),
      rows('devices', 'GetItem'),
      change,
      audit,
    ],
    settings: ['domain', 'delivery', 'adminGroup'],
    speaks: ['commands'],
  },
  'tunnel-link': {
    tables: [rows('tunnels', 'GetItem'), audit, keyed(operatorRows, rows('operatorKeys', 'PutItem'))],
    settings: ['domain', 'https'],
    reads: ['linkKey'],
  },
  'device-list': {
    tables: [
      rows('devices', 'BatchGetItem'),
      index('devices', indexes.devicesByBucket),
      index('devices', indexes.devicesByAttribute),
      grants,
    ],
    settings: ['adminGroup'],
  },
  'device-get': { tables: [rows('devices', 'GetItem'), grants], settings: ['adminGroup'], speaks: ['presence'] },
  'device-change': {
    tables: [rows('devices', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'), change, audit],
    settings: ['adminGroup'],
  },
  'device-revoke': {
    // One that is revoked before it said a word gets its row, frozen.
    tables: [notKeyed(attributeRows, rows('devices', 'GetItem', 'PutItem', 'UpdateItem')), change, audit],
    settings: ['adminGroup'],
    speaks: ['certificates', 'retirement', 'disconnection'],
  },
  'device-revoked': {
    tables: [knownDevice, change, audit],
    settings: [],
    speaks: ['certificates', 'attachments', 'disconnection'],
  },
  'provisioning-hook': {
    tables: [knownDevice, audit],
    settings: [],
    speaks: ['certificates', 'retirement'],
  },
  'device-event': {
    tables: [
      notKeyed(attributeRows, rows('devices', 'GetItem', 'PutItem', 'UpdateItem')),
      rows('tunnels', 'GetItem', 'UpdateItem'),
      rows('portClaims', 'UpdateItem'),
      change,
      audit,
    ],
    settings: ['relay', 'delivery'],
    reads: ['pins'],
    speaks: ['commands'],
  },
  'relay-list': { tables: [index('relays', indexes.relaysByRegistry)], settings: [] },
  me: {
    tables: [
      rows('operatorKeys', 'PutItem', 'DeleteItem'),
      index('operatorKeys', indexes.keysByOperator),
      rows('once', 'PutItem', 'DeleteItem'),
      change,
      audit,
    ],
    settings: ['adminGroup'],
  },
  grants: {
    tables: [rows('grants', 'GetItem', 'PutItem', 'DeleteItem', 'Query'), change, audit],
    settings: ['adminGroup'],
  },
  'audit-list': {
    tables: [index('audit', indexes.auditByDevice), index('audit', indexes.auditByOperator)],
    settings: ['adminGroup'],
  },
  watch: { tables: [change, audit], settings: ['adminGroup'] },
  health: {
    tables: [
      index('relays', indexes.relaysByRegistry),
      index('tunnels', indexes.tunnelsByDue),
      rows('tunnels', 'BatchGetItem'),
    ],
    settings: [],
  },
  notify: { tables: [], settings: ['domain'], speaks: ['operatorEvents', 'tunnelStream'] },
  sweep: {
    tables: [
      rows('tunnels', 'GetItem', 'BatchGetItem', 'UpdateItem'),
      index('tunnels', indexes.tunnelsByDue),
      index('tunnels', indexes.tunnelsByHolder),
      rows('portClaims', 'UpdateItem'),
      updateOpenRelay,
      index('relays', indexes.relaysByRegistry),
      change,
      audit,
    ],
    settings: [],
  },
  'mqtt-authorizer': { tables: [audit], settings: ['tokens'] },
  'host-keys': { tables: [], settings: [], writes: keySecrets },
  'rotate-host-keys': { tables: [audit], settings: [], writes: keySecrets },
};
