/** What a router must know of a service to let somebody in. */
export type Scheme = 'ssh' | 'http' | 'https' | 'tcp';
export const schemes: readonly Scheme[] = ['ssh', 'http', 'https', 'tcp'];

/** A named local address on a device that the device itself allows. The address stays on the device. */
export type Service = {
  readonly name: string;
  readonly scheme: Scheme;
  /** The port on the device, 1-65535: a request may name it instead of the service. */
  readonly port: number;
};

/** 1-32 characters, a DNS label without `--`, for it stands in `<service>--<label>.<domain>`. */
export const serviceNamePattern = /^(?!.*--)[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/;

/** ssh, https and tcp reach the device's own authentication; http does not, so the device must have confirmed the holder. */
export const isEndToEnd = (scheme: Scheme): boolean => scheme !== 'http';

/** What a client means that was given no port: `ssh root@pump-7` arrives as port 22, wherever the device's server listens. */
const meant: Readonly<Record<number, string>> = { 22: 'ssh' };

/** The service of that name or port; a client's default port stands for the service that it is the default of. */
export const findService = (services: readonly Service[], wanted: string | number): Service | undefined => {
  const found = services.find((service) =>
    typeof wanted === 'number' ? service.port === wanted : service.name === wanted,
  );
  if (found !== undefined || typeof wanted === 'string') return found;
  return services.find((service) => service.name === meant[wanted]);
};
