/** What runs in the cloud as containers of one task, and here as processes (`AWS::ECS::TaskDefinition`). */
export interface TaskDefinition {
  readonly family: string;
  readonly logicalId: string;
  /** The role of the code in it. */
  readonly roleArn?: string;
  readonly containers: readonly ContainerDefinition[];
}

export interface ContainerDefinition {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Variable -> ARN of the secret whose value it gets. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Those of the host that it listens on. */
  readonly ports: readonly number[];
  /** How many it may hold open; unlimited but for this machine's own limit unless given. */
  readonly openFiles?: number;
}

/**
 * Holds the port mappings to what the process is told to listen on, all but its admin port: a balancer is pointed at a
 * mapping, and ECS keeps two tasks apart by theirs.
 *
 * @throws Error that names the ports that only one of the two has
 */
export const checkPorts = ({ name, environment, ports }: ContainerDefinition): void => {
  const heard = Object.entries(environment).flatMap(([variable, value]) =>
    /^SALLYPORT_(?!ADMIN_)\w+_LISTEN$/.test(variable) ? [Number(value.slice(value.lastIndexOf(':') + 1))] : [],
  );
  const apart = [...heard.filter((port) => !ports.includes(port)), ...ports.filter((port) => !heard.includes(port))];
  if (apart.length > 0)
    throw new Error(
      `the task definition of ${name} maps ports ${ports.join(', ')}, but it listens on ${heard.join(', ')}`,
    );
};
