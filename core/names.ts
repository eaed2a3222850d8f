/** Names that the code and the cloud's templates must agree on. Changing one is a change of a promise. */

export const topics = {
  commands: (device: string) => `sallyport/v1/devices/${device}/commands`,
  events: (device: string) => `sallyport/v1/devices/${device}/events`,
  operatorRequests: (operator: string) => `sallyport/v1/operators/${operator}/requests`,
  operatorEvents: (operator: string) => `sallyport/v1/operators/${operator}/events`,
} as const;

/** The topic level that carries the identity, counted from 1 as AWS IoT's `topic(n)` does. */
export const identityLevel = 4;

/** AWS IoT rule names: letters, digits and `_` only. */
export const rules = {
  deviceEvents: 'sallyport_device_events',
  operatorRequests: 'sallyport_operator_requests',
} as const;

/** What the rules listen to. `encode(*, 'base64')` keeps the payload apart from what the broker vouches for, so it can forge nothing. */
export const ingestSql = (noun: 'device' | 'operator', filter: string) =>
  `SELECT encode(*, 'base64') AS payload, topic(${identityLevel}) AS ${noun}, clientid() AS clientId, timestamp() AS at FROM '${filter}'`;

/** Basic ingest: reaches the rule without the cost of messaging; nobody can subscribe to it. */
export const basicIngest = (rule: string, topic: string) => `$aws/rules/${rule}/${topic}`;

/** The IoT policy that every device's certificate carries, and the type of every device's thing. */
export const devicePolicy = 'sallyport-device';
export const deviceThingType = 'sallyport-device';

/**
 * The client id of an agent beside an application that holds the thing-name connection. `.` cannot stand in a thing
 * name, so it is no other device's id; 10 bytes of the 128 that a client id may have.
 */
export const agentClientId = (device: string) => `${device}.sallyport`;

/** The fleet provisioning template and the IoT policy of claim certificates. */
export const provisioningTemplate = 'sallyport-devices';
export const claimPolicy = 'sallyport-claim';
/** The template's one parameter: the serial number is the device's id. */
export const serialParameter = 'SerialNumber';

/** AWS IoT's own topics for it, as JSON. Its answers come at `.../accepted` and `.../rejected`. */
export const provisioningTopics = {
  createFromCsr: '$aws/certificates/create-from-csr/json',
  provision: (template: string) => `$aws/provisioning-templates/${template}/provision/json`,
} as const;

/**
 * The client id by which a device connects with a claim certificate. A thing's name cannot begin with `.`, so it is no
 * device's id and throws nobody off.
 */
export const claimClientId = (serial: string) => `.claim.${serial}`;

/** The IoT custom authorizer by which operators connect with their API token. */
export const operatorAuthorizer = 'sallyport-operators';

/** An operator may hold so many MQTT connections at once: client ids `<operator>-0` to `<operator>-3`. */
export const operatorConnections = 4;

export const tables = {
  devices: 'Devices',
  tunnels: 'Tunnels',
  portClaims: 'PortClaims',
  relays: 'Relays',
  grants: 'Grants',
  operatorKeys: 'OperatorKeys',
  audit: 'Audit',
  changes: 'Changes',
  once: 'Once',
} as const;
export type TableNoun = keyof typeof tables;

/** The environment variable that carries a table's name to a process, e.g. `SALLYPORT_TABLE_PORT_CLAIMS`. */
export const tableVariable = (noun: TableNoun) =>
  `SALLYPORT_TABLE_${noun.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`;

export const indexes = {
  tunnelsByDevice: 'byDevice',
  tunnelsByOperator: 'byOperator',
  tunnelsByHolder: 'byHolder',
  tunnelsByDue: 'byDue',
  devicesByLabel: 'byLabel',
  devicesByBucket: 'byBucket',
  devicesByAttribute: 'byAttribute',
  keysByOperator: 'byOperator',
  auditByDevice: 'byDevice',
  auditByOperator: 'byOperator',
  auditByDay: 'byDay',
  relaysByRegistry: 'byRegistry',
} as const;

/**
 * All attributes of a relay's row but its door key. Only routers may read that, so everybody else's role allows these
 * names alone: a read must project them (`Select` = SPECIFIC_ATTRIBUTES), or it is denied.
 */
export const openRelayAttributes = [
  'id',
  'registry',
  'address',
  'doors',
  'lease',
  'load',
  'version',
  'startedAt',
  'draining',
  'watchedLease',
  'watchedAt',
  'purgeAt',
] as const;

/** Rows that must be found by time or in order without one hot partition are spread over so many buckets. */
export const bucketCount = 16;
export const changeShards = 4;

/** Logical ports: 60,000 a space (the white paper's P). */
export const firstPort = 5000;
export const lastPort = 64_999;
/** The space of ports that are unique in the whole fleet, for plain TCP. */
export const sharedSpace = '*';
