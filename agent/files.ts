import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { SshKeyAnswer } from '../core/ports/ssh-keys.ts';
import { type AgentConfig, ConfigError, parseAgentConfig } from './config.ts';

/** The texts of the files that a config names. */
export type AgentFiles = {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string | undefined;
  /** `<type> <base-64>`. */
  readonly hostKeys: readonly string[];
  /** What works and should not be so. */
  readonly warnings: readonly string[];
};

/** None of these files is larger than a few KB; a wrong path may lead to anything. */
const maxBytes = 1024 * 1024;

/** Reads the config at `file`. Throws a ConfigError that lists every problem of it. */
export const readAgentConfig = (file: string): AgentConfig => {
  const problems: string[] = [];
  const text = readText(file, 'this file', problems);
  if (text === undefined) throw new ConfigError(file, problems);
  return parseAgentConfig(text, file);
};

/** Reads what the config at `file` names, relative to it. Throws a ConfigError that lists every problem of them. */
export const readAgentFiles = (
  config: AgentConfig,
  file: string,
  parseKey: (line: string) => SshKeyAnswer,
): AgentFiles => {
  const problems: string[] = [];
  const warnings: string[] = [];
  const read = (path: string, what: string) => readText(resolve(dirname(file), path), what, problems);
  const certificate = read(config.mqtt.certificate, 'mqtt.certificate');
  const key = read(config.mqtt.key, 'mqtt.key');
  const authority = config.mqtt.authority === undefined ? undefined : read(config.mqtt.authority, 'mqtt.authority');

  const own = certificate === undefined ? undefined : certificateOf(certificate, 'mqtt.certificate', problems);
  if (authority !== undefined) certificateOf(authority, 'mqtt.authority', problems);
  if (key !== undefined) checkKey(key, own, problems);
  if (own !== undefined && Date.parse(own.validTo) < Date.now())
    warnings.push(`mqtt.certificate: it expired on ${own.validTo}, or this device's clock is wrong`);
  if (key !== undefined && isReadByOthers(resolve(dirname(file), config.mqtt.key)))
    warnings.push('mqtt.key: other users can read it; chmod 600');

  const hostKeys = config.hostKeys.flatMap((path, index) => {
    const text = read(path, `hostKeys.${index}`);
    if (text === undefined) return [];
    const answer = parseKey(text.trim());
    if (answer.ok) return [answer.key.line];
    problems.push(`hostKeys.${index}: ${answer.why}`);
    return [];
  });
  if (problems.length > 0 || certificate === undefined || key === undefined) throw new ConfigError(file, problems);
  return { certificate, key, authority, hostKeys, warnings };
};

const readText = (path: string, what: string, problems: string[]): string | undefined => {
  try {
    if (statSync(path).size <= maxBytes) return readFileSync(path, 'utf8');
    problems.push(`${what}: ${path} is larger than 1 MB`);
  } catch (error) {
    problems.push(`${what}: ${reasonOf(error, path)}`);
  }
  return undefined;
};

const reasonOf = (error: unknown, path: string): string => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return `${path} does not exist`;
  if (code === 'EACCES') return `${path} may not be read by this user`;
  if (code === 'EISDIR') return `${path} is a folder`;
  return `${path} cannot be read`;
};

const certificateOf = (pem: string, what: string, problems: string[]): X509Certificate | undefined => {
  try {
    return new X509Certificate(pem);
  } catch {
    problems.push(`${what}: not a PEM certificate`);
    return undefined;
  }
};

/** Whatever is wrong with a key is said without a word of it. */
const checkKey = (pem: string, certificate: X509Certificate | undefined, problems: string[]): void => {
  try {
    const key = createPrivateKey(pem);
    if (certificate !== undefined && !certificate.checkPrivateKey(key))
      problems.push('mqtt.key: not the key of mqtt.certificate');
  } catch {
    problems.push('mqtt.key: not a PEM private key without a passphrase');
  }
};

const isReadByOthers = (path: string): boolean => process.platform !== 'win32' && (statSync(path).mode & 0o004) !== 0;
