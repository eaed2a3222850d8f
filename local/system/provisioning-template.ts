import { z } from 'zod';
import { AwsError } from '../aws-endpoint/aws-error.ts';

const value = z.union([z.string(), z.strictObject({ Ref: z.string() })]);
const override = z.enum(['DO_NOTHING', 'REPLACE', 'MERGE', 'FAIL']);
const body = z.strictObject({
  Parameters: z.record(z.string(), z.strictObject({ Type: z.literal('String'), Default: z.string().optional() })),
  Resources: z.record(
    z.string(),
    z.discriminatedUnion('Type', [
      z.strictObject({
        Type: z.literal('AWS::IoT::Thing'),
        Properties: z.strictObject({
          ThingName: value,
          ThingTypeName: value.optional(),
          AttributePayload: z.record(z.string(), value).default({}),
        }),
        // A thing that is there stays as it is; what would change it is not interpreted.
        OverrideSettings: z.record(z.string(), override.extract(['DO_NOTHING'])).optional(),
      }),
      z.strictObject({
        Type: z.literal('AWS::IoT::Certificate'),
        Properties: z.strictObject({ CertificateId: value, Status: z.literal('Active') }),
      }),
      z.strictObject({ Type: z.literal('AWS::IoT::Policy'), Properties: z.strictObject({ PolicyName: value }) }),
    ]),
  ),
});

/** What a provisioning template makes of one device's parameters. */
export type ProvisioningTemplate = (parameters: Readonly<Record<string, string>>) => {
  readonly thingName: string;
  readonly thingTypeName: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  readonly policyNames: readonly string[];
};

/** Reads AWS IoT's templates ("Provisioning templates"), as far as they are used here. Throws for the rest. */
export function parseTemplateBody(source: string): ProvisioningTemplate {
  const { Parameters, Resources } = body.parse(JSON.parse(source));
  const all = Object.values(Resources);
  const thing = all.find((one) => one.Type === 'AWS::IoT::Thing');
  if (thing === undefined || !all.some((one) => one.Type === 'AWS::IoT::Certificate'))
    throw new Error('the template has no thing or no certificate');
  return (given) => {
    const filled = (one: z.output<typeof value>): string => {
      if (typeof one === 'string') return one;
      const found = Object.hasOwn(Parameters, one.Ref) ? (given[one.Ref] ?? Parameters[one.Ref]?.Default) : undefined;
      if (found === undefined) throw new AwsError('InvalidParameters', `the parameter ${one.Ref} is missing`, 400);
      return found;
    };
    const { ThingName, ThingTypeName, AttributePayload } = thing.Properties;
    return {
      thingName: filled(ThingName),
      thingTypeName: ThingTypeName === undefined ? undefined : filled(ThingTypeName),
      attributes: Object.fromEntries(Object.entries(AttributePayload).map(([name, one]) => [name, filled(one)])),
      policyNames: all.flatMap((one) => (one.Type === 'AWS::IoT::Policy' ? [filled(one.Properties.PolicyName)] : [])),
    };
  };
}
