{{/*
One webhook. Takes (dict "root" $ "verb" "mutate"|"validate" "kind" KIND "operations" LIST "failurePolicy" POLICY), and where it is
needed "prefix" of the name and "while", the name of a condition.
*/}}
{{- define "spiderpool.webhook" -}}
- name: {{ .prefix }}{{ .kind }}.spiderpool.spidernet.io
  clientConfig:
    service:
      name: {{ .root.Values.spiderpoolController.name }}
      namespace: {{ .root.Release.Namespace }}
      path: /{{ .verb }}-spiderpool-spidernet-io-v2beta1-{{ .kind }}
      port: 443
    {{- $tls := .root.Values.spiderpoolController.tls }}
    {{- if and (eq $tls.method "provided") $tls.provided.tlsCa }}
    caBundle: {{ include "spiderpool.base64" $tls.provided.tlsCa }}
    {{- end }}
  rules:
    - apiGroups: [spiderpool.spidernet.io]
      apiVersions: [v2beta1]
      resources: [{{ .kind }}s]
      operations: [{{ .operations }}]
      scope: Cluster
  {{- if .while }}
  matchConditions:
    - name: {{ .while }}
      expression: "{{ if hasPrefix "is-not" .while }}!{{ end }}has(object.metadata.deletionTimestamp)"
  {{- end }}
  failurePolicy: {{ .failurePolicy }}
  matchPolicy: Equivalent
  sideEffects: None
  timeoutSeconds: 10
  admissionReviewVersions: [v1]
{{- end }}
