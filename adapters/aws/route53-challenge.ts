import { SallyportError } from '../../core/errors.ts';
import type { Timers } from '../../core/ports/timers.ts';
import type { AwsCall } from './signed-call.ts';

/** A TXT record by which the domain is proven (RFC 8555 section 8.4). */
export type Challenge = {
  /** Resolves when all of the zone's name servers answer with it. */
  put(value: string): Promise<void>;
  remove(value: string): Promise<void>;
};

const api = '/2013-04-01';
/** Route 53 commonly takes 30 s. */
const pollMilliseconds = 5_000;
const maxPolls = 36;

export const createRoute53Challenge = ({
  call,
  zone,
  domain,
  timers,
}: {
  readonly call: AwsCall;
  readonly zone: string;
  readonly domain: string;
  readonly timers: Timers;
}): Challenge => {
  const change = async (action: 'UPSERT' | 'DELETE', value: string): Promise<string> => {
    // `value` is base-64 for URLs, and the domain a host name: nothing here needs escaping.
    const record = `<Name>_acme-challenge.${domain}.</Name><Type>TXT</Type><TTL>30</TTL><ResourceRecords><ResourceRecord><Value>"${value}"</Value></ResourceRecord></ResourceRecords>`;
    const text = await call({
      method: 'POST',
      path: `${api}/hostedzone/${zone}/rrset`,
      headers: { 'content-type': 'application/xml' },
      body: `<?xml version="1.0" encoding="UTF-8"?><ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes><Change><Action>${action}</Action><ResourceRecordSet>${record}</ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`,
    });
    const id = /<Id>\/change\/([A-Z0-9]{1,40})<\/Id>/.exec(text)?.[1];
    if (id === undefined) throw new SallyportError('unavailable', { detail: 'route53 named no change' });
    return id;
  };
  return {
    async put(value) {
      const id = await change('UPSERT', value);
      for (let polls = 0; polls < maxPolls; polls += 1) {
        const text = await call({ method: 'GET', path: `${api}/change/${id}` });
        if (text.includes('<Status>INSYNC</Status>')) return;
        await new Promise<void>((resolve) => void timers.schedule(pollMilliseconds, resolve));
      }
      throw new SallyportError('unavailable', { detail: 'route53 has not spread the record in three minutes' });
    },
    async remove(value) {
      await change('DELETE', value);
    },
  };
};
