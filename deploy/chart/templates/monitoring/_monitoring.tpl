{{/* Where something for the Prometheus operator or Grafana goes, and as what: both find their objects by labels that only the user knows. Takes (dict "root" $ "values" SECTION "component" NAME). */}}
{{- define "spiderpool.monitoring.meta" -}}
namespace: {{ .values.namespace | default .root.Release.Namespace }}
labels:
  {{- include "spiderpool.labels" . | nindent 2 }}
  {{- with .values.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (.values.annotations | default dict) .root.Values.global.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A Service that names the metrics ports of all pods of a component. Takes (dict "root" $ "values" COMPONENT). */}}
{{- define "spiderpool.monitoring.service" -}}
{{- $selector := dict "root" .root "component" .values.name -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .values.name }}-metrics
  namespace: {{ .root.Release.Namespace }}
  {{- include "spiderpool.meta" $selector | nindent 2 }}
spec:
  # Each process is asked by itself.
  clusterIP: None
  selector:
    {{- include "spiderpool.selector" $selector | nindent 4 }}
  ports:
    - name: metrics
      port: {{ .values.prometheus.port }}
      targetPort: {{ .values.prometheus.port }}
{{- end }}

{{/* Has the Prometheus operator scrape a component. Takes (dict "root" $ "values" COMPONENT "job" NAME). */}}
{{- define "spiderpool.monitoring.monitor" -}}
{{- $monitor := .values.prometheus.serviceMonitor -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ .values.name }}
  {{- include "spiderpool.monitoring.meta" (dict "root" .root "values" $monitor "component" .values.name) | nindent 2 }}
spec:
  namespaceSelector:
    matchNames: [{{ .root.Release.Namespace }}]
  selector:
    matchLabels:
      {{- include "spiderpool.selector" (dict "root" .root "component" .values.name) | nindent 6 }}
  endpoints:
    - port: metrics
      interval: {{ $monitor.interval }}
      relabelings:
        # Rules and dashboard know the job by this name, and nodes by this label.
        - targetLabel: job
          replacement: {{ .job }}
        - sourceLabels: [__meta_kubernetes_pod_node_name]
          targetLabel: node
{{- end }}
