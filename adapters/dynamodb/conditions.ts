/** Names and values of an expression. Every attribute is aliased: DynamoDB reserves 573 words, `state` and `operator` among them. */
export type Aliases = {
  readonly name: (attribute: string) => string;
  readonly value: (value: unknown) => string;
};
/** A piece of a condition; pieces are put together by `all` and `any`. */
export type Condition = (aliases: Aliases) => string;

export const absent =
  (attribute: string): Condition =>
  ({ name }) =>
    `attribute_not_exists(${name(attribute)})`;
export const present =
  (attribute: string): Condition =>
  ({ name }) =>
    `attribute_exists(${name(attribute)})`;

const compare =
  (operator: string) =>
  (attribute: string, value: unknown): Condition =>
  (aliases) =>
    `${aliases.name(attribute)} ${operator} ${aliases.value(value)}`;
/** Each is false where the attribute is absent. */
export const equals = compare('=');
export const differs = compare('<>');
export const above = compare('>');
export const below = compare('<');
export const atMost = compare('<=');
export const atLeast = compare('>=');

export const beginsWith =
  (attribute: string, prefix: string): Condition =>
  ({ name, value }) =>
    `begins_with(${name(attribute)}, ${value(prefix)})`;

const textsOf = (pieces: readonly (Condition | undefined)[], aliases: Aliases): readonly string[] =>
  pieces.flatMap((piece) => piece?.(aliases) ?? []);

/** AND binds closer than OR, so only an OR needs parentheses, and the service refuses those that are redundant. */
export const all =
  (...pieces: readonly (Condition | undefined)[]): Condition =>
  (aliases) =>
    textsOf(pieces, aliases).join(' AND ');
export const any =
  (...pieces: readonly (Condition | undefined)[]): Condition =>
  (aliases) => {
    const texts = textsOf(pieces, aliases);
    return texts.length === 1 ? texts.join() : `(${texts.join(' OR ')})`;
  };

/** The fences of a tunnel's row. `dueAt` is never later than `endsAt`, so it stands for both. */
export const notClosed: Condition = all(present('id'), differs('state', 'closed'));
export const alive = (now: number): Condition => all(notClosed, above('dueAt', now));
export const atEpoch = (epoch: number): Condition => equals('epoch', epoch);
export const namesNoOtherClaim = (port: number, space: string): Condition =>
  any(absent('port'), all(equals('port', port), equals('space', space)));
export const endsBy = (endsAt: number): Condition => atMost('endsAt', endsAt);

/** The fence of a claim's row. */
export const isOfTunnel = (tunnel: string): Condition => equals('tunnel', tunnel);
/** Ended rows stay for up to two days after their TTL, so the end is compared here. */
export const hasRested = (now: number): Condition => atMost('restUntil', now);
