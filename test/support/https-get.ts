import { request } from 'node:https';
import type { LocalSystem } from '../../local/system/system.ts';

export interface Fetched {
  readonly status: number;
  readonly body: string;
  /** The first cookie that was set, `<name>=<value>`. */
  readonly cookie: string | undefined;
}

/** One HTTPS request through the router, as a browser or `curl` makes it. Rejects when the connection is cut. */
export const httpsGet = (
  { routerPort: port, authority }: Pick<LocalSystem, 'routerPort' | 'authority'>,
  name: string,
  asked: { readonly token?: string; readonly path?: string; readonly host?: string; readonly cookie?: string } = {},
): Promise<Fetched> =>
  new Promise((resolve, reject) => {
    const sent = request({
      ca: authority.certificate,
      host: '127.0.0.1',
      port,
      path: asked.path ?? '/',
      servername: name,
      headers: {
        host: `${asked.host ?? name}:${port}`,
        ...(asked.cookie === undefined ? {} : { cookie: asked.cookie }),
        ...(asked.token === undefined ? {} : { authorization: `Bearer ${asked.token}` }),
      },
      agent: false,
    });
    sent.once('error', reject);
    sent.once('response', (response) => {
      const body: Buffer[] = [];
      response.on('data', (chunk: Buffer) => body.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(body).toString('utf8'),
          cookie: response.headers['set-cookie']?.[0]?.split(';', 1)[0],
        }),
      );
    });
    sent.end();
  });
