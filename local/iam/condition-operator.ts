import { BlockList, isIP } from 'node:net';
import type { ConditionContext } from './condition-context.ts';
import { type PolicyString, resolveGlob, resolveText } from './policy-string.ts';
import { type Glob, matchesGlob, splitArn } from './wildcard.ts';

/** Compares one value of the policy with one of the request; undefined when a variable cannot be replaced. */
type Comparison = (policy: PolicyString, actual: string, context: ConditionContext) => boolean | undefined;

export interface ConditionOperator {
  readonly compare: Comparison;
  /** A negated operator holds when *no* value of the policy compares, and when the key is absent. */
  readonly negated: boolean;
}

const text =
  (compare: (policy: string, actual: string) => boolean): Comparison =>
  (policy, actual, context) => {
    const resolved = resolveText(policy, context);
    return resolved === undefined ? undefined : compare(resolved, actual);
  };

const glob =
  (compare: (policy: Glob, actual: string) => boolean): Comparison =>
  (policy, actual, context) => {
    const resolved = resolveGlob(policy, context);
    return resolved === undefined ? undefined : compare(resolved, actual);
  };

const numeric = (compare: (policy: number, actual: number) => boolean): Comparison =>
  text((policy, actual) => compare(Number(policy), Number(actual)));

const date = (compare: (policy: number, actual: number) => boolean): Comparison =>
  text((policy, actual) => compare(instantOf(policy), instantOf(actual)));

const equals = text((policy, actual) => policy === actual);
const equalsIgnoreCase = text((policy, actual) => policy.toLowerCase() === actual.toLowerCase());
const like = glob(matchesGlob);
/** IAM: ArnEquals and ArnLike behave identically; each of the six parts is compared by itself. */
const arnLike = glob((policy, actual) => {
  const patterns = splitArn(policy);
  const parts = splitText(actual);
  return (
    patterns.length === 6 && parts.length === 6 && patterns.every((part, at) => matchesGlob(part, parts[at] ?? ''))
  );
});
const inNetwork = text((policy, actual) => networkHolds(policy, actual));

const POSITIVE: Readonly<Record<string, Comparison>> = {
  StringEquals: equals,
  StringEqualsIgnoreCase: equalsIgnoreCase,
  StringLike: like,
  ArnEquals: arnLike,
  ArnLike: arnLike,
  NumericEquals: numeric((policy, actual) => actual === policy),
  NumericLessThan: numeric((policy, actual) => actual < policy),
  NumericLessThanEquals: numeric((policy, actual) => actual <= policy),
  NumericGreaterThan: numeric((policy, actual) => actual > policy),
  NumericGreaterThanEquals: numeric((policy, actual) => actual >= policy),
  DateEquals: date((policy, actual) => actual === policy),
  DateLessThan: date((policy, actual) => actual < policy),
  DateLessThanEquals: date((policy, actual) => actual <= policy),
  DateGreaterThan: date((policy, actual) => actual > policy),
  DateGreaterThanEquals: date((policy, actual) => actual >= policy),
  Bool: equalsIgnoreCase,
  IpAddress: inNetwork,
};

const NEGATED: Readonly<Record<string, Comparison>> = {
  StringNotEquals: equals,
  StringNotEqualsIgnoreCase: equalsIgnoreCase,
  StringNotLike: like,
  ArnNotEquals: arnLike,
  ArnNotLike: arnLike,
  NumericNotEquals: numeric((policy, actual) => actual === policy),
  DateNotEquals: date((policy, actual) => actual === policy),
  NotIpAddress: inNetwork,
};

/** The operator of that exact name, or undefined when this system does not know it. */
export function operatorNamed(name: string): ConditionOperator | undefined {
  const positive = POSITIVE[name];
  if (positive) return { compare: positive, negated: false };
  const negated = NEGATED[name];
  return negated ? { compare: negated, negated: true } : undefined;
}

/** Milliseconds of an ISO 8601 date or of epoch seconds; NaN, which compares with nothing, for anything else. */
function instantOf(value: string): number {
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value);
}

function networkHolds(policy: string, actual: string): boolean {
  const [address = '', prefix] = policy.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(actual) === 0) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  const length = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix);
  if (!Number.isInteger(length) || length < 0 || length > (family === 6 ? 128 : 32)) return false;
  const network = new BlockList();
  network.addSubnet(address, length, type);
  return network.check(actual, isIP(actual) === 6 ? 'ipv6' : 'ipv4');
}

function splitText(arn: string): readonly string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}
