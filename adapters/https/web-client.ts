import { request } from 'node:https';
import type { WebClient } from '../../core/ports/canary.ts';

const answerMilliseconds = 10_000;

/** `GET` and nothing of its answer but what stands in the head. The certificate must be good, by whom Node trusts. */
export const createWebClient =
  (router: { readonly host: string; readonly port: number; readonly ca?: string }): WebClient =>
  ({ host, path = '/', cookie }) =>
    new Promise((resolve, reject) => {
      const asked = request(
        {
          host: router.host,
          port: router.port,
          servername: host,
          method: 'GET',
          path,
          headers: { host, ...(cookie === undefined ? {} : { cookie }) },
          agent: false,
          timeout: answerMilliseconds,
          ...(router.ca === undefined ? {} : { ca: router.ca }),
        },
        (reply) => {
          reply.resume();
          const { 'set-cookie': cookies = [], 'content-type': type } = reply.headers;
          resolve({ status: reply.statusCode ?? 0, cookie: cookies[0]?.split(';', 1)[0], type });
        },
      );
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.on('error', reject);
      asked.end();
    });
