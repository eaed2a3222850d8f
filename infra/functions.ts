/** What the cloud runs. A function is `lambdas/<name>.ts`, a process `<name>/main.ts`; both are named here by path only. */
type FunctionSize = {
  readonly description: string;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
};

/**
 * Memory buys CPU on Lambda: with 512 MB a cold start stays well under a second. API functions answer before the HTTP
 * API gives up (30 s); those that wait for a device's acknowledgement (4 s) have room for it.
 */
export const functions = {
  'tunnel-request': { description: 'Opens a tunnel to a device, by HTTP', memoryMegabytes: 512, timeoutSeconds: 15 },
  'tunnel-request-mqtt': { description: 'Opens a tunnel, by MQTT', memoryMegabytes: 512, timeoutSeconds: 15 },
  'open-for-jump': { description: 'Opens a tunnel for a router', memoryMegabytes: 512, timeoutSeconds: 15 },
  'tunnel-get': { description: 'Shows a tunnel, or waits for it', memoryMegabytes: 256, timeoutSeconds: 28 },
  'tunnel-list': { description: 'Lists tunnels', memoryMegabytes: 512, timeoutSeconds: 10 },
  'tunnel-change': { description: "Changes a tunnel's allow list or end", memoryMegabytes: 512, timeoutSeconds: 10 },
  'tunnel-link': { description: 'Makes a link for a browser', memoryMegabytes: 512, timeoutSeconds: 10 },
  'tunnel-close': { description: 'Ends a tunnel', memoryMegabytes: 512, timeoutSeconds: 15 },
  'device-list': { description: 'Lists devices', memoryMegabytes: 512, timeoutSeconds: 10 },
  'device-get': {
    description: 'Shows a device, and whether it is connected',
    memoryMegabytes: 512,
    timeoutSeconds: 10,
  },
  'device-change': { description: 'Changes a device', memoryMegabytes: 512, timeoutSeconds: 10 },
  'device-revoke': {
    description: 'Takes a device its identity and ends its sessions',
    memoryMegabytes: 512,
    timeoutSeconds: 20,
  },
  'device-revoked': {
    description: 'Ends what stands on a certificate that was revoked in AWS IoT',
    memoryMegabytes: 512,
    timeoutSeconds: 30,
  },
  // AWS IoT waits 5 s for it.
  'provisioning-hook': {
    description: 'Admits new devices by fleet provisioning',
    memoryMegabytes: 512,
    timeoutSeconds: 5,
  },
  'device-event': { description: 'Takes what devices say of themselves', memoryMegabytes: 512, timeoutSeconds: 15 },
  'relay-list': { description: 'Lists relays', memoryMegabytes: 256, timeoutSeconds: 10 },
  me: { description: "An operator's own sign-in and SSH keys", memoryMegabytes: 512, timeoutSeconds: 10 },
  grants: { description: 'Who may reach what', memoryMegabytes: 512, timeoutSeconds: 10 },
  'audit-list': { description: 'Reads the audit records', memoryMegabytes: 512, timeoutSeconds: 10 },
  watch: { description: 'Has one device or operator told of in detail', memoryMegabytes: 512, timeoutSeconds: 10 },
  health: { description: 'Health as one number with its reasons', memoryMegabytes: 256, timeoutSeconds: 10 },
  notify: { description: "Tells operators of their tunnels' changes", memoryMegabytes: 512, timeoutSeconds: 30 },
  sweep: { description: 'Ends what is overdue, each minute', memoryMegabytes: 512, timeoutSeconds: 55 },
  'mqtt-authorizer': {
    description: 'Admits operators to MQTT by their token',
    memoryMegabytes: 512,
    timeoutSeconds: 5,
  },
  'host-keys': { description: 'Makes SSH host keys, once', memoryMegabytes: 1024, timeoutSeconds: 60 },
  'rotate-host-keys': { description: 'Rotates SSH host keys, each hour', memoryMegabytes: 1024, timeoutSeconds: 60 },
} as const satisfies Record<string, FunctionSize>;

/** Those that only a stage with such a certificate has, in its stack of names. */
export const certificateFunctions = {
  'certificate-export': {
    description: 'Takes the certificate from ACM to the routers',
    memoryMegabytes: 256,
    timeoutSeconds: 30,
  },
  'certificate-renew': {
    description: 'Orders the certificate by ACME',
    memoryMegabytes: 512,
    timeoutSeconds: 600,
  },
} as const satisfies Record<string, FunctionSize>;
/** Those that only a stage has that asks for them, in its stack of operations. */
export const operationsFunctions = {
  'audit-export': {
    description: 'Copies audit records to the locked bucket',
    memoryMegabytes: 256,
    timeoutSeconds: 60,
  },
  canary: { description: 'Opens real tunnels to its own device', memoryMegabytes: 512, timeoutSeconds: 120 },
} as const satisfies Record<string, FunctionSize>;
export type OperationsFunctionName = keyof typeof operationsFunctions;

export type CertificateFunctionName = keyof typeof certificateFunctions;

export type FunctionName = keyof typeof functions;
export const functionNames = Object.keys(functions) as readonly FunctionName[];

/** Every handler that is bundled. */
export const handlerNames: readonly (FunctionName | CertificateFunctionName | OperationsFunctionName)[] = [
  ...functionNames,
  ...(Object.keys(certificateFunctions) as readonly CertificateFunctionName[]),
  ...(Object.keys(operationsFunctions) as readonly OperationsFunctionName[]),
];

export const processes = ['relay', 'router', 'agent'] as const;
export type ProcessName = (typeof processes)[number];
