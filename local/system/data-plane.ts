import { join } from 'node:path';
import { projectRoot } from '../../infra/project-root.ts';
import type { Target } from '../balancer/balancer.ts';
import { type Child, startChild } from '../processes/child.ts';
import { type ContainerDefinition, checkPorts, type TaskDefinition } from '../processes/task-definition.ts';
import type { ControlPlane } from './control-plane.ts';
import type { LogFiles } from './log-files.ts';

/** A relay or router that runs. */
export interface RunningTask {
  /** Its own loopback address. */
  readonly host: string;
  readonly child: Child;
}

/** 12 MB less in each process, at no cost in CPU that could be measured. */
const nodeOptions = ['--max-semi-space-size=1'];

/** Those that take devices now, for the load balancer. */
export const inService = (relays: readonly RunningTask[]): readonly Target[] =>
  relays.flatMap(({ host, child }) => (child.running ? [{ host, port: Number(child.ready.port) }] : []));

/** Relays and routers, as their task definitions describe them. */
export class DataPlane {
  /** Those behind the load balancer, one an address: one that ended stands here until another takes its place. */
  readonly relays: RunningTask[] = [];
  readonly routers: RunningTask[] = [];
  private readonly options: {
    readonly plane: ControlPlane;
    readonly logs: LogFiles;
    /** Settings that only this machine knows; they replace those of a task definition that bear the same name. */
    readonly settings: Readonly<Record<string, string>>;
  };

  constructor(options: DataPlane['options']) {
    this.options = options;
  }

  /** Starts a relay on a loopback address of its own, as each has its own instance in the cloud. */
  async startRelay(host: string, settings: Readonly<Record<string, string>> = {}): Promise<RunningTask> {
    const child = await this.start('relay', `relay-${host}`, {
      SALLYPORT_RELAY_LISTEN: `${host}:0`,
      SALLYPORT_DOOR_LISTEN: `${host}:0`,
      SALLYPORT_ADVERTISE: host,
      ...settings,
    });
    const relay = { host, child };
    put(this.relays, relay);
    return relay;
  }

  /** Without a load balancer before it, so without PROXY headers. */
  async startRouter(port: number, settings: Readonly<Record<string, string>> = {}): Promise<RunningTask> {
    const child = await this.start('router', 'router', {
      SALLYPORT_ROUTER_LISTEN: `127.0.0.1:${port}`,
      SALLYPORT_PROXY_PROTOCOL: 'off',
      ...settings,
    });
    const router = { host: '127.0.0.1', child };
    put(this.routers, router);
    return router;
  }

  /** Routers first, as they use the relays. */
  async close(): Promise<void> {
    await Promise.all(this.routers.map(({ child }) => child.stop()));
    await Promise.all(this.relays.map(({ child }) => child.stop()));
  }

  private start(name: string, logName: string, own: Readonly<Record<string, string>>): Promise<Child> {
    const { plane, logs, settings: local } = this.options;
    const { container, roleArn } = containerOf(plane.tasks, name);
    checkPorts(container);
    // Nobody watches an admin port here, and a fixed one could be taken.
    const { SALLYPORT_ADMIN_LISTEN: _, ...environment } = container.environment;
    const replaced = Object.entries(environment).map(([variable, value]) => [variable, local[variable] ?? value]);
    return startChild({
      name,
      script: join(projectRoot, 'dist', name, 'main.mjs'),
      environment: { ...Object.fromEntries(replaced), ...plane.roles.variables(roleArn, name), ...own },
      nodeOptions,
      ...(container.openFiles === undefined ? {} : { openFiles: container.openFiles }),
      onLine: (line) => logs.write(logName, line),
    });
  }
}

/** In the place of one at the same address that has ended. */
const put = (tasks: RunningTask[], task: RunningTask): void => {
  const ended = tasks.findIndex(({ host, child }) => host === task.host && !child.running);
  tasks.splice(ended < 0 ? tasks.length : ended, ended < 0 ? 0 : 1, task);
};

/** @throws Error when no task has a container of that name */
export function containerOf(
  tasks: readonly TaskDefinition[],
  name: string,
): { readonly container: ContainerDefinition; readonly roleArn: string } {
  for (const { containers, roleArn } of tasks) {
    const container = containers.find((one) => one.name === name);
    if (container !== undefined && roleArn !== undefined) return { container, roleArn };
  }
  throw new Error(`no task definition of the templates has a container ${name} and a role for it`);
}
