{{/* Ends the rendering with a message that says what to write, where values do not fit together. The schema checks each alone. */}}
{{- define "spiderpool.checks" -}}
{{- if not (or .Values.ipam.enableIPv4 .Values.ipam.enableIPv6) }}
{{- fail "ipam.enableIPv4 and ipam.enableIPv6 are both false, so no pod could get an address: set one of them to true" }}
{{- end }}
{{- include "spiderpool.checks.original" . }}
{{- include "spiderpool.checks.network" . }}
{{- include "spiderpool.checks.pool" (dict "root" . "family" "4") }}
{{- include "spiderpool.checks.pool" (dict "root" . "family" "6") }}
{{- include "spiderpool.checks.certificate" . }}
{{- end }}

{{/* What can't be left out without harm, of all that only the original does. */}}
{{- define "spiderpool.checks.original" -}}
{{- if dig "serverUrl" "" (.Values.iaasNetworkProvider | default dict) }}
{{- fail "iaasNetworkProvider.serverUrl is set, but addresses are not registered with a provider here, and pods would get some that it does not know: stay with the original, or leave it out" }}
{{- end }}
{{- if .Chart.IsRoot }}
{{- range $key, $value := .Values.global }}
{{- if not (has $key (list "imageRegistryOverride" "nameOverride" "clusterDnsDomain" "commonAnnotations" "commonLabels" "cniBinHostPath" "cniConfHostPath" "ipamUNIXSocketHostPath" "configName" "ciliumConfigMap")) }}
{{- fail (printf "global.%s is not known: see deploy/chart/README.md for the names" $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "spiderpool.checks.network" -}}
{{- $cni := .Values.cni }}
{{- if $cni.install }}
{{- if $cni.plugins }}
{{- if not (include "spiderpool.networkList" . | fromJson | toJson | regexMatch "\"type\":\"spiderpool\"") }}
{{- fail "cni.plugins has no plugin with ipam.type \"spiderpool\": its pods would get no address from pools; write ipam: {type: spiderpool}" }}
{{- end }}
{{- else if and (eq $cni.type "bridge") (not $cni.bridge) }}
{{- fail "cni.bridge is empty: write the name of the nodes' bridge to which pods are attached, such as br0, or set cni.install to false" }}
{{- else if and (ne $cni.type "bridge") (not $cni.master) }}
{{- fail (printf "cni.master is empty: write the NIC of the nodes to which %s attaches pods, such as eth0, or set cni.install to false" $cni.type) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Takes (dict "root" $ "family" "4"|"6"). */}}
{{- define "spiderpool.checks.pool" -}}
{{- $pools := .root.Values.clusterDefaultPool }}
{{- $key := printf "clusterDefaultPool.ipv%s" .family }}
{{- $switch := printf "clusterDefaultPool.installIPv%sIPPool" .family }}
{{- if index $pools (printf "installIPv%sIPPool" .family) }}
{{- if not (index .root.Values.ipam (printf "enableIPv%s" .family)) }}
{{- fail (printf "%s asks for a pool of a family that ipam.enableIPv%s switches off: set both to true, or both to false" $switch .family) }}
{{- end }}
{{- $subnet := index $pools (printf "ipv%sSubnet" .family) }}
{{- $example := ternary "172.18.40.0/24" "fd00:40::/64" (eq .family "4") }}
{{- if not $subnet }}
{{- fail (printf "%sSubnet is empty: write the subnet of the pool, such as %s, or set %s to false" $key $example $switch) }}
{{- end }}
{{- if not (and (contains "/" $subnet) (eq (contains ":" $subnet) (eq .family "6"))) }}
{{- fail (printf "%sSubnet is %q, which is no IPv%s subnet: write it such as %s" $key $subnet .family $example) }}
{{- end }}
{{- if not (index $pools (printf "ipv%sIPRanges" .family)) }}
{{- fail (printf "%sIPRanges is empty: write the addresses that pods may get, such as [%s]" $key (ternary "172.18.40.40-172.18.40.200" "fd00:40::100-fd00:40::1ff" (eq .family "4"))) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "spiderpool.checks.certificate" -}}
{{- $tls := .Values.spiderpoolController.tls }}
{{- if eq $tls.method "provided" }}
{{- if ne (empty $tls.provided.tlsCert) (empty $tls.provided.tlsKey) }}
{{- fail "spiderpoolController.tls.provided.tlsCert and .tlsKey belong together: give both, or none and make the Secret yourself" }}
{{- end }}
{{- range $key := list "tlsCert" "tlsKey" "tlsCa" }}
{{- $text := include "spiderpool.base64" (index $tls.provided $key) }}
{{- if and $text (not (contains "-----BEGIN" (b64dec $text))) }}
{{- fail (printf "spiderpoolController.tls.provided.%s is no PEM, nor base64 of one: use --set-file with the PEM file" $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
