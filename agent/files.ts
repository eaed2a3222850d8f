import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { SshKeyAnswer } from '../core/ports/ssh-keys.ts';
import { type AgentConfig, ConfigError, judgeAgentConfig, type NamedFiles } from './config.ts';
import { type Findings, judgeCertificate, judgeKey } from './credentials.ts';

/** The texts of the files that a config names. */
export type AgentFiles = {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string | undefined;
  /** `<type> <base-64>`. */
  readonly hostKeys: readonly string[];
};
export type ReadAgent = {
  readonly config: AgentConfig;
  readonly files: AgentFiles;
  /** What works and should not be so. */
  readonly warnings: readonly string[];
};

/** None of these files is larger than a few KB; a wrong path may lead to anything. */
const maxBytes = 1024 * 1024;
/** As ConfigError's first line names it already. */
const configItself = 'this file';
/** Permission bits of users who are neither owner nor in the group. */
const others = { read: 0o004, write: 0o002 } as const;

/**
 * Reads the config at `file` and the files that it names, relative to it. Throws a ConfigError that lists every problem
 * of all of them.
 */
export const readAgent = (file: string, parseKey: (line: string) => SshKeyAnswer): ReadAgent => {
  const findings: Findings = { problems: [], warnings: [] };
  const text = readText(file, configItself, findings);
  if (text === undefined) throw new ConfigError(file, findings.problems);
  if (allows(file, others.write))
    findings.warnings.push(`${configItself}: other users can change it, and so what is reachable; chmod o-w ${file}`);
  const { config, named, problems } = judgeAgentConfig(text);
  findings.problems.push(...problems);
  const files = readFiles(named, { folder: dirname(file), findings, parseKey });
  if (config === undefined || files === undefined || findings.problems.length > 0)
    throw new ConfigError(file, findings.problems);
  return { config, files, warnings: findings.warnings };
};

/** Undefined where certificate or key could not be had; then the findings say why, or the config's own problems do. */
const readFiles = (
  { mqtt, hostKeys }: NamedFiles,
  from: {
    readonly folder: string;
    readonly findings: Findings;
    readonly parseKey: (line: string) => SshKeyAnswer;
  },
): AgentFiles | undefined => {
  const { findings } = from;
  const read = (path: string | undefined, what: string) =>
    path === undefined ? undefined : readText(resolve(from.folder, path), what, findings);
  const certificate = read(mqtt.certificate, 'mqtt.certificate');
  const key = read(mqtt.key, 'mqtt.key');
  const authority = read(mqtt.authority, 'mqtt.authority');

  const own = certificate === undefined ? undefined : judgeCertificate(certificate, 'mqtt.certificate', findings);
  if (authority !== undefined) judgeCertificate(authority, 'mqtt.authority', findings);
  if (key !== undefined) judgeKey(key, { what: 'mqtt.key', certificate: own, findings });
  if (mqtt.key !== undefined && key !== undefined && allows(resolve(from.folder, mqtt.key), others.read))
    findings.warnings.push(`mqtt.key: other users can read it; chmod 600 ${resolve(from.folder, mqtt.key)}`);

  const lines = hostKeys.flatMap((path, index) => {
    const what = `hostKeys.${index}`;
    const text = read(path, what);
    if (text === undefined) return [];
    const answer = from.parseKey(text.trim());
    if (answer.ok) return [answer.key.line];
    const isPrivate = text.includes('PRIVATE KEY-----');
    findings.problems.push(`${what}: ${isPrivate ? 'a private key; name its .pub file' : answer.why}`);
    return [];
  });
  return certificate === undefined || key === undefined ? undefined : { certificate, key, authority, hostKeys: lines };
};

const readText = (path: string, what: string, findings: Findings): string | undefined => {
  try {
    const { size } = statSync(path);
    if (size <= maxBytes) return readFileSync(path, 'utf8');
    findings.problems.push(`${what}: ${path} is larger than 1 MB`);
  } catch (error) {
    const hint = codeOf(error) === 'ENOENT' && what !== configItself ? '; paths are relative to the config' : '';
    findings.problems.push(`${what}: ${path} ${reasonOf(error)}${hint}`);
  }
  return undefined;
};

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';

const reasonOf = (error: unknown): string => {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES')
    return 'may not be read by the user that the agent runs as; see its owner, and those of its folders';
  if (code === 'EISDIR') return 'is a folder';
  return `cannot be read (${code})`;
};

const allows = (path: string, bits: number): boolean =>
  process.platform !== 'win32' && (statSync(path).mode & bits) !== 0;
