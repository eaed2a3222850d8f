import { request } from 'node:https';
import type { Stranger } from '../../core/ports/canary.ts';

const answerMilliseconds = 10_000;

/** `GET /` without anything to show. The certificate must be good for the name, by the authorities that Node trusts. */
export const createStranger =
  (router: { readonly host: string; readonly port: number; readonly ca?: string }): Stranger =>
  (host) =>
    new Promise((resolve, reject) => {
      const asked = request(
        {
          host: router.host,
          port: router.port,
          servername: host,
          method: 'GET',
          path: '/',
          headers: { host },
          agent: false,
          timeout: answerMilliseconds,
          ...(router.ca === undefined ? {} : { ca: router.ca }),
        },
        (reply) => {
          reply.resume();
          resolve({ status: reply.statusCode ?? 0 });
        },
      );
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.on('error', reject);
      asked.end();
    });
