import validations from 'dynalite/validations/index.js';

/** A parsed request body, or an answer. */
export type Request = Record<string, unknown>;

/** Field types with their limits, in dynalite's vocabulary, and checks that the types cannot express. */
export type Rules = { readonly types: Readonly<Record<string, unknown>>; readonly custom?: unknown };

const limits = { options: { maxItemSize: 400 * 1024 } };

/**
 * The known fields of a request, with its expressions parsed. Throws a SerializationException or ValidationException,
 * worded as DynamoDB does.
 */
export const check = (body: Request, rules: Rules): Request => {
  const request = validations.checkTypes({ ...body }, rules.types);
  validations.checkValidations(request, rules.types, rules.custom, limits);
  return request;
};

/** The checks beyond the types, for a part of a request whose types are checked already. */
export const checkPart = (part: Request, rules: Rules): void => {
  validations.checkValidations(part, {}, rules.custom, limits);
};

export const isRequest = (body: unknown): body is Request =>
  typeof body === 'object' && body !== null && !Array.isArray(body);
