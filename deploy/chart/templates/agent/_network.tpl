{{/* The network list of `cni`, as JSON. */}}
{{- define "spiderpool.networkList" -}}
{{- $cni := .Values.cni }}
{{- $plugins := $cni.plugins }}
{{- if not $plugins }}
{{- $ipam := dict "type" "spiderpool" }}
{{- if ne .Values.global.ipamUNIXSocketHostPath "/var/run/spidernet/spiderpool.sock" }}
{{- $_ := set $ipam "ipam_unix_socket_path" .Values.global.ipamUNIXSocketHostPath }}
{{- end }}
{{- $plugin := dict "type" $cni.type "ipam" $ipam "capabilities" (dict "ips" true) }}
{{- if eq $cni.type "bridge" }}
{{- $_ := set $plugin "bridge" $cni.bridge }}
{{- else }}
{{- $_ := set $plugin "master" $cni.master }}
{{- with $cni.mode }}{{ $_ := set $plugin "mode" . }}{{ end }}
{{- end }}
{{- with $cni.mtu }}{{ $_ := set $plugin "mtu" (int64 .) }}{{ end }}
{{- $plugins = list $plugin }}
{{- end }}
{{- dict "cniVersion" $cni.cniVersion "name" $cni.name "plugins" $plugins | toPrettyJson }}
{{- end }}
