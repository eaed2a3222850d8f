import { randomBytes } from 'node:crypto';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createDynamoAuditLog } from '../adapters/dynamodb/audit-log.ts';
import { createDynamoChanges } from '../adapters/dynamodb/changes.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createDynamoDevices } from '../adapters/dynamodb/devices.ts';
import { createDynamoPortClaims } from '../adapters/dynamodb/port-claims.ts';
import { createDynamoRelays } from '../adapters/dynamodb/relays.ts';
import { createDynamoTunnels } from '../adapters/dynamodb/tunnels.ts';
import { hostKeySource } from '../adapters/secrets/followed.ts';
import { nativeCrypto, refuseAbortingAddon } from '../adapters/ssh/native-binding.ts';
import { servedKeys } from '../adapters/ssh/served-keys.ts';
import { createLog } from '../adapters/stdout/log.ts';
import { createMetrics } from '../adapters/stdout/metrics.ts';
import { createEventHub } from '../core/events.ts';
import { newServerId } from '../core/model/ids.ts';
import { countClaims } from '../core/use-cases/count-claims.ts';
import { followSecret } from '../core/use-cases/follow-secret.ts';
import { tellMetrics } from '../net/process-metrics.ts';
import { runProcess } from '../net/run-process.ts';
import { TimerWheel } from '../net/timer-wheel.ts';
import { readRelayConfig } from './config.ts';
import { createLedger } from './ledger.ts';
import { startRelay } from './relay.ts';
import { deviceServer, ownAddress } from './wiring.ts';

const random = { bytes: (count: number) => randomBytes(count) };
const clock = { now: () => Date.now(), monotonic: () => performance.now() };

await runProcess('relay', async () => {
  refuseAbortingAddon();
  const config = readRelayConfig(process.env);
  const serverId = newServerId(random);
  const log = createLog({ process: 'relay', fields: { serverId } });
  const metrics = createMetrics({ process: 'relay', now: clock.now });
  const client = createDynamoClient();
  const table = (name: string) => ({ client, table: name });
  const { tables } = config;

  const tunnels = createDynamoTunnels(table(tables.tunnels));
  const claims = countClaims(createDynamoPortClaims(table(tables.portClaims)), metrics);
  const hub = createEventHub({
    process: 'relay',
    log,
    metrics,
    audit: createDynamoAuditLog(table(tables.audit)),
    clock,
  });
  hub.log(nativeCrypto ? 'info' : 'warn', 'ssh.crypto', { native: nativeCrypto });
  metrics.gauge('native_crypto', nativeCrypto ? 1 : 0);

  const timers = new TimerWheel();
  const hostKeys = await followSecret({
    name: 'host_keys',
    source: hostKeySource({ client: new SecretsManagerClient(), secret: config.hostKeysSecret }),
    use: servedKeys,
    timers,
    hub,
  });
  const relay = await startRelay({
    config: { ...config, advertise: config.advertise ?? ownAddress() },
    serverId,
    ledger: createLedger({ tunnels, claims, clock, random, hub }, { serverId, worker: 0 }),
    tunnels,
    devices: createDynamoDevices(table(tables.devices)),
    relays: createDynamoRelays({ ...table(tables.relays), clock }),
    changes: createDynamoChanges(table(tables.changes)),
    clock,
    timers,
    hub,
    listenForDevices: deviceServer({
      ...{ config, serverId, timers, hub },
      hostKeys: () => hostKeys.current().served,
      nextHostKeys: () => hostKeys.current().next,
    }),
  });

  const telling = await tellMetrics({
    metrics,
    listen: config.adminListen,
    measure: () => {
      metrics.gauge('tunnels', relay.forwards.size);
      metrics.gauge('sessions', relay.forwards.sessionCount);
      metrics.gauge('channels', relay.forwards.channels);
    },
  });
  return {
    graceMilliseconds: Math.max(config.drainMilliseconds, config.lingerMilliseconds) + 30_000,
    ready: { serverId, port: relay.port, doorPort: relay.doorPort },
    async stop() {
      hostKeys.stop();
      await relay.stop();
      await telling.stop();
    },
  };
});
