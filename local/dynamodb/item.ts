import type { AttributeValue } from 'aws-lambda';

export type { AttributeValue };

/** An item or a key in DynamoDB's wire form: attribute name to typed value. */
export type Item = Readonly<Record<string, AttributeValue>>;
