import { architectureOf, instanceTypeOf, taskMemoryOf } from './capacity.ts';
import type { StageConfig } from './schema.ts';

/** Fields that are usable one by one; a check of two fields is left out while one of them is not. */
type Usable = Partial<StageConfig>;
type Check = (config: Usable) => readonly string[] | string | false | undefined;

const cells: Check = ({ cells: given, region, domain }) => {
  if (given === undefined) return undefined;
  const twice = (values: readonly (string | undefined)[]) =>
    values.filter((value, at) => value !== undefined && values.indexOf(value) !== at);
  const domains = given.map((cell) => cell.domain);
  return [
    ...(region === undefined ? [] : ['region: remove it: each cell names its own']),
    ...(domain === undefined ? [] : ['domain: remove it: each cell names its own, such as eu.tunnels.example.com']),
    ...twice(given.map((cell) => cell.region)).map(
      (one) => `cells: name ${one} once: a Region holds one cell of a stage`,
    ),
    ...twice(domains).map((one) => `cells: give each cell a domain of its own: ${one} stands twice`),
  ];
};

const hasDomain = ({ domain, cells: given }: Usable): boolean =>
  domain !== undefined || (given?.some((cell) => cell.domain !== undefined) ?? false);

const certificateNeedsName: Check = (config) =>
  config.certificate !== undefined &&
  !hasDomain(config) &&
  'certificate: remove it, or give a domain: a certificate is for a name';

const issuerNeedsZone: Check = ({ certificate, dns, cells: given }) => {
  const places = given === undefined ? [dns] : given.map((cell) => cell.dns ?? dns);
  return (
    certificate !== undefined &&
    certificate.kind !== 'bring-your-own' &&
    places.some((place) => place?.kind === 'elsewhere') &&
    'certificate.kind: choose "bring-your-own": the others prove the domain in a Route 53 zone, and dns.kind is "elsewhere"'
  );
};

const twoNeedName: Check = (config) =>
  config.profile === 'small' &&
  config.capacity?.instances.count === 2 &&
  !hasDomain(config) &&
  config.relay?.host === undefined &&
  'capacity.instances.count: give a domain, which can stand for two addresses, or one instance, or profile "standard"';

const bounds: Check = ({ capacity }) =>
  (['relays', 'routers'] as const).flatMap((part) =>
    capacity !== undefined && capacity[part].min > capacity[part].max
      ? [`capacity.${part}.max: give at least ${capacity[part].min}, as many as min`]
      : [],
  );

const architecture: Check = ({ capacity, cpuArchitecture }) => {
  if (capacity === undefined || cpuArchitecture === undefined) return undefined;
  return (['relays', 'routers', 'instances'] as const).flatMap((part) => {
    const type = instanceTypeOf({ capacity, cpuArchitecture }, part);
    return architectureOf(type) === cpuArchitecture
      ? []
      : [`capacity.${part}.instanceType: ${type} is ${architectureOf(type)}: choose another, or set cpuArchitecture`];
  });
};

const memory: Check = ({ profile, capacity, cpuArchitecture, relay, router }) => {
  if (profile === undefined || profile === 'none' || capacity === undefined || cpuArchitecture === undefined)
    return undefined;
  if (relay === undefined || router === undefined) return undefined;
  const [ofRelay, ofRouter] = [relay.memoryMebibytes, router.memoryMebibytes];
  const asked =
    profile === 'small'
      ? ([['instances', 'relay and router ask', ofRelay + ofRouter]] as const)
      : ([
          ['relays', 'the relay asks', ofRelay],
          ['routers', 'the router asks', ofRouter],
        ] as const);
  return asked.flatMap(([part, who, mebibytes]) => {
    const type = instanceTypeOf({ capacity, cpuArchitecture }, part);
    const room = taskMemoryOf(type);
    return room === undefined || mebibytes <= room
      ? []
      : [
          `capacity.${part}.instanceType: ${type} gives tasks ${room} MiB and ${who} for ${mebibytes}: choose a larger one, or lower memoryMebibytes`,
        ];
  });
};

const zones: Check = ({ zones: given, region, cells: several }) => {
  if (given === undefined || typeof given === 'number') return undefined;
  if (several !== undefined) return 'zones: give their number: names belong to one Region, and there are several cells';
  if (region === undefined) return 'zones: give a region too, to which these zones belong';
  const strange = given.filter((zone) => zone.slice(0, -1) !== region);
  return [
    ...(strange.length > 0 ? [`zones: ${strange.join(', ')} is not in ${region}`] : []),
    ...(new Set(given).size < given.length ? ['zones: name each zone once'] : []),
  ];
};

const canaryNeedsApi: Check = ({ canary, iamApi }) =>
  canary === true && iamApi === false && 'canary: set iamApi to true: the canary calls the API by its role';

const checks: readonly Check[] = [
  canaryNeedsApi,
  cells,
  certificateNeedsName,
  issuerNeedsZone,
  twoNeedName,
  bounds,
  architecture,
  memory,
  zones,
];

/** What is wrong between fields that are right one by one, each with the remedy. */
export const crossProblems = (config: Usable): readonly string[] =>
  checks.flatMap((check) => {
    const found = check(config);
    return typeof found === 'string' ? [found] : found === false || found === undefined ? [] : found;
  });
