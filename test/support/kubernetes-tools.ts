import type { GoTools } from './go-tools.ts';

/** Programs of Kubernetes that call themselves what their releases do: helm asks the API server for its version, and charts want a new one. */
export function kubernetesTools(names: readonly string[]): GoTools {
  return {
    name: 'kube',
    module: 'k8s.io/kubernetes',
    packages: Object.fromEntries(names.map((name) => [name, `cmd/${name}`])),
    variables: (version) => {
      const [major = '', minor = ''] = version.split('.');
      const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor };
      return Object.fromEntries(
        Object.entries(values).map(([name, value]) => [`k8s.io/component-base/version.${name}`, value]),
      );
    },
  };
}
