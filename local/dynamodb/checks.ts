import validations from 'dynalite/validations/index.js';
import { Refusal } from './refusal.ts';

/** A parsed request body, or an answer. */
export type Request = Record<string, unknown>;

/** Field types with their limits, in dynalite's vocabulary, and checks that the types cannot express. */
export type Rules = { readonly types: Readonly<Record<string, unknown>>; readonly custom?: unknown };

const limits = { options: { maxItemSize: 400 * 1024 } };

/** DynamoDB nests values 32 deep; each level is two of JSON, and the request around them is up to eight. */
const maxDepth = 2 * 32 + 8;

/**
 * The known fields of a request, with its expressions parsed. Throws a SerializationException or ValidationException,
 * worded as DynamoDB does.
 */
export const check = (body: Request, rules: Rules): Request => {
  for (const field of Object.values(body)) if (field !== null) refuseNulls(field, 1);
  const request = validations.checkTypes({ ...body }, rules.types);
  validations.checkValidations(request, rules.types, rules.custom, limits);
  refuseDeepComparison(request);
  return request;
};

/** The checks beyond the types, for a part of a request whose types are checked already. */
export const checkPart = (part: Request, rules: Rules): void => {
  validations.checkValidations(part, {}, rules.custom, limits);
  refuseDeepComparison(part);
};

export const isRequest = (body: unknown): body is Request =>
  typeof body === 'object' && body !== null && !Array.isArray(body);

/** dynalite stumbles over a null inside a request. SDKs never send one; the type NULL is written `{"NULL": true}`. */
const refuseNulls = (value: unknown, depth: number): void => {
  if (value === null) throw new Refusal('SerializationException', 'null stands where a value must be');
  if (typeof value !== 'object') return;
  if (depth > maxDepth) throw new Refusal('ValidationException', 'Nesting Levels have exceeded supported limits');
  for (const inner of Object.values(value as object)) refuseNulls(inner, depth + 1);
};

/**
 * DynamoDB compares maps and lists by their contents; dynalite finds them never equal. Rather a clear refusal than a
 * condition that is silently false.
 */
const refuseDeepComparison = (request: Request): void => {
  for (const parsed of [request._condition, request._filter]) {
    if (parsed !== undefined && hasDeepOperand((parsed as { readonly expression: unknown }).expression)) {
      throw new Refusal(
        'ValidationException',
        'The DynamoDB stand-in cannot compare maps or lists in an expression: compare their scalar parts',
      );
    }
  }
};

/** A node is a path (an array), a literal (one typed value), or an operator with arguments. */
const hasDeepOperand = (node: unknown): boolean => {
  if (!isRequest(node)) return false;
  if (Array.isArray(node.args)) return node.args.some(hasDeepOperand);
  return 'M' in node || 'L' in node;
};
