import 'reflect-metadata'; // for @peculiar/x509
import { createHash, createPublicKey, randomBytes, verify, webcrypto } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as x509 from '@peculiar/x509';

type Jws = { readonly protected: string; readonly payload: string; readonly signature: string };

const namesOf = (payload: Record<string, unknown> | undefined): string[] =>
  Array.isArray(payload?.identifiers) ? payload.identifiers.map(({ value }) => String(value)) : [];

/** What a test may have it do. */
export type Behaviour = {
  /** So many nonces are refused first. */
  staleNonces: number;
  finds: 'valid' | 'invalid';
  /** The chain that it hands out instead of its own. */
  instead?: string;
};

/**
 * A certificate authority that speaks RFC 8555 and believes nothing: it checks signatures, nonces, addresses, the
 * challenge's value and the request that it signs.
 */
export const startAcmeAuthority = async (txt: ReadonlySet<string>) => {
  const behaviour: Behaviour = { staleNonces: 0, finds: 'valid' };
  const accounts = new Map<string, { readonly jwk: Record<string, string>; readonly contact: unknown }>();
  const nonces = new Set<string>();
  const order = { status: 'pending', names: [] as string[], certificate: '', proven: 'pending', polls: 0 };
  const token = randomBytes(16).toString('base64url');
  let orders = 0;
  const thumbprint = ({ crv, kty, x, y }: Record<string, string>) =>
    createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  const json = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));

  let base = '';
  /** The payload, once its envelope is what section 6 demands. */
  const opened = (
    body: string,
    path: string,
  ): { payload: Record<string, unknown> | undefined; jwk: Record<string, string>; kid: string } => {
    const jws: Jws = JSON.parse(body);
    const header = json(jws.protected);
    if (header.alg !== 'ES256' || header.url !== `${base}${path}`) throw new Error('malformed');
    if (!nonces.delete(header.nonce) || behaviour.staleNonces > 0) {
      behaviour.staleNonces -= 1;
      throw new Error('badNonce');
    }
    const jwk = header.jwk ?? accounts.get(header.kid)?.jwk;
    if (jwk === undefined || (header.jwk === undefined) === (path === '/account'))
      throw new Error('accountDoesNotExist');
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const good = verify(
      'sha256',
      Buffer.from(`${jws.protected}.${jws.payload}`),
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(jws.signature, 'base64url'),
    );
    if (!good) throw new Error('unauthorized');
    return { payload: jws.payload === '' ? undefined : json(jws.payload), jwk, kid: header.kid };
  };
  const orderView = () => ({
    status: order.status,
    identifiers: order.names.map((value) => ({ type: 'dns', value }) as const),
    authorizations: [`${base}/authorization`],
    finalize: `${base}/finalize`,
    ...(order.certificate === '' ? {} : { certificate: `${base}/certificate` }),
  });

  const answer = async (
    path: string,
    body: string,
  ): Promise<{ status?: number; location?: string; value: unknown }> => {
    if (path === '/directory')
      return { value: { newNonce: `${base}/nonce`, newAccount: `${base}/account`, newOrder: `${base}/order` } };
    if (path === '/nonce') return { value: '' };
    const { payload, jwk, kid } = opened(body, path);
    switch (path) {
      case '/account': {
        if (payload?.termsOfServiceAgreed !== true) throw new Error('userActionRequired');
        const location = `${base}/account/${accounts.size + 1}`;
        accounts.set(location, { jwk, contact: payload.contact });
        return { status: 201, location, value: { status: 'valid' } };
      }
      case '/order':
        orders += 1;
        Object.assign(order, { status: 'pending', certificate: '', proven: 'pending', polls: 0 });
        order.names = namesOf(payload);
        return { status: 201, location: `${base}/orders/1`, value: orderView() };
      case '/authorization':
        // Undecided at first, as a real one is.
        order.polls += 1;
        if (order.proven === 'processing' && order.polls > 2) {
          order.proven = behaviour.finds;
          if (behaviour.finds === 'valid') order.status = 'ready';
        }
        return {
          value: {
            status: order.proven === 'processing' ? 'pending' : order.proven,
            challenges: [
              { type: 'http-01', url: `${base}/http`, token },
              { type: 'dns-01', url: `${base}/challenge`, token },
            ],
          },
        };
      case '/challenge': {
        const wanted = createHash('sha256')
          .update(`${token}.${thumbprint(accounts.get(kid)?.jwk ?? {})}`)
          .digest('base64url');
        if (!txt.has(wanted)) throw new Error('incorrectResponse');
        order.proven = 'processing';
        return { value: { status: 'processing' } };
      }
      case '/finalize': {
        if (order.status !== 'ready') throw new Error('orderNotReady');
        order.certificate = await signed(String(payload?.csr), order.names);
        order.status = 'valid';
        return { value: { ...orderView(), status: 'processing', certificate: undefined } };
      }
      case '/orders/1':
        return { value: orderView() };
      case '/certificate':
        return { value: behaviour.instead ?? order.certificate };
      default:
        throw new Error('malformed');
    }
  };
  /** The request's own key and names, by the local authority's hand. */
  const signed = async (csr: string, names: readonly string[]): Promise<string> => {
    const request = new x509.Pkcs10CertificateRequest(Buffer.from(csr, 'base64url'));
    const asked = new x509.SubjectAlternativeNameExtension(
      request.getExtension('2.5.29.17')?.rawData ?? Buffer.of(),
    ).names.toJSON();
    if (!(await request.verify()) || JSON.stringify(asked.map(({ value }) => value)) !== JSON.stringify(names))
      throw new Error('badCSR');
    const leaf = await x509.X509CertificateGenerator.create({
      ...{
        subject: '',
        issuer: 'CN=Test',
        signingKey: keys.privateKey,
        signingAlgorithm,
        publicKey: request.publicKey,
      },
      ...{ notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 90 * 86_400_000) },
      extensions: [
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: 'dns', value }) as const),
          true,
        ),
      ],
    });
    return `${leaf.toString('pem')}\n${root.toString('pem')}\n`;
  };
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...{
      name: 'CN=Test',
      keys,
      signingAlgorithm,
      notBefore: new Date(Date.now() - 3_600_000),
      notAfter: new Date(Date.now() + 3_650 * 86_400_000),
    },
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });

  const server: Server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const nonce = randomBytes(12).toString('base64url');
    nonces.add(nonce);
    const common = { 'replay-nonce': nonce };
    try {
      const { status = 200, location, value } = await answer(request.url ?? '', Buffer.concat(chunks).toString('utf8'));
      reply.writeHead(status, { ...common, ...(location === undefined ? {} : { location }) });
      reply.end(typeof value === 'string' ? value : JSON.stringify(value));
    } catch (error) {
      const type = `urn:ietf:params:acme:error:${error instanceof Error ? error.message : 'serverInternal'}`;
      reply.writeHead(400, common).end(JSON.stringify({ type, detail: 'refused \u001b[31m' }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    directory: `${base}/directory`,
    behaviour,
    contacts: () => [...accounts.values()].map(({ contact }) => contact),
    names: () => order.names,
    orders: () => orders,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
};
