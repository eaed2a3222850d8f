import { SallyportError } from '../../core/errors.ts';
import { parseJson } from '../../core/wire/parse.ts';

/** The JSON of an MQTT payload, as a rule hands it over in base-64. Throws `too_large` and `invalid_request`. */
export const payloadOf = (base64: string, maxBytes: number): unknown => {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length > maxBytes) throw new SallyportError('too_large');
  return parseJson(bytes.toString('utf8'));
};
