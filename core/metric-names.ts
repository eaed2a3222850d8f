/** Which process says it: the functions have no port for Prometheus, so theirs reach CloudWatch and the logs only. */
export type MetricSource = 'relay' | 'router' | 'function';

type MetricSpec = {
  readonly kind: 'count' | 'gauge' | 'observe';
  readonly unit: 'Count' | 'Milliseconds' | 'Seconds' | 'Bytes' | 'Days';
  readonly from: readonly MetricSource[];
  /** Few, and of few values: never an id, for 50,000 devices would be 50,000 series. */
  readonly labels?: readonly string[];
  /**
   * CloudWatch bills each combination of dimensions as a metric: these labels (and `process`) become dimensions, the others
   * stay in the log line. Without it the metric is in the log and in Prometheus' text only.
   */
  readonly cloud?: readonly string[];
  readonly help: string;
};

export const metricNamespace = 'Sallyport';

const data = ['relay', 'router'] as const;
const all = ['relay', 'router', 'function'] as const;
const functions = ['function'] as const;
const relay = ['relay'] as const;
const router = ['router'] as const;

/** Every metric that any process may write; the templates' alarms, the dashboards and the pages know no others. */
export const metrics = {
  // Promises (DESIGN 8)
  open_milliseconds: {
    ...{ kind: 'observe', unit: 'Milliseconds', from: relay, cloud: [] },
    help: "From the request to the device's forward, for tunnels that opened",
  },
  connect_milliseconds: {
    ...{ kind: 'observe', unit: 'Milliseconds', from: router, labels: ['way'], cloud: [] },
    help: "From an operator's name to the joined stream, opening on demand included",
  },
  return_milliseconds: {
    ...{ kind: 'observe', unit: 'Milliseconds', from: router, cloud: [] },
    help: 'How long a connection waited for a tunnel whose relay had gone, until the same address answered again',
  },
  streams_cut: {
    ...{ kind: 'count', unit: 'Count', from: data, cloud: [] },
    help: 'Streams that were still open when the drain was over',
  },
  memory_bytes: {
    ...{ kind: 'gauge', unit: 'Bytes', from: data, cloud: ['process'] },
    help: 'Resident memory of the process',
  },
  loop_delay_milliseconds: {
    ...{ kind: 'gauge', unit: 'Milliseconds', from: data, cloud: ['process'] },
    help: 'How late the event loop was in the last minute, 99th percentile',
  },

  // Access and audit
  access: {
    ...{ kind: 'count', unit: 'Count', from: all, labels: ['action', 'decision', 'code'], cloud: ['decision'] },
    help: 'Access decisions',
  },
  operator_refusals: {
    ...{ kind: 'observe', unit: 'Count', from: all, cloud: [] },
    help: 'Refusals of one operator in the last ten minutes, told at each; look at the maximum',
  },
  operator_devices: {
    ...{ kind: 'observe', unit: 'Count', from: all, cloud: [] },
    help: 'Devices that one operator reached in the last hour, told at each; look at the maximum',
  },
  key_devices: {
    ...{ kind: 'observe', unit: 'Count', from: relay, cloud: [] },
    help: 'Devices that one session key dialled for in the last hour, told at each; more than one is a copied key',
  },
  audit_records: {
    ...{ kind: 'count', unit: 'Count', from: all, labels: ['kind'] },
    help: 'Audit records written',
  },
  audit_failures: {
    ...{ kind: 'count', unit: 'Count', from: all, cloud: [] },
    help: 'Audit records that could not be written; the access was refused',
  },
  audit_exported: {
    ...{ kind: 'count', unit: 'Count', from: functions, cloud: [] },
    help: 'Audit records copied to the locked bucket',
  },
  audit_export_rejected: {
    ...{ kind: 'count', unit: 'Count', from: functions, labels: ['why'], cloud: [] },
    help: 'Rows of the audit table that do not hash to what they say, or that changed after they were written',
  },

  // Relays
  tunnels: {
    ...{ kind: 'gauge', unit: 'Count', from: relay, cloud: ['process'] },
    help: 'Tunnels that the relay holds',
  },
  sessions: { ...{ kind: 'gauge', unit: 'Count', from: relay }, help: 'Devices connected to the relay' },
  crowded: {
    ...{ kind: 'gauge', unit: 'Count', from: relay, cloud: [] },
    help: '1 while the relay has over a quarter more sessions than its share and sends agents on',
  },
  sessions_moved: {
    ...{ kind: 'count', unit: 'Count', from: relay, cloud: [] },
    help: 'Idle sessions that the relay let go of, to spread devices evenly',
  },
  channels: { ...{ kind: 'gauge', unit: 'Count', from: relay }, help: 'User connections that the relay carries' },
  tunnels_taken: { ...{ kind: 'count', unit: 'Count', from: relay }, help: 'Tunnels that the relay took' },
  lease_failed: {
    ...{ kind: 'count', unit: 'Count', from: relay, cloud: [] },
    help: 'Lease renewals that failed; the next comes within a second',
  },
  lease_lost: {
    ...{ kind: 'count', unit: 'Count', from: relay, cloud: [] },
    help: 'Relays that fenced themselves: no renewal for 12 s, every session ended',
  },
  port_claim_tries: {
    ...{ kind: 'count', unit: 'Count', from: relay, labels: ['space'], cloud: ['space'] },
    help: 'Ports that were tried for a claim, in the own or the shared space',
  },
  port_claim_collisions: {
    ...{ kind: 'count', unit: 'Count', from: relay, labels: ['space'], cloud: ['space'] },
    help: 'Tried ports that were taken: their share is how full the space is',
  },
  stream_bytes: {
    ...{ kind: 'count', unit: 'Bytes', from: relay, labels: ['direction'], cloud: ['direction'] },
    help: 'Bytes carried between operators and devices',
  },
  requests_refused: {
    ...{ kind: 'count', unit: 'Count', from: relay },
    help: 'SSH requests of devices that a relay never grants',
  },
  native_crypto: {
    ...{ kind: 'gauge', unit: 'Count', from: relay },
    help: '1 where the native ciphers are loaded, 0 where the slow ones are',
  },

  // Both
  auth_attempts: {
    ...{ kind: 'count', unit: 'Count', from: data, labels: ['outcome'] },
    help: 'SSH keys offered or used',
  },
  connections_refused: {
    ...{ kind: 'count', unit: 'Count', from: data, labels: ['why'], cloud: ['process'] },
    help: 'Connections refused before they said who they are',
  },
  connections_closed: {
    ...{ kind: 'count', unit: 'Count', from: data, labels: ['reason'] },
    help: 'SSH connections that ended',
  },
  secret_reloads: {
    ...{ kind: 'count', unit: 'Count', from: data, labels: ['secret', 'outcome'] },
    help: 'New versions of secrets that were read',
  },
  secret_stale: {
    ...{ kind: 'gauge', unit: 'Count', from: data, labels: ['secret'], cloud: [] },
    help: '1 while a secret cannot be read or used, and the version before it is served',
  },

  // Routers
  streams: { ...{ kind: 'gauge', unit: 'Count', from: router, cloud: [] }, help: 'Streams that the router carries' },
  door_knocks: { ...{ kind: 'count', unit: 'Count', from: router, cloud: [] }, help: 'Connections to doors of relays' },
  door_failures: {
    ...{ kind: 'count', unit: 'Count', from: router, labels: ['answer'], cloud: [] },
    help: 'Knocks that no stream followed: no answer, or a code',
  },
  certificate_days_left: {
    ...{ kind: 'gauge', unit: 'Days', from: router, cloud: [] },
    help: 'Days until the wildcard certificate ends',
  },

  // Functions
  tunnels_requested: {
    ...{ kind: 'count', unit: 'Count', from: functions, labels: ['origin'], cloud: [] },
    help: 'Tunnels that operators asked for and may have',
  },
  tunnels_closed: {
    ...{ kind: 'count', unit: 'Count', from: functions, labels: ['reason'] },
    help: 'Tunnels that ended',
  },
  commands: {
    ...{ kind: 'count', unit: 'Count', from: functions, labels: ['type', 'delivery'], cloud: ['delivery'] },
    help: 'Commands to devices, by what became of them',
  },
  confirmations: {
    ...{ kind: 'count', unit: 'Count', from: functions, labels: ['outcome'] },
    help: "Devices' words on which relay they dialled",
  },
  hellos: { ...{ kind: 'count', unit: 'Count', from: functions, labels: ['outcome'], cloud: [] }, help: 'Hellos' },
  device_events_refused: {
    ...{ kind: 'count', unit: 'Count', from: functions, labels: ['code'] },
    help: 'Events of devices that could not be used',
  },
  mqtt_requests: {
    ...{ kind: 'count', unit: 'Count', from: functions, labels: ['outcome'] },
    help: 'Requests of operators by MQTT',
  },
  mqtt_connects: {
    ...{ kind: 'count', unit: 'Count', from: functions, labels: ['decision', 'code'] },
    help: 'MQTT connections of operators',
  },
  operator_events: {
    ...{ kind: 'count', unit: 'Count', from: functions, labels: ['state'] },
    help: 'Events sent to operators',
  },
  jump_milliseconds: {
    ...{ kind: 'observe', unit: 'Milliseconds', from: functions },
    help: 'How long opening on demand took the function',
  },
  jump_refusals: {
    ...{ kind: 'count', unit: 'Count', from: functions, labels: ['code'] },
    help: 'Openings on demand that were refused',
  },
  api_requests: { ...{ kind: 'count', unit: 'Count', from: functions, labels: ['status'] }, help: 'Requests' },
  api_milliseconds: {
    ...{ kind: 'observe', unit: 'Milliseconds', from: functions },
    help: "How long a request took the function; the gateway's own metric has the rest",
  },
  failures: {
    ...{ kind: 'count', unit: 'Count', from: functions, cloud: [] },
    help: 'Requests and events that failed through no fault of who asked',
  },
  health: { ...{ kind: 'gauge', unit: 'Count', from: functions }, help: '2 well, 1 wants a look, 0 outage' },
  sweep_ended: { ...{ kind: 'gauge', unit: 'Count', from: functions }, help: 'Tunnels that the last sweep ended' },
  sweep_lag_seconds: {
    ...{ kind: 'gauge', unit: 'Seconds', from: functions, cloud: [] },
    help: 'How long the most overdue tunnel had been due when the sweep found it',
  },
  relays_alive: {
    ...{ kind: 'gauge', unit: 'Count', from: functions, cloud: [] },
    help: 'Relays whose lease moves, told each minute by the sweep',
  },
  host_key_steps: {
    ...{ kind: 'count', unit: 'Count', from: functions, labels: ['of', 'step'] },
    help: 'Steps of the rotation of host keys, of the link key and of the anchor key',
  },
  certificates_issued: {
    ...{ kind: 'count', unit: 'Count', from: functions },
    help: 'Certificates that were brought to the routers',
  },
  host_key_age_seconds: {
    ...{ kind: 'gauge', unit: 'Seconds', from: functions, labels: ['of'], cloud: ['of'] },
    help: 'Age of the served host keys, of the link key and of the anchor key',
  },
  canary: {
    ...{ kind: 'gauge', unit: 'Count', from: functions, labels: ['step'], cloud: ['step'] },
    help: '1 where the step of the canary worked, 0 where it did not',
  },
  canary_milliseconds: {
    ...{ kind: 'observe', unit: 'Milliseconds', from: functions, labels: ['step'], cloud: ['step'] },
    help: 'How long the step took',
  },
} as const satisfies Readonly<Record<string, MetricSpec>>;

export type MetricName = keyof typeof metrics;
type Kind = MetricSpec['kind'];
/** The names of one kind of metric. */
export type MetricOf<K extends Kind> = {
  [Name in MetricName]: (typeof metrics)[Name]['kind'] extends K ? Name : never;
}[MetricName];

/** What is known of a metric, with the parts that most leave out. */
export const metricSpec = (name: MetricName): MetricSpec => metrics[name];
export const metricNames = Object.keys(metrics) as readonly MetricName[];
