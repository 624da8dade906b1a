{{/* What the schema of the values can't say. Each refusal says what to write instead. */}}
{{- define "whosleft.validate" -}}
{{- $config := .Values.config -}}
{{- if include "whosleft.isEmbedded" . -}}
{{- if gt (int .Values.worker.replicaCount) 1 -}}
{{- fail (printf "worker.replicaCount is %d, and SQLite serves one pod: write 1, or a postgresql:// address in config.database.url." (int .Values.worker.replicaCount)) -}}
{{- end -}}
{{- if gt (int .Values.desk.replicaCount) 1 -}}
{{- fail (printf "desk.replicaCount is %d, and on SQLite the worker's only pod serves the desk: write 1, or a postgresql:// address in config.database.url." (int .Values.desk.replicaCount)) -}}
{{- end -}}
{{- if and (eq .Values.mode "cron") .Values.desk.enabled -}}
{{- fail "mode: cron leaves no pod that could serve the desk from SQLite: write desk.enabled: false, mode: run, or a postgresql:// address in config.database.url." -}}
{{- end -}}
{{- if and (eq .Values.mode "cron") (not .Values.persistence.enabled) -}}
{{- fail "mode: cron on SQLite without a volume begins each run with an empty database, and never opens a ticket: write persistence.enabled: true, mode: run, or a postgresql:// address in config.database.url." -}}
{{- end -}}
{{- if not (hasPrefix "sqlite:////var/lib/whosleft/" $config.database.url) -}}
{{- fail (printf "config.database.url is %s, where no pod can write: write sqlite:////var/lib/whosleft/whosleft.db (four slashes)." $config.database.url) -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.mode "run") (lt (int .Values.worker.replicaCount) 1) -}}
{{- fail "worker.replicaCount is 0: write 1 or more, or mode: cron for a cluster without a worker pod." -}}
{{- end -}}
{{- range $key := list "desk" "ops" -}}
{{- $listen := (get $config $key).listen -}}
{{- if not (regexMatch "^(0\\.0\\.0\\.0|\\[::\\]):[1-9][0-9]*$" $listen) -}}
{{- fail (printf "config.%s.listen is %s, which nobody outside of the pod reaches: write 0.0.0.0:%s." $key $listen (include "whosleft.listenPort" $listen | default "8080")) -}}
{{- end -}}
{{- end -}}
{{- range include "whosleft.notifications" . | fromJsonArray -}}
{{- if not (regexMatch "^(0\\.0\\.0\\.0|\\[::\\]):[1-9][0-9]*$" .listen) -}}
{{- fail (printf "notifications.listen of the directory %s is %s, which nobody outside of the pod reaches: write 0.0.0.0:8070." .directory .listen) -}}
{{- end -}}
{{- end -}}
{{- range include "whosleft.calls" . | fromJsonArray -}}
{{- if not (regexMatch "^(0\\.0\\.0\\.0|\\[::\\]):[1-9][0-9]*$" .listen) -}}
{{- fail (printf "%s.listen of %s is %s, which nobody outside of the pod reaches: write 0.0.0.0:%s." .section .owner (.listen | default "missing") (include "whosleft.listenPort" .listen | default "8072")) -}}
{{- end -}}
{{- end -}}
{{- if regexMatch "^https?://[^/?#$]+(/*[?#]|/+[^/])" ($config.desk.url | default "") -}}
{{- fail (printf "config.desk.url is %s, which has more than a host, and the desk's pages stand at the top of their host: write one of its own, such as https://whosleft.example.org." $config.desk.url) -}}
{{- end -}}
{{- if or .Values.ingress.enabled .Values.httpRoute.enabled -}}
{{- if not .Values.desk.enabled -}}
{{- fail "ingress and httpRoute lead to the desk, which is off: write desk.enabled: true." -}}
{{- end -}}
{{- if not (regexMatch "^https?://[^/?#]+/?$" ($config.desk.url | default "")) -}}
{{- fail "ingress and httpRoute take their host from config.desk.url, which is missing or is no address: write it, such as https://whosleft.example.org." -}}
{{- end -}}
{{- include "whosleft.validateHosts" . -}}
{{- include "whosleft.validatePaths" . -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs is empty: name your Gateway, such as [{name: public, namespace: gateways}]." -}}
{{- end -}}
{{- if and .Values.workloadIdentity.azure.enabled (not .Values.workloadIdentity.azure.clientId) -}}
{{- fail "workloadIdentity.azure.clientId is empty: write the client id of the app registration or managed identity." -}}
{{- end -}}
{{- include "whosleft.validateNames" . -}}
{{- include "whosleft.validatePorts" . -}}
{{- include "whosleft.validateVolumes" . -}}
{{- include "whosleft.validateSecrets" . -}}
{{- include "whosleft.validateNoSecrets" . -}}
{{- include "whosleft.validateReferences" . -}}
{{- end -}}

{{/* A path that leads to the desk, or to somebody else, too: one of the two would never be reached. */}}
{{- define "whosleft.validatePaths" -}}
{{- $desk := urlParse .Values.config.desk.url -}}
{{- $taken := dict (printf "%s/" $desk.hostname) "the desk's front page" -}}
{{- range $call := include "whosleft.publicCalls" . | fromJsonArray -}}
{{- range $path := $call.paths -}}
{{- $address := printf "%s%s" $call.host $path -}}
{{- with get $taken $address -}}
{{- fail (printf "%s leads to %s, and so does %s: give it a path of its own, such as /%s." $call.key $address . $call.name) -}}
{{- end -}}
{{- $_ := set $taken $address $call.key -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the cluster takes as a host of an Ingress or a route: a name, in small letters. */}}
{{- define "whosleft.validateHosts" -}}
{{- $hosts := list (dict "key" "config.desk.url" "host" (urlParse .Values.config.desk.url).hostname) -}}
{{- range include "whosleft.publicCalls" . | fromJsonArray -}}
{{- $hosts = append $hosts (dict "key" .key "host" .host) -}}
{{- end -}}
{{- range $hosts -}}
{{- if or (not (regexMatch "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$" .host)) (regexMatch "^[0-9.]+$" .host) -}}
{{- fail (printf "%s has the host %s, which ingress and httpRoute don't take: write a DNS name in small letters, such as whosleft.example.org." .key .host) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A release may be named as no Service may be, and what is the chart's own may be given once more. */}}
{{- define "whosleft.validateNames" -}}
{{- $name := include "whosleft.fullname" . -}}
{{- if not (regexMatch "^[a-z]([a-z0-9-]*[a-z0-9])?$" $name) -}}
{{- fail (printf "the release is named %s, and no Service can be named %s: write fullnameOverride, a name of small letters, digits and hyphens that begins with a letter." .Release.Name $name) -}}
{{- end -}}
{{- range $label := keys .Values.podLabels -}}
{{- if or (hasPrefix "app.kubernetes.io/" $label) (has $label (list "helm.sh/chart" "azure.workload.identity/use")) -}}
{{- fail (printf "podLabels has %s, which the chart sets itself: leave it out." $label) -}}
{{- end -}}
{{- end -}}
{{- $taken := list "WHOSLEFT_CONFIG" "FORWARDED_ALLOW_IPS" -}}
{{- $variables := list -}}
{{- range .Values.secrets -}}
{{- $variables = concat $variables (keys (.env | default dict)) -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- $variables = append $variables .name -}}
{{- end -}}
{{- range $variables -}}
{{- if has . $taken -}}
{{- fail (printf "secrets and extraEnv set the variable %s twice, or the chart sets it itself: leave one out." .) -}}
{{- end -}}
{{- $taken = append $taken . -}}
{{- end -}}
{{- end -}}

{{/* What one pod listens on. The desk is in the worker's pod on SQLite alone. */}}
{{- define "whosleft.validatePorts" -}}
{{- $config := .Values.config -}}
{{- $desk := dict "key" "config.desk.listen" "port" (include "whosleft.listenPort" $config.desk.listen | int) -}}
{{- $ports := list (dict "key" "config.ops.listen" "port" (include "whosleft.listenPort" $config.ops.listen | int)) -}}
{{- if eq (get $desk "port") (get (first $ports) "port") -}}
{{- fail (printf "config.ops.listen and config.desk.listen have the port %d: give each a port of its own, such as 0.0.0.0:9090 and 0.0.0.0:8080." (get $desk "port")) -}}
{{- end -}}
{{- if include "whosleft.isEmbedded" . -}}
{{- $ports = append $ports $desk -}}
{{- end -}}
{{- range include "whosleft.notifications" . | fromJsonArray -}}
{{- $ports = append $ports (dict "key" (printf "notifications.listen of the directory %s" .directory) "port" (int .port)) -}}
{{- end -}}
{{- range include "whosleft.calls" . | fromJsonArray -}}
{{- $ports = append $ports (dict "key" (printf "%s.listen of %s" .section .owner) "port" (int .port)) -}}
{{- end -}}
{{- $taken := dict -}}
{{- range $one := $ports -}}
{{- $port := toString .port -}}
{{- with get $taken $port -}}
{{- fail (printf "%s has the port %s, and so has %s: give each a port of its own." $one.key $port .) -}}
{{- end -}}
{{- $_ := set $taken $port .key -}}
{{- end -}}
{{- end -}}

{{- define "whosleft.validateVolumes" -}}
{{- $volumes := list -}}
{{- range .Values.extraVolumes -}}
{{- $volumes = append $volumes .name -}}
{{- if hasPrefix "whosleft-" .name -}}
{{- fail (printf "extraVolumes has a volume named %s, and names that begin with whosleft- are the chart's own: give it another." .name) -}}
{{- end -}}
{{- end -}}
{{- $folders := list "" "/etc/whosleft" "/var/lib/whosleft" "/var/run/secrets/whosleft" "/tmp" -}}
{{- range .Values.secrets -}}
{{- $folders = append $folders (printf "/var/run/secrets/whosleft/%s" .name) -}}
{{- end -}}
{{- range .Values.extraVolumeMounts -}}
{{- $folder := trimSuffix "/" .mountPath -}}
{{- if has $folder $folders -}}
{{- fail (printf "extraVolumeMounts has %s, where the chart mounts something itself, or twice: take another folder, such as /data." .mountPath) -}}
{{- end -}}
{{- $folders = append $folders $folder -}}
{{- if not (has .name $volumes) -}}
{{- fail (printf "extraVolumeMounts names the volume %s, which extraVolumes doesn't have: add it there." .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "whosleft.validateSecrets" -}}
{{- $names := list "config" "tmp" "state" -}}
{{- range .Values.secrets -}}
{{- if has .name $names -}}
{{- fail (printf "secrets has two entries named %s, or the chart uses this name itself: give each a name of its own." .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- range .Values.secrets -}}
{{- if has (printf "%s-migrate" .name) $names -}}
{{- fail (printf "secrets has entries named %s and %s-migrate, and the migration's copy of the first has the second's name: give it another." .name .name) -}}
{{- end -}}
{{- $sources := list -}}
{{- $entry := . -}}
{{- range list "existingSecret" "externalSecret" "csi" -}}
{{- if get $entry . -}}
{{- $sources = append $sources . -}}
{{- end -}}
{{- end -}}
{{- if ne (len $sources) 1 -}}
{{- fail (printf "the entry %s of secrets has %s: write exactly one of existingSecret, externalSecret and csi." .name (join " and " $sources | default "no source")) -}}
{{- end -}}
{{- if and .csi .env -}}
{{- fail (printf "the entry %s of secrets has csi and env, and the driver only mounts files: leave env out, and write ${file:/var/run/secrets/whosleft/%s/…} in config." .name .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A ConfigMap is no place for a secret. */}}
{{- define "whosleft.validateNoSecrets" -}}
{{- if .Values.config.allow_literal_secrets -}}
{{- fail "config.allow_literal_secrets is for labs: what config has goes into a ConfigMap. Write ${env:NAME} or ${file:/path}, and name it in secrets." -}}
{{- end -}}
{{- include "whosleft.validateNoPasswords" (dict "at" "config" "value" .Values.config) -}}
{{- end -}}

{{/*
No text below `value` has an address with a password in it, before its host or in its query; `at` says where it is. References are no
passwords: "\x01" takes the place of each.
*/}}
{{- define "whosleft.validateNoPasswords" -}}
{{- $at := .at -}}
{{- if kindIs "map" .value -}}
{{- range $key, $value := .value -}}
{{- include "whosleft.validateNoPasswords" (dict "at" (printf "%s.%s" $at $key) "value" $value) -}}
{{- end -}}
{{- else if kindIs "slice" .value -}}
{{- range $index, $value := .value -}}
{{- include "whosleft.validateNoPasswords" (dict "at" (printf "%s[%d]" $at $index) "value" $value) -}}
{{- end -}}
{{- else if kindIs "string" .value -}}
{{- $text := regexReplaceAll "\\$\\{[^}]*\\}" .value "\x01" -}}
{{- $text = regexReplaceAll "(://[^/?#@:]*):\x01@" $text "${1}@" -}}
{{- $text = regexReplaceAll "=\x01([&;#]|$)" $text "=${1}" -}}
{{- $inAddress := "^\\s*[A-Za-z][A-Za-z0-9+.-]*://[^/?#@:]*:[0-9]*[^0-9/?#@][^@]*@|://[^/?#\\s@:]*:[^/?#\\s@]+@" -}}
{{- $inQuery := "(?i)[?&;](([^=&;#]*[_-])?(token|passphrase|secret|api_key)|[^=&;#]*password)=[^&;#]" -}}
{{- if or (regexMatch $inAddress $text) (regexMatch $inQuery $text) -}}
{{- fail (printf "%s has a password, and would be in a ConfigMap: write ${env:NAME} in its place, and name it in secrets." $at) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Every reference of the configuration has somebody who provides it: else pods would only fail when they start. */}}
{{- define "whosleft.validateReferences" -}}
{{- $variables := list -}}
{{- range .Values.secrets -}}
{{- if .env -}}
{{- $variables = concat $variables (keys .env) -}}
{{- end -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- $variables = append $variables .name -}}
{{- end -}}
{{- if .Values.workloadIdentity.azure.enabled -}}
{{- $variables = concat $variables (list "AZURE_CLIENT_ID" "AZURE_TENANT_ID" "AZURE_FEDERATED_TOKEN_FILE" "AZURE_AUTHORITY_HOST") -}}
{{- end -}}
{{- $text := toYaml .Values.config -}}
{{- range regexFindAll "\\$\\{env:[^}]*\\}" $text -1 | uniq -}}
{{- $name := . | trimPrefix "${env:" | trimSuffix "}" -}}
{{- if not (has $name $variables) -}}
{{- fail (printf "config refers to %s, which nothing provides: add an entry with env: {%s: KEY} to secrets." . $name) -}}
{{- end -}}
{{- end -}}
{{- $secrets := .Values.secrets -}}
{{- range $reference := regexFindAll "\\$\\{file:/var/run/secrets/whosleft/[^}]*\\}" $text -1 | uniq -}}
{{- $name := regexReplaceAll "/.*$" ($reference | trimPrefix "${file:/var/run/secrets/whosleft/" | trimSuffix "}") "" -}}
{{- $isProvided := false -}}
{{- range $secrets -}}
{{- if and (eq .name $name) (not .env) -}}
{{- $isProvided = true -}}
{{- end -}}
{{- end -}}
{{- if not $isProvided -}}
{{- fail (printf "config refers to %s, which nothing provides: add an entry with name: %s (and without env) to secrets." $reference $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
