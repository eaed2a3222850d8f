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
}
