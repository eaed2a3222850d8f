import { z } from 'zod';

/** DNSSEC: empty makes the key, which Route 53 wants in us-east-1; with the key's ARN the zone is signed. */
const dnssec = z
  .strictObject({
    key: z
      .string()
      .regex(/^arn:aws[a-z-]*:kms:us-east-1:\d{12}:key\/[0-9a-f-]{36}$/, 'give the ARN of a KMS key in us-east-1')
      .optional(),
  })
  .optional();

/** Who answers for the domain's names. */
export const dns = z.discriminatedUnion(
  'kind',
  [
    /** A Route 53 zone made here; its parent must delegate to it. */
    z.strictObject({ kind: z.literal('made'), dnssec }),
    /** A zone that is there. Its DNSSEC and CAA are whoever's it is. */
    z.strictObject({
      kind: z.literal('given'),
      zoneId: z.string().regex(/^Z[A-Z0-9]{1,31}$/, 'give the id of a Route 53 zone, such as Z0123456789ABCDEFGHIJ'),
    }),
    /** Other name servers; you make the records that the stacks' outputs name. */
    z.strictObject({ kind: z.literal('elsewhere') }),
  ],
  'choose kind "made", "given" with zoneId, or "elsewhere"',
);
