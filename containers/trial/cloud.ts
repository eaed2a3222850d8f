import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { containerOf } from '../../local/system/data-plane.ts';
import { anyPorts } from '../../local/system/local-ports.ts';
import { LogFiles } from '../../local/system/log-files.ts';
import { type Prepared, prepare } from '../../local/system/prepared.ts';
import { takeStateDirectory } from '../../local/system/state-directory.ts';
import { startSystem } from '../../local/system/system.ts';
import { listen } from '../../net/listen.ts';
import type { ContainerName } from './images.ts';

/** What ECS would give a container: the task definition's environment, and credentials of the task's role. */
export interface Cloud {
  environmentOf(name: ContainerName): Promise<Readonly<Record<string, string>>>;
  close(): Promise<void>;
}

/** The variables that say where a process listens. Fixed ports could be taken, and routers come without a balancer here. */
const places: Readonly<Record<ContainerName, Readonly<Record<string, string>>>> = {
  relay: {
    SALLYPORT_RELAY_LISTEN: '127.0.0.1:0',
    SALLYPORT_DOOR_LISTEN: '127.0.0.1:0',
    SALLYPORT_ADVERTISE: '127.0.0.1',
    SALLYPORT_PROXY_PROTOCOL: 'off',
  },
  router: { SALLYPORT_ROUTER_LISTEN: '127.0.0.1:0', SALLYPORT_PROXY_PROTOCOL: 'off' },
};

/** Tables, secrets and roles of this machine's own, from the synthesized templates. */
export const startCloud = async (folder: string, prepared?: Prepared): Promise<Cloud> => {
  mkdirSync(folder, { recursive: true });
  const templates = prepared ?? (await prepare(join(folder, 'prepared')));
  const logs = new LogFiles(join(folder, 'logs'));
  const state = takeStateDirectory(join(folder, 'state'));
  const system = await startSystem({ prepared: templates, ports: anyPorts, state, logs, relayCount: 0 });
  return {
    async environmentOf(name) {
      const { container, roleArn } = containerOf(system.plane.tasks, name);
      const { environment } = container;
      return {
        ...environment,
        ...system.plane.roles.variables(roleArn, name),
        ...places[name],
        ...('SALLYPORT_TOKEN_JWKS' in environment ? { SALLYPORT_TOKEN_JWKS: system.issuer.jwksUrl } : {}),
        ...('SALLYPORT_ADMIN_LISTEN' in environment ? { SALLYPORT_ADMIN_LISTEN: `127.0.0.1:${await freePort()}` } : {}),
      };
    },
    async close() {
      await system.close();
      await logs.close();
      state.release();
    },
  };
};

/** The health check is told the port before the process has it. */
const freePort = async (): Promise<number> => {
  const probe = await listen({
    host: '127.0.0.1',
    port: 0,
    purpose: 'a free port',
    onConnection: (socket) => socket.destroy(),
  });
  await probe.close();
  return probe.port;
};
