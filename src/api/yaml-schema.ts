import { boolYaml11Tag, CORE_SCHEMA, mergeTag } from 'js-yaml';

/**
 * How Kubernetes' tools read YAML (sigs.k8s.io/yaml): numbers of YAML 1.2, but `yes` and `on` are booleans, and `<<` merges.
 * js-yaml's own YAML 1.1 schema would take some IPv6 addresses for base-60 numbers.
 */
export const kubernetesYamlSchema = CORE_SCHEMA.withTags(boolYaml11Tag, mergeTag);
