{{- define "spiderpool.name" -}}
{{- .Values.global.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* What finds the pods of a component; it can't be changed by an upgrade. Takes (dict "root" $ "component" NAME). */}}
{{- define "spiderpool.selector" -}}
app.kubernetes.io/name: {{ include "spiderpool.name" .root }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of every object; the component is left out where there is none. */}}
{{- define "spiderpool.labels" -}}
app.kubernetes.io/name: {{ include "spiderpool.name" .root }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.global.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What stands in the metadata of every object beside its name. Takes also "annotations", a dict. */}}
{{- define "spiderpool.meta" -}}
labels:
  {{- include "spiderpool.labels" . | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) .root.Values.global.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The original's images have other programs in them. */}}
{{- define "spiderpool.isOriginalImage" -}}
{{- if hasPrefix "spidernet-io/spiderpool/" .repository }}true{{ end }}
{{- end }}

{{/* Takes (dict "root" $ "image" VALUES). */}}
{{- define "spiderpool.image" -}}
{{- $image := .image }}
{{- if include "spiderpool.isOriginalImage" $image }}
{{- $image = dict "repository" "spiderpool/spiderpool" }}
{{- end }}
{{- $registry := .root.Values.global.imageRegistryOverride | default $image.registry }}
{{- with $registry }}{{ trimSuffix "/" . }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{/* "panic" is a level of the original. */}}
{{- define "spiderpool.logLevel" -}}
{{- if eq . "panic" }}fatal{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* Where probes find what listens on all addresses of the node. */}}
{{- define "spiderpool.loopback" -}}
{{- if .Values.ipam.enableIPv4 }}127.0.0.1{{ else }}::1{{ end }}
{{- end }}

{{/* Takes (dict "root" $ "values" SECTION "isOnNode" BOOL). */}}
{{- define "spiderpool.probes" -}}
{{- $checks := .values.healthChecking }}
{{- $host := ternary (include "spiderpool.loopback" .root) "" .isOnNode }}
{{- $port := .values.httpPort }}
startupProbe:
  httpGet:
    {{- with $host }}
    host: {{ . | quote }}
    {{- end }}
    port: {{ $port }}
    path: /v1/runtime/startup
  periodSeconds: {{ $checks.startupProbe.periodSeconds }}
  failureThreshold: {{ $checks.startupProbe.failureThreshold }}
livenessProbe:
  httpGet:
    {{- with $host }}
    host: {{ . | quote }}
    {{- end }}
    port: {{ $port }}
    path: /v1/runtime/liveness
  initialDelaySeconds: 10
  periodSeconds: {{ $checks.livenessProbe.periodSeconds }}
  failureThreshold: {{ $checks.livenessProbe.failureThreshold }}
readinessProbe:
  httpGet:
    {{- with $host }}
    host: {{ . | quote }}
    {{- end }}
    port: {{ $port }}
    path: /v1/runtime/readiness
  periodSeconds: {{ $checks.readinessProbe.periodSeconds }}
  failureThreshold: {{ $checks.readinessProbe.failureThreshold }}
{{- end }}

{{/* namespace/name of the network of first NICs, empty where there is none. */}}
{{- define "spiderpool.clusterNetwork" -}}
{{- with .Values.multus.multusCNI.defaultCniCRName }}
{{- if contains "/" . }}{{ . }}{{ else }}{{ $.Release.Namespace }}/{{ . }}{{ end }}
{{- end }}
{{- end }}

{{/* Text in base64, whether it was given so or as PEM. */}}
{{- define "spiderpool.base64" -}}
{{- if hasPrefix "-----BEGIN" (trim .) }}{{ b64enc . }}{{ else }}{{ . | replace "\n" "" | trim }}{{ end }}
{{- end }}

{{/* Helm takes over no Secret that the controllers have made, so one of its own is named otherwise. */}}
{{- define "spiderpool.certificateSecret" -}}
{{- $name := .Values.spiderpoolController.name }}
{{- $tls := .Values.spiderpoolController.tls }}
{{- $made := printf "%s-server-certs" $name }}
{{- if eq $tls.method "auto" }}
{{- $made }}
{{- else if and (eq $tls.method "provided") $tls.provided.tlsCert (eq $tls.secretName $made) }}
{{- $name }}-provided-certs
{{- else }}
{{- $tls.secretName }}
{{- end }}
{{- end }}

{{/* Changes with what agents and controllers read once, when they start. */}}
{{- define "spiderpool.checksum" -}}
{{- printf "%s%s" (include (print .Template.BasePath "/config.yaml") .) (include (print .Template.BasePath "/agent/network.yaml") .) | sha256sum }}
{{- end }}
