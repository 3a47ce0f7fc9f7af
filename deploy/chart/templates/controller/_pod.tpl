{{/* What the pods of the controllers have in common with those of the Jobs, which are the same program. */}}
{{- define "spiderpool.controllerPod" -}}
{{- $values := .Values.spiderpoolController }}
priorityClassName: {{ $values.priorityClassName }}
{{- with $values.image.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml $values.podSecurityContext | nindent 2 }}
{{- end }}

{{- define "spiderpool.controllerEnv" -}}
{{- $values := .Values.spiderpoolController }}
- name: SPIDERPOOL_POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: SPIDERPOOL_POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
# Also the name of the Service and of the webhook configurations.
- name: SPIDERPOOL_CONTROLLER_DEPLOYMENT_NAME
  value: {{ $values.name }}
- name: SPIDERPOOL_LOG_LEVEL
  value: {{ include "spiderpool.logLevel" $values.debug.logLevel }}
- name: SPIDERPOOL_HEALTH_PORT
  value: {{ $values.httpPort | toString | squote }}
- name: SPIDERPOOL_ENABLED_METRIC
  value: {{ $values.prometheus.enabled | toString | squote }}
- name: SPIDERPOOL_ENABLED_DEBUG_METRIC
  value: {{ $values.prometheus.enabledDebugMetric | toString | squote }}
- name: SPIDERPOOL_METRIC_HTTP_PORT
  value: {{ $values.prometheus.port | toString | squote }}
- name: SPIDERPOOL_WEBHOOK_PORT
  value: {{ $values.webhookPort | toString | squote }}
- name: SPIDERPOOL_GC_IP_ENABLED
  value: {{ .Values.ipam.gc.enabled | toString | squote }}
- name: SPIDERPOOL_GC_DEFAULT_INTERVAL_DURATION
  value: {{ .Values.ipam.gc.gcAll.intervalInSecond | int64 | toString | squote }}
- name: SPIDERPOOL_GC_STATELESS_TERMINATING_POD_ON_READY_NODE_ENABLED
  value: {{ .Values.ipam.gc.statelessPod.zombieOnReadyNode | toString | squote }}
- name: SPIDERPOOL_GC_STATELESS_TERMINATING_POD_ON_NOT_READY_NODE_ENABLED
  value: {{ .Values.ipam.gc.statelessPod.zombieOnNotReadyNode | toString | squote }}
- name: SPIDERPOOL_GC_ENABLE_STATELESS_RUNNING_POD_ON_EMPTY_POD_STATUS_IPS
  value: {{ .Values.ipam.gc.statelessPod.enableGcRunningPodOnEmptyPodStatusIPs | toString | squote }}
- name: SPIDERPOOL_GC_ADDITIONAL_GRACE_DELAY
  value: {{ .Values.ipam.gc.gcDeletingTimeOutPodDelay | int64 | toString | squote }}
{{- end }}
