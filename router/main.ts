import { randomBytes } from 'node:crypto';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createDynamoAuditLog } from '../adapters/dynamodb/audit-log.ts';
import { createDynamoChanges } from '../adapters/dynamodb/changes.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createDynamoDevices } from '../adapters/dynamodb/devices.ts';
import { createDynamoGrants } from '../adapters/dynamodb/grants.ts';
import { createDynamoOnce } from '../adapters/dynamodb/once.ts';
import { createDynamoOperatorKeys } from '../adapters/dynamodb/operator-keys.ts';
import { createDynamoPortClaims } from '../adapters/dynamodb/port-claims.ts';
import { createDynamoRelays } from '../adapters/dynamodb/relays.ts';
import { createDynamoTunnels } from '../adapters/dynamodb/tunnels.ts';
import { createLinkTokens, type LinkKeys } from '../adapters/jwt/link-tokens.ts';
import { createTokens } from '../adapters/jwt/tokens.ts';
import { createLambdaJumpOpener } from '../adapters/lambda/jump-opener.ts';
import { certificateSource, hostKeySource } from '../adapters/secrets/followed.ts';
import { nativeCrypto, refuseAbortingAddon } from '../adapters/ssh/native-binding.ts';
import { servedKeys } from '../adapters/ssh/served-keys.ts';
import { createLog } from '../adapters/stdout/log.ts';
import { createMetrics } from '../adapters/stdout/metrics.ts';
import { createEventHub } from '../core/events.ts';
import { newServerId } from '../core/model/ids.ts';
import { followSecret } from '../core/use-cases/follow-secret.ts';
import { tellMetrics } from '../net/process-metrics.ts';
import { runProcess } from '../net/run-process.ts';
import { systemTimers } from '../net/timer-wheel.ts';
import { followCertificate } from './certificate.ts';
import { readRouterConfig } from './config.ts';
import { startRouter } from './router.ts';
import { jumpServer } from './wiring.ts';

const clock = { now: () => Date.now(), monotonic: () => performance.now() };

await runProcess('router', async () => {
  refuseAbortingAddon();
  const config = readRouterConfig(process.env);
  const router = newServerId({ bytes: (count) => randomBytes(count) });
  const log = createLog({ process: 'router', fields: { router } });
  const metrics = createMetrics({ process: 'router', now: clock.now });
  const client = createDynamoClient();
  const table = (name: string) => ({ client, table: name });
  const { tables } = config;
  const audit = createDynamoAuditLog(table(tables.audit));
  const hub = createEventHub({ process: 'router', log, metrics, audit, clock });
  hub.log(nativeCrypto ? 'info' : 'warn', 'ssh.crypto', { native: nativeCrypto });

  const secrets = new SecretsManagerClient();
  const follow = { timers: systemTimers, hub };
  const [hostKeys, certificate, linkKeys] = await Promise.all([
    followSecret({
      name: 'router_host_keys',
      source: hostKeySource({ client: secrets, secret: config.hostKeysSecret }),
      use: servedKeys,
      ...follow,
    }),
    config.certificateSecret === undefined
      ? undefined
      : followCertificate(certificateSource({ client: secrets, secret: config.certificateSecret }), {
          domain: config.domain,
          clock,
          ...follow,
        }),
    config.linkKeySecret === undefined
      ? undefined
      : followSecret<LinkKeys, LinkKeys | undefined>({
          name: 'link_key',
          source: hostKeySource({ client: secrets, secret: config.linkKeySecret }),
          use: (keys) => keys,
          // Links are one way in of several.
          otherwise: { usable: undefined },
          ...follow,
        }),
  ]);
  if (certificate === undefined) hub.log('warn', 'http.off', { why: 'no certificate is configured' });

  const running = await startRouter({
    config,
    router,
    devices: createDynamoDevices(table(tables.devices)),
    tunnels: createDynamoTunnels(table(tables.tunnels)),
    claims: createDynamoPortClaims(table(tables.portClaims)),
    relays: createDynamoRelays({ ...table(tables.relays), clock }),
    grants: createDynamoGrants(table(tables.grants)),
    operatorKeys: createDynamoOperatorKeys(table(tables.operatorKeys)),
    changes: createDynamoChanges(table(tables.changes)),
    opener: createLambdaJumpOpener({ client: new LambdaClient(), functionName: config.openForJump }),
    tokens: createTokens(config.token),
    links: createLinkTokens({ keys: () => linkKeys?.current(), now: clock.now }),
    once: createDynamoOnce(table(tables.once)),
    clock,
    timers: systemTimers,
    hub,
    certificate: () => certificate?.current(),
    createJumpServer: jumpServer({
      ...{ router, timers: systemTimers, hub },
      hostKeys: () => hostKeys.current().served,
      nextHostKeys: () => hostKeys.current().next,
    }),
  });

  const telling = await tellMetrics({
    metrics,
    listen: config.adminListen,
    measure: () => metrics.gauge('streams', running.live.size),
  });
  return {
    graceMilliseconds: config.drainMilliseconds + 30_000,
    ready: { router, port: running.port },
    async stop() {
      hostKeys.stop();
      certificate?.stop();
      linkKeys?.stop();
      await running.stop();
      await telling.stop();
    },
  };
});
