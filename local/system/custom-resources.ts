import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { jsonFile } from '../aws-endpoint/json-file.ts';
import type { CustomResourceRequest } from '../cloudformation/cloud.ts';
import type { Made } from '../cloudformation/handler.ts';
import { isRecord } from '../cloudformation/shape.ts';
import type { OutcomeMessage } from '../lambda/invocation.ts';
import { serveLoopback } from '../loopback.ts';

const created = z.object({
  /** What the properties were when it was made. */
  mark: z.string(),
  physicalId: z.string(),
  data: z.record(z.string(), z.unknown()),
  properties: z.record(z.string(), z.unknown()),
});
type Created = z.output<typeof created>;

const answer = z.object({
  Status: z.enum(['SUCCESS', 'FAILED']),
  Reason: z.string().default(''),
  PhysicalResourceId: z.string().default(''),
  Data: z.record(z.string(), z.unknown()).default({}),
});

export interface CustomResourcesOptions {
  readonly invoke: (functionArn: string, payload: string) => Promise<OutcomeMessage>;
  /** Keeps what was created, so that a second start does not create it again. */
  readonly file?: string;
  /** How long a function may take to answer, ms. */
  readonly patience?: number;
}

/** Has functions create custom resources, as CloudFormation does ("Custom resource request types"). */
export class CustomResources {
  private readonly options: CustomResourcesOptions;
  private readonly known: Record<string, Created>;
  private readonly keep: (value: Record<string, Created>) => void;

  constructor(options: CustomResourcesOptions) {
    this.options = options;
    const file = jsonFile(options.file, (value) => z.record(z.string(), created).parse(value));
    this.known = file.read() ?? {};
    this.keep = (value) => file.write(value);
  }

  /** Creates it, updates it when its properties have changed since, or answers what was created before. */
  async make(request: CustomResourceRequest): Promise<Required<Made>> {
    const properties = asText(request.properties) as Readonly<Record<string, unknown>>;
    const mark = createHash('sha256').update(JSON.stringify(properties)).digest('hex');
    const key = `${request.stack}/${request.logicalId}`;
    const former = this.known[key];
    if (former?.mark === mark) return { ref: former.physicalId, attributes: former.data };
    const { PhysicalResourceId, Data } = await this.ask(request, properties, former);
    const physicalId = PhysicalResourceId || former?.physicalId || key;
    this.known[key] = { mark, physicalId, data: Data, properties: { ...properties } };
    this.keep(this.known);
    return { ref: physicalId, attributes: Data };
  }

  private async ask(
    request: CustomResourceRequest,
    properties: Readonly<Record<string, unknown>>,
    former: Created | undefined,
  ): Promise<z.output<typeof answer>> {
    const mailbox = await openMailbox();
    try {
      const payload = {
        RequestType: former === undefined ? 'Create' : 'Update',
        ResponseURL: mailbox.url,
        StackId: `arn:aws:cloudformation:local:000000000000:stack/${request.stack}/0`,
        RequestId: randomUUID(),
        ResourceType: request.type,
        LogicalResourceId: request.logicalId,
        ...(former === undefined
          ? {}
          : { PhysicalResourceId: former.physicalId, OldResourceProperties: former.properties }),
        ResourceProperties: properties,
      };
      const failed = this.options.invoke(request.serviceToken, JSON.stringify(payload)).then((outcome) => {
        if (outcome.kind === 'failure') throw new Error(outcome.error.errorMessage);
        return mailbox.letter;
      });
      const given = answer.parse(await Promise.race([mailbox.letter, failed, late(this.options.patience ?? 120_000)]));
      if (given.Status === 'FAILED') throw new Error(given.Reason);
      return given;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`its function did not create it: ${reason}`, { cause });
    } finally {
      await mailbox.close();
    }
  }
}

/** CloudFormation hands every number and boolean over as text. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, asText(one)]));
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}

/** Where the function puts its answer: in the cloud a signed URL of S3. */
async function openMailbox(): Promise<{ url: string; letter: Promise<unknown>; close(): Promise<void> }> {
  let deliver: (letter: unknown) => void = () => {};
  const letter = new Promise<unknown>((resolve) => {
    deliver = resolve;
  });
  const server = await serveLoopback((message, response) => {
    void read(message).then((body) => {
      response.writeHead(200).end();
      deliver(body);
    });
  });
  return {
    url: `${server.url}/${randomUUID()}`,
    letter,
    close: server.close,
  };
}

async function read(message: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

function late(milliseconds: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${milliseconds / 1000} s`)), milliseconds).unref();
  });
}
