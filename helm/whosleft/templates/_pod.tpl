{{/*
One pod: of a Deployment, a Job or `helm test`.

root        the chart's context
component   worker, desk, migrate, plan or check
args        what `whosleft` is told to do
serves      the ports that it listens on besides: a list of {name, port}
isServer    whether it runs for ever, and so has probes and is spread
hasData     whether it has the SQLite database's volume
resources   of its container
suffix      of the names of the ConfigMap and the secrets: the migration has copies of its own
serviceAccount
*/}}
{{- define "whosleft.podMetadata" -}}
{{- $root := .root -}}
labels:
  {{- with $root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- include "whosleft.labels" $root | nindent 2 }}
  app.kubernetes.io/component: {{ .component }}
  {{- if $root.Values.workloadIdentity.azure.enabled }}
  azure.workload.identity/use: "true"
  {{- end }}
{{- with $root.Values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "whosleft.podSpec" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $name := include "whosleft.fullname" $root -}}
{{- $suffix := .suffix | default "" -}}
serviceAccountName: {{ .serviceAccount | default (include "whosleft.serviceAccountName" $root) }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- if not .isServer }}
restartPolicy: Never
{{- end }}
terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
securityContext:
  {{- toYaml $values.podSecurityContext | nindent 2 }}
{{- with $values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
containers:
  - name: whosleft
    image: {{ include "whosleft.image" $root | quote }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    command: [whosleft]
    args: {{ toJson .args }}
    securityContext:
      {{- toYaml $values.securityContext | nindent 6 }}
    env:
      {{- include "whosleft.env" . | nindent 6 }}
    {{- if .isServer }}
    ports:
      - name: ops
        containerPort: {{ include "whosleft.listenPort" $values.config.ops.listen }}
      {{- range .serves }}
      - name: {{ .name }}
        containerPort: {{ .port }}
      {{- end }}
    # Ready: the tables are of this release and the database answers. A directory that is away makes no pod unready.
    startupProbe:
      httpGet: {path: /readyz, port: ops}
      periodSeconds: 5
      timeoutSeconds: 3
      failureThreshold: 120
    livenessProbe:
      httpGet: {path: /healthz, port: ops}
      periodSeconds: 20
      timeoutSeconds: 3
      failureThreshold: 3
    readinessProbe:
      httpGet: {path: /readyz, port: ops}
      periodSeconds: 10
      timeoutSeconds: 3
      failureThreshold: 3
    {{- end }}
    resources:
      {{- toYaml .resources | nindent 6 }}
    volumeMounts:
      # A folder, not a subPath: only so do changes of the ConfigMap arrive
      - name: whosleft-config
        mountPath: /etc/whosleft
        readOnly: true
      - name: whosleft-tmp
        mountPath: /tmp
      {{- if .hasData }}
      - name: whosleft-state
        mountPath: /var/lib/whosleft
      {{- end }}
      {{- range $values.secrets }}
      {{- if not .env }}
      - name: whosleft-{{ .name }}
        mountPath: /var/run/secrets/whosleft/{{ .name }}
        readOnly: true
      {{- end }}
      {{- end }}
      {{- with $values.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: whosleft-config
    configMap:
      name: {{ $name }}{{ $suffix }}
  - name: whosleft-tmp
    emptyDir:
      sizeLimit: {{ $values.tmpSizeLimit }}
  {{- if .hasData }}
  - name: whosleft-state
    {{- if $values.persistence.enabled }}
    persistentVolumeClaim:
      claimName: {{ $values.persistence.existingClaim | default $name }}
    {{- else }}
    emptyDir: {}
    {{- end }}
  {{- end }}
  {{- range $values.secrets }}
  {{- if not .env }}
  - name: whosleft-{{ .name }}
    {{- if .csi }}
    csi:
      driver: secrets-store.csi.k8s.io
      readOnly: true
      volumeAttributes:
        secretProviderClass: {{ $name }}-{{ .name }}{{ $suffix }}
    {{- else }}
    secret:
      secretName: {{ .existingSecret | default (printf "%s-%s%s" $name .name $suffix) }}
      defaultMode: 0440
    {{- end }}
  {{- end }}
  {{- end }}
  {{- with $values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if and .isServer $values.topologySpread.enabled }}
topologySpreadConstraints:
  {{- $component := .component }}
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: {{ $values.topologySpread.whenUnsatisfiable }}
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "whosleft.selector" $root | nindent 8 }}
        app.kubernetes.io/component: {{ $component }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "whosleft.env" -}}
{{- $root := .root -}}
{{- $name := include "whosleft.fullname" $root -}}
{{- $suffix := .suffix | default "" -}}
- name: WHOSLEFT_CONFIG
  value: /etc/whosleft/whosleft.yaml
{{- if and .isServer $root.Values.desk.trustedProxies }}
- name: FORWARDED_ALLOW_IPS
  value: {{ join "," $root.Values.desk.trustedProxies | quote }}
{{- end }}
{{- range $secret := $root.Values.secrets }}
{{- range $variable, $key := $secret.env }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret.existingSecret | default (printf "%s-%s%s" $name $secret.name $suffix) }}
      key: {{ $key }}
{{- end }}
{{- end }}
{{- with $root.Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
