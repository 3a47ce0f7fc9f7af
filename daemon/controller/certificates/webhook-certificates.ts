import type { CertificateProvider } from '../admission/serving-certificate.ts';
import type { ControllerContext } from '../controller-context.ts';
import { CaBundle } from './ca-bundle.ts';
import { FileCertificate } from './file-certificate.ts';
import { OwnCertificate } from './own-certificate.ts';

/** The webhooks' certificate, and the work that keeps it good. */
export interface WebhookCertificates extends CertificateProvider {
  /** Renews and publishes until the signal is aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * The certificate that the options name, given or made here.
 *
 * @throws CertificateFileError when given files can't be used
 */
export function createWebhookCertificates({ options, api, log }: ControllerContext): WebhookCertificates {
  const { certificate, controllerName, namespace } = options;
  const source =
    certificate.kind === 'files'
      ? new FileCertificate({ ...certificate, log })
      : new OwnCertificate({
          api,
          log,
          namespace,
          secretName: certificate.secretName,
          serviceName: controllerName,
        });
  const bundle = new CaBundle({ api, log, name: controllerName, source });
  return {
    get current() {
      return source.current;
    },
    onChange: (listener) => source.onChange(listener),
    run: async (signal) => {
      await Promise.all([source.run(signal), bundle.run(signal)]);
    },
  };
}
