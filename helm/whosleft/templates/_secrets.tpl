{{/*
Objects that bring secrets in: ExternalSecrets and SecretProviderClasses.

root, suffix (of their names), annotations: the migration, which runs before the release's own objects are there, has copies.
*/}}
{{- define "whosleft.secretObjects" -}}
{{- $root := .root -}}
{{- $suffix := .suffix -}}
{{- $annotations := .annotations -}}
{{- range $secret := $root.Values.secrets }}
{{- $name := printf "%s-%s%s" (include "whosleft.fullname" $root) $secret.name $suffix }}
{{- with $secret.externalSecret }}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "whosleft.labels" $root | nindent 4 }}
  {{- with $annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  refreshInterval: {{ .refreshInterval | default "1h" }}
  secretStoreRef:
    {{- toYaml .secretStoreRef | nindent 4 }}
  target:
    name: {{ $name }}
    creationPolicy: Owner
  data:
    {{- range $key, $remote := .data }}
    - secretKey: {{ $key }}
      remoteRef:
        {{- toYaml $remote | nindent 8 }}
    {{- end }}
{{- end }}
{{- with $secret.csi }}
---
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "whosleft.labels" $root | nindent 4 }}
  {{- with $annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  provider: {{ .provider }}
  parameters:
    {{- range $key, $value := .parameters }}
    {{ $key }}: {{ $value | quote }}
    {{- end }}
{{- end }}
{{- end }}
{{- end -}}
