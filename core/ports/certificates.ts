import type { CertificateText } from '../model/certificate.ts';

/** The secret that routers follow. */
export type CertificateStore = {
  /** `undefined` for one that was never filled. Throws `internal` for one that holds something else. */
  read(): Promise<CertificateText | undefined>;
  write(certificate: CertificateText): Promise<void>;
};

export type CertificateIssuer = {
  /**
   * A certificate to serve instead of the standing one, or `undefined` while there is no reason for another. `standing` is
   * what routers can serve now. Throws `unavailable` when the authority does not answer or refuses.
   */
  next(standing: CertificateText | undefined): Promise<CertificateText | undefined>;
};
