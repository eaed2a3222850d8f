import type { FunctionSpec } from './function-spec.ts';

/** What a function finds in `process.env`: what Lambda sets, its role's, the template's, and this machine's overrides. */
export function variablesOf(
  spec: FunctionSpec,
  overrides: Readonly<Record<string, string>>,
  role: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  // An override replaces a setting that the template makes; it never adds one, for the cloud would not have it.
  const replaced = Object.entries(spec.environment).map(([name, value]) => [name, overrides[name] ?? value]);
  return {
    PATH: process.env.PATH ?? '',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMegabytes),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${spec.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    LAMBDA_TASK_ROOT: spec.directory,
    _HANDLER: spec.handler,
    ...role,
    ...Object.fromEntries(replaced),
  };
}
