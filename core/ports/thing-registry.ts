/** A certificate as the registry of things knows it. */
export type ThingCertificate = {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly active: boolean;
};

/** Who may be which device: things and their certificates. */
export type ThingRegistry = {
  /** The certificates attached to the device's thing; none where there is no such thing. */
  certificatesOf(device: string): Promise<readonly ThingCertificate[]>;
  /** The devices whose things a certificate is attached to. */
  devicesOf(certificate: string): Promise<readonly string[]>;
  /** `revoked` is said of a certificate that was lost or misused, `inactive` of one that another replaced. */
  retire(certificate: string, how: 'inactive' | 'revoked'): Promise<void>;
};
