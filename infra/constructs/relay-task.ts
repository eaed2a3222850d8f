import type { Construct } from 'constructs';
import type { Foundation } from '../foundation.ts';
import { adminPorts, lingerSeconds, ports } from '../house.ts';
import { keyStatement } from '../rights/key-right.ts';
import { relayRights } from '../rights/process-needs.ts';
import { secretStatement, secretVariable } from '../rights/secret-right.ts';
import { tableSettings, tableStatement } from '../rights/table-right.ts';
import type { StageConfig } from '../stage-config.ts';
import { HouseTask } from './house-task.ts';

/** The relay: which settings it gets, and what it may. */
export class RelayTask extends HouseTask {
  constructor(
    scope: Construct,
    id: string,
    options: { readonly config: StageConfig; readonly foundation: Foundation; readonly version: string },
  ) {
    const { config, foundation, version } = options;
    const { relay } = config;
    // On `small` nothing stands before it that could say where a connection comes from, nor one that goes on sending.
    const behindBalancer = config.profile !== 'small';
    const linger = config.profile === 'standard' ? lingerSeconds : 0;
    // TLS needs a certificate, and that a name.
    const wrapped = config.profile === 'small' && config.domain !== undefined;
    super(scope, id, {
      name: 'relay',
      version,
      key: foundation.key,
      logDays: config.retention.logDays,
      image: relay.image,
      memoryMebibytes: relay.memoryMebibytes,
      stopSeconds: Math.max(relay.drainSeconds, linger),
      ports: wrapped ? [ports.relay, ports.wrapped, ports.door] : [ports.relay, ports.door],
      environment: {
        ...tableSettings(relayRights, foundation),
        [secretVariable.hostKeys]: foundation.secrets.hostKeys.secretArn,
        SALLYPORT_RELAY_LISTEN: `0.0.0.0:${ports.relay}`,
        ...(wrapped ? { SALLYPORT_WRAPPED_LISTEN: `127.0.0.1:${ports.wrapped}` } : {}),
        SALLYPORT_DOOR_LISTEN: `0.0.0.0:${ports.door}`,
        SALLYPORT_ADMIN_LISTEN: `127.0.0.1:${adminPorts.relay}`,
        SALLYPORT_PROXY_PROTOCOL: behindBalancer ? 'required' : 'off',
        SALLYPORT_DRAIN_SECONDS: String(relay.drainSeconds),
        ...(linger > 0 ? { SALLYPORT_LINGER_SECONDS: String(linger) } : {}),
        SALLYPORT_VERSION: version,
      },
      statements: [
        ...relayRights.map((right) => tableStatement(right, foundation)),
        secretStatement(foundation, 'hostKeys', 'GetSecretValue'),
        keyStatement(foundation, ['dynamodb', 'secretsmanager']),
      ],
    });
  }
}
