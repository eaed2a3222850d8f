import type { LocalSystem } from '../system/system.ts';
import type { Proof } from './proof.ts';

/** One line for each part that stands, with how long it took. */
export const steps = (print: (line: string) => void) => {
  let since = performance.now();
  return (what: string) => {
    const now = performance.now();
    print(`  ${`${((now - since) / 1_000).toFixed(1)} s`.padStart(7)}  ${what}`);
    since = now;
  };
};

export interface DemoFacts {
  readonly system: LocalSystem;
  readonly device: string;
  readonly login: string;
  readonly stateDirectory: string;
  readonly proof: Proof;
}

export function proofText({ device, proof }: DemoFacts): string {
  const { nonce, name, serverId, port, epoch } = proof;
  return table([
    ['', `A number drawn inside ${device} came through router, door, relay and agent:`],
    ['number', nonce],
    ['name', name],
    ['relay', `${serverId}, port ${port}, epoch ${epoch}`],
    ['asked', proof.requestedAt],
    ['open', `after ${proof.openMilliseconds.toFixed(0)} ms`],
    ['fetched', `after ${proof.fetchMilliseconds.toFixed(0)} ms more`],
  ]);
}

export function placesText({ system, stateDirectory }: DemoFacts): string {
  return table([
    ['', 'What runs where'],
    ['API', `${system.api} (tokens), ${system.iamApi} (IAM)`],
    ['router', `127.0.0.1:${system.routerPort}, SSH and HTTPS`],
    ['relays', `127.0.0.1:${system.relayPort} before ${system.dataPlane.relays.map(({ host }) => host).join(', ')}`],
    ['MQTT', `127.0.0.1:${system.plane.iot.port}`],
    ['AWS', `${system.plane.endpoint.url}, each role with its own rights`],
    ['state', `${stateDirectory}, logs in ${stateDirectory}/logs`],
  ]);
}

/** Each works as printed, in a second terminal in the same folder. */
export function commands({ system, device, login, stateDirectory: state }: DemoFacts): readonly string[] {
  const host = `${device}.${system.domain}`;
  return [
    `curl -H @${state}/headers -d '{"service":"ssh"}' ${system.api}/v1/devices/${device}/tunnels`,
    `ssh -F ${state}/ssh_config ${login}@${host} uname -a`,
    `scp -F ${state}/ssh_config README.md ${login}@${host}:/tmp/`,
    `curl --cacert ${state}/ca.pem -H @${state}/headers https://web--${host}:${system.routerPort}/`,
  ];
}

const width = 9;
const table = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([name, value]) => (name === '' ? value : `  ${name.padEnd(width)} ${value}`)).join('\n');
