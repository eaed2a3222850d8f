import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deviceCertificateRequest } from '../../adapters/acme/csr.ts';
import {
  claimClientId,
  claimPolicy,
  provisioningTemplate,
  provisioningTopics,
  serialParameter,
} from '../../core/names.ts';
import type { DeviceIdentity } from '../../local/system/local-device.ts';
import type { LocalSystem } from '../../local/system/system.ts';
import { late } from './late.ts';
import { connectMqtt } from './mqtt-client.ts';

/** Longer than any answer takes: by then the device was not heard, or may not hear. */
const answerMilliseconds = 5_000;

export type KeyAndCertificate = { readonly id: string; readonly key: string; readonly certificate: string };

const newRequest = (name: string) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = deviceCertificateRequest(privateKey, name).toString('base64');
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${der}\n-----END CERTIFICATE REQUEST-----\n`;
  return { request: pem, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
};

/** A certificate that a factory puts into many devices: it can become a device and do nothing else. */
export const makeClaim = async ({ plane }: LocalSystem): Promise<KeyAndCertificate> => {
  const { request, key } = newRequest('claim');
  const { id, pem } = await plane.devices.certify(request, 'ACTIVE');
  const { region, account } = plane.place;
  plane.devices.attachPolicy(claimPolicy, `arn:aws:iot:${region}:${account}:cert/${id}`);
  return { id, key, certificate: pem };
};

export const asClaim = (claim: KeyAndCertificate, serial: string) => ({
  clientId: claimClientId(serial),
  cert: claim.certificate,
  key: claim.key,
});

export type Provisioned =
  | { readonly ok: true; readonly identity: DeviceIdentity; readonly certificate: string }
  | { readonly ok: false; readonly errorCode: string };

/** What a new device does: asks for a certificate with a key of its own, then to be the device of that serial number. */
export const provisionByClaim = async (
  system: LocalSystem,
  claim: KeyAndCertificate,
  serial: string,
): Promise<Provisioned> => {
  const client = await connectMqtt(system, asClaim(claim, serial));
  // The client tells nobody of a publish that the connection's end has overtaken.
  const cut = new Promise<never>((_, reject) => client.once('close', () => reject(new Error('cut off'))));
  cut.catch(() => undefined);
  const ask = async (topic: string, message: object): Promise<{ accepted: boolean; body: Record<string, string> }> => {
    await Promise.race([client.subscribeAsync([`${topic}/accepted`, `${topic}/rejected`], { qos: 1 }), cut]);
    const answered = new Promise<{ accepted: boolean; body: Record<string, string> }>((resolve) => {
      client.on('message', (from, payload) => {
        if (from.startsWith(`${topic}/`))
          resolve({ accepted: from.endsWith('/accepted'), body: JSON.parse(payload.toString()) });
      });
    });
    const published = client.publishAsync(topic, JSON.stringify(message), { qos: 1 });
    return await Promise.race([published.then(() => answered), cut, late(answerMilliseconds)]);
  };
  try {
    const { request, key } = newRequest(serial);
    const made = await ask(provisioningTopics.createFromCsr, { certificateSigningRequest: request });
    const { certificateOwnershipToken, certificateId = '', certificatePem = '' } = made.body;
    const parameters = { [serialParameter]: serial };
    const topic = provisioningTopics.provision(provisioningTemplate);
    const { accepted, body } = await ask(topic, { certificateOwnershipToken, parameters });
    if (!accepted) return { ok: false, errorCode: body.errorCode ?? '' };
    const identity = writeIdentity(system, body.thingName ?? '', {
      id: certificateId,
      key,
      certificate: certificatePem,
    });
    return { ok: true, identity, certificate: certificateId };
  } finally {
    await client.endAsync(true);
  }
};

const writeIdentity = (system: LocalSystem, id: string, made: KeyAndCertificate): DeviceIdentity => {
  const directory = system.state.file('devices', `${encodeURIComponent(id)}-${made.id.slice(0, 8)}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string) => {
    const file = join(directory, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  return {
    id,
    directory,
    certificate: write('certificate.pem', made.certificate),
    key: write('key.pem', made.key),
    authority: write('authority.pem', system.authority.certificate),
  };
};
