import { execFile } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createAuthority } from '../../../local/ca/authority.ts';

const run = promisify(execFile);
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-ca-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function verify(authority: string, certificate: string, ...options: string[]): Promise<string> {
  const [root, leaf] = [join(folder, 'root.pem'), join(folder, 'leaf.pem')];
  await writeFile(root, authority);
  await writeFile(leaf, certificate);
  const { stdout } = await run('openssl', ['verify', '-x509_strict', '-CAfile', root, ...options, leaf]);
  return stdout;
}

test('a server certificate passes strict verification for its names and addresses, and for nothing else', async () => {
  const authority = await createAuthority();
  const { certificate } = await authority.issueServer(['iot.localhost', '*.sallyport.localhost'], ['127.0.0.1', '::1']);
  const check = (...options: string[]) =>
    verify(authority.certificate, certificate, '-purpose', 'sslserver', ...options);
  await expect(check('-verify_hostname', 'pump-7.sallyport.localhost')).resolves.toContain('OK');
  await expect(check('-verify_ip', '127.0.0.1')).resolves.toContain('OK');
  await expect(check('-verify_ip', '::1')).resolves.toContain('OK');
  await expect(check('-verify_hostname', 'other.localhost')).rejects.toThrow(/[Hh]ostname mismatch/);
  await expect(verify(authority.certificate, certificate, '-purpose', 'sslclient')).rejects.toThrow(/purpose/);
});

test('a device certificate passes strict verification as a client and belongs to its key', async () => {
  const authority = await createAuthority();
  const { certificate, privateKey } = await authority.issueDevice('pump-7');
  await expect(verify(authority.certificate, certificate, '-purpose', 'sslclient')).resolves.toContain('OK');
  await expect(verify(authority.certificate, certificate, '-purpose', 'sslserver')).rejects.toThrow(/purpose/);
  const parsed = new X509Certificate(certificate);
  expect(parsed.subject).toBe('CN=pump-7');
  expect(parsed.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
});

test('the authority itself is strictly valid, and another authority is not accepted for its certificates', async () => {
  const [authority, other] = [await createAuthority(), await createAuthority()];
  await expect(verify(authority.certificate, authority.certificate)).resolves.toContain('OK');
  const { certificate } = await other.issueDevice('pump-7');
  await expect(verify(authority.certificate, certificate)).rejects.toThrow(/verification failed/);
});

test('a request made by openssl is signed, with its own subject or the one given', async () => {
  const authority = await createAuthority();
  const [key, csr] = [join(folder, 'key.pem'), join(folder, 'csr.pem')];
  const make = ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await run('openssl', [...make, '-keyout', key, '-out', csr, '-subj', '/CN=pump-8']);
  const request = await readFile(csr, 'utf8');
  const own = await authority.signCsr(request);
  expect(new X509Certificate(own).subject).toBe('CN=pump-8');
  await expect(verify(authority.certificate, own, '-purpose', 'sslclient')).resolves.toContain('OK');
  expect(new X509Certificate(await authority.signCsr(request, 'pump-9')).subject).toBe('CN=pump-9');
});

test('a request whose signature was made by another key is refused', async () => {
  const authority = await createAuthority();
  const request = async (name: string): Promise<Buffer> => {
    const [key, csr] = [join(folder, `${name}.key`), join(folder, `${name}.der`)];
    const make = ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    await run('openssl', [...make, '-keyout', key, '-outform', 'DER', '-out', csr, '-subj', '/CN=pump-8']);
    return readFile(csr);
  };
  const forged = await request('a');
  // The last byte is the end of the signature's second number.
  forged.writeUInt8((forged.at(-1) ?? 0) ^ 1, forged.length - 1);
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${forged.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  await expect(authority.signCsr(pem)).rejects.toThrow('not signed by its own key');
});

test('a second start finds the authority of the first, readable by its owner only', async () => {
  const path = join(folder, 'deep', 'authority.pem');
  const first = await createAuthority(path);
  const { certificate } = await first.issueDevice('pump-7');
  const second = await createAuthority(path);
  expect(second.certificate).toBe(first.certificate);
  await expect(verify(second.certificate, certificate, '-purpose', 'sslclient')).resolves.toContain('OK');
  const later = await second.issueDevice('pump-8');
  await expect(verify(first.certificate, later.certificate)).resolves.toContain('OK');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('of many starts at once one authority comes out, and no draft stays', async () => {
  const path = join(folder, 'authority.pem');
  const all = await Promise.all(Array.from({ length: 8 }, () => createAuthority(path)));
  expect(new Set(all.map((one) => one.certificate)).size).toBe(1);
  expect(await readdir(folder)).toEqual(['authority.pem']);
});

test('a file that is no authority, a name that is too long and a server without a name are refused', async () => {
  const path = join(folder, 'authority.pem');
  await writeFile(path, 'nothing');
  await expect(createAuthority(path)).rejects.toThrow('is not a certificate authority');
  const authority = await createAuthority();
  await expect(authority.issueDevice('x'.repeat(65))).rejects.toThrow('1 to 64');
  await expect(async () => authority.issueServer([])).rejects.toThrow('a name or an address');
});
