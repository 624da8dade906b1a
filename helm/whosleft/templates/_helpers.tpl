{{/* Names, labels, and what follows from the configuration. */}}

{{- define "whosleft.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "whosleft.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "whosleft.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "whosleft.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "whosleft.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository ($image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "whosleft.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "whosleft.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* The migration runs before the release's own ServiceAccount is there. */}}
{{- define "whosleft.migrationServiceAccountName" -}}
{{- if .Values.migration.serviceAccountName -}}
{{- .Values.migration.serviceAccountName -}}
{{- else if .Values.serviceAccount.create -}}
{{- include "whosleft.fullname" . }}-migrate
{{- else -}}
{{- include "whosleft.serviceAccountName" . -}}
{{- end -}}
{{- end -}}

{{- define "whosleft.serviceAccountAnnotations" -}}
{{- $annotations := deepCopy .Values.serviceAccount.annotations -}}
{{- with .Values.workloadIdentity.azure -}}
{{- if .enabled -}}
{{- $_ := set $annotations "azure.workload.identity/client-id" .clientId -}}
{{- if .tenantId -}}
{{- $_ := set $annotations "azure.workload.identity/tenant-id" .tenantId -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $annotations -}}
{{- toYaml $annotations -}}
{{- end -}}
{{- end -}}

{{/* "true" on SQLite, where one pod does everything; "" on PostgreSQL. */}}
{{- define "whosleft.isEmbedded" -}}
{{- if hasPrefix "sqlite:" .Values.config.database.url -}}true{{- end -}}
{{- end -}}

{{/* "true" where the desk is served. */}}
{{- define "whosleft.hasDesk" -}}
{{- if and .Values.desk.enabled (ne .Values.mode "plan") -}}true{{- end -}}
{{- end -}}

{{- define "whosleft.workerName" -}}
{{- include "whosleft.fullname" . -}}
{{- if not (include "whosleft.isEmbedded" .) -}}-worker{{- end -}}
{{- end -}}

{{/* The component whose pods serve the desk. */}}
{{- define "whosleft.deskComponent" -}}
{{- if include "whosleft.isEmbedded" . -}}worker{{- else -}}desk{{- end -}}
{{- end -}}

{{/* host:port -> port */}}
{{- define "whosleft.listenPort" -}}
{{- regexFind "[0-9]+$" . -}}
{{- end -}}

{{/* The port of an address such as ldaps://dc1.corp.example, which may be left to its scheme. */}}
{{- define "whosleft.urlPort" -}}
{{- $authority := regexReplaceAll "[/?#].*$" (regexReplaceAll "^[a-z]+://" . "") "" -}}
{{- $port := regexFind ":[0-9]+$" $authority | trimPrefix ":" -}}
{{- $schemes := dict "https" "443" "http" "80" "ldaps" "636" "ldap" "389" -}}
{{- $port | default (get $schemes (regexFind "^[a-z]+" .)) | default "443" -}}
{{- end -}}

{{/* A duration such as 1d12h in seconds. */}}
{{- define "whosleft.seconds" -}}
{{- $units := dict "w" 604800 "d" 86400 "h" 3600 "m" 60 "s" 1 -}}
{{- $total := 0 -}}
{{- range regexFindAll "[0-9]+[wdhms]" . -1 -}}
{{- $total = add $total (mul (regexFind "[0-9]+" . | int64) (get $units (regexFind "[wdhms]" .))) -}}
{{- end -}}
{{- $total -}}
{{- end -}}

{{/* What Graph calls, as a JSON list of {name, port, host, paths}. It calls two addresses: the second is for the subscription's own news. */}}
{{- define "whosleft.notifications" -}}
{{- $found := list -}}
{{- range $index, $directory := .Values.config.directories -}}
{{- with $directory.notifications -}}
{{- $url := urlParse .url -}}
{{- $path := regexReplaceAll "/+$" $url.path "" -}}
{{- $port := include "whosleft.listenPort" (.listen | default "127.0.0.1:8070") | int -}}
{{- $found = append $found (dict "name" (printf "graph-%d" $index) "directory" $directory.name "listen" (.listen | default "127.0.0.1:8070") "port" $port "host" $url.hostname "paths" (list ($path | default "/") (printf "%s/lifecycle" $path))) -}}
{{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/*
What calls inventories, notifiers and trackers, as a JSON list of {name, port, listen, section, owner, path, isPublic}; `section` of
`owner` is where `listen` is.

Gateways call from inside the cluster, as Request Tracker and Redmine do; Meta, Slack and the other trackers call from
outside, through the desk's host. Socket Mode calls nobody.
*/}}
{{- define "whosleft.calls" -}}
{{- $found := list -}}
{{- range $index, $inventory := .Values.config.inventories -}}
{{- with $inventory.calls -}}
{{- $port := include "whosleft.listenPort" .listen | int -}}
{{- $found = append $found (dict "name" (printf "calls-%d" $index) "section" "calls" "owner" (printf "the inventory %s" $inventory.name) "listen" .listen "port" $port "path" (.path | default "/") "isPublic" (eq $inventory.kind "whatsapp_cloud")) -}}
{{- end -}}
{{- end -}}
{{- range $index, $notifier := .Values.config.notify -}}
{{- with $notifier.interactive -}}
{{- if eq .mode "http" -}}
{{- $listen := .listen | default "" -}}
{{- $port := include "whosleft.listenPort" $listen | int -}}
{{- $found = append $found (dict "name" (printf "clicks-%d" $index) "section" "interactive" "owner" (printf "the notifier %s" $notifier.name) "listen" $listen "port" $port "path" (.path | default "/slack") "isPublic" true) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $index, $tracker := .Values.config.trackers -}}
{{- with $tracker.calls -}}
{{- $port := include "whosleft.listenPort" .listen | int -}}
{{- $isInside := has $tracker.kind (list "request_tracker" "redmine") -}}
{{- $found = append $found (dict "name" (printf "tracker-%d" $index) "section" "calls" "owner" (printf "the tracker %s" $tracker.name) "listen" .listen "port" $port "path" (.path | default "/") "isPublic" (not $isInside)) -}}
{{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/*
What is called from outside besides the desk, as a JSON list of {name, port, host, paths, service, key}; `key` says where the first path is.
Only workers hear calls.
*/}}
{{- define "whosleft.publicCalls" -}}
{{- $found := list -}}
{{- if eq .Values.mode "run" -}}
{{- $fullname := include "whosleft.fullname" . -}}
{{- range include "whosleft.notifications" . | fromJsonArray -}}
{{- $found = append $found (merge . (dict "service" (printf "%s-graph" $fullname) "key" (printf "notifications.url of the directory %s" .directory))) -}}
{{- end -}}
{{- $desk := urlParse .Values.config.desk.url -}}
{{- range include "whosleft.calls" . | fromJsonArray -}}
{{- if .isPublic -}}
{{- $found = append $found (merge . (dict "host" $desk.hostname "paths" (list .path) "service" (printf "%s-calls" $fullname) "key" (printf "%s.path of %s" .section .owner))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/* The ports that pods have to reach, as a JSON object of lists by what is there. */}}
{{- define "whosleft.egressPorts" -}}
{{- $database := list -}}
{{- $directories := list -}}
{{- $https := list -}}
{{- $inventories := list -}}
{{- $mail := list -}}
{{- $traces := list -}}
{{- $config := .Values.config -}}
{{- if not (include "whosleft.isEmbedded" .) -}}
{{- $plain := regexReplaceAll "\\$\\{[^}]*\\}" $config.database.url "" -}}
{{- $hosts := regexReplaceAll "[/?].*$" (regexReplaceAll "^.*@" (regexReplaceAll "^[^:]*://" (regexReplaceAll "[?].*$" $plain "") "") "") "" -}}
{{- $usual := "5432" -}}
{{- $query := regexFind "[?].*$" $plain | replace "%2C" "," | replace "%3A" ":" -}}
{{- with regexFindAll "[?&]host=[^&#]+" $query -1 -}}{{/* these take the place of the host before the path, not of its port */}}
{{- $usual = regexFind ":[0-9]+$" $hosts | trimPrefix ":" | default $usual -}}
{{- $hosts = regexReplaceAll "[?&]host=" (join "," .) "" -}}
{{- end -}}
{{- with regexFindAll "[?&]port=[0-9,]+" $query -1 -}}
{{- $hosts = regexReplaceAll "[?&]port=" (join "," .) "" | replace "," ",:" | printf ":%s" -}}
{{- end -}}
{{- range splitList "," $hosts -}}
{{- $database = append $database (regexFind ":[0-9]+$" . | trimPrefix ":" | default $usual) -}}
{{- end -}}
{{- end -}}
{{- range $config.directories -}}
{{- if eq .kind "active_directory" -}}
{{- range .servers -}}
{{- $directories = append $directories (include "whosleft.urlPort" .) -}}
{{- end -}}
{{- if eq (dig "bind" "method" "simple" .) "kerberos" -}}
{{- $directories = append $directories "88" -}}
{{- end -}}
{{- else if eq .kind "entra" -}}
{{- $https = append $https (include "whosleft.urlPort" (.authority | default "https://")) -}}
{{- $https = append $https (include "whosleft.urlPort" (.graph_url | default "https://")) -}}
{{- end -}}
{{- end -}}
{{- range $config.notify -}}
{{- if eq .kind "slack" -}}
{{- $https = append $https (include "whosleft.urlPort" (.api_url | default "https://")) -}}
{{- else if has .kind (list "apprise" "teams" "webhook") -}}
{{- $https = append $https (include "whosleft.urlPort" .url) -}}
{{- else if eq .kind "email" -}}
{{- $mail = append $mail (.port | default (eq .tls "implicit" | ternary 465 587) | toString) -}}
{{- if eq (dig "auth" "method" "none" .) "xoauth2" -}}
{{- $https = append $https (include "whosleft.urlPort" (.auth.authority | default "https://")) -}}
{{- end -}}
{{- with .bounces -}}
{{- $mail = append $mail (.port | default (eq (.tls | default "implicit") "implicit" | ternary 993 143) | toString) -}}
{{- if eq (dig "method" "none" (.auth | default dict)) "xoauth2" -}}
{{- $https = append $https (include "whosleft.urlPort" (.auth.authority | default "https://")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $config.inventories -}}
{{- with .url -}}
{{- $inventories = append $inventories (include "whosleft.urlPort" .) -}}
{{- end -}}
{{- if has .kind (list "whatsapp_cloud" "teams") -}}
{{- $https = append $https (include "whosleft.urlPort" (.graph_url | default "https://")) -}}
{{- else if eq .kind "slack" -}}
{{- $https = append $https (include "whosleft.urlPort" (.api_url | default "https://")) -}}
{{- else if has .kind (list "waha" "evolution") -}}
{{- $https = append $https "443" -}}{{/* groups' pictures, which are on WhatsApp's servers */}}
{{- end -}}
{{- end -}}
{{- range $config.trackers -}}
{{- $https = append $https (include "whosleft.urlPort" (.url | default "https://")) -}}
{{- end -}}
{{- range $config.rotas -}}
{{- with .ical -}}
{{- with .url -}}
{{- $https = append $https (include "whosleft.urlPort" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range dig "advisories" "feeds" (list) ($config.controls | default dict) -}}
{{- $https = append $https (include "whosleft.urlPort" (.url | default "https://")) -}}
{{- end -}}
{{- with $config.watch -}}
{{- with .ping -}}
{{- $https = append $https (include "whosleft.urlPort" .url) -}}
{{- end -}}
{{- end -}}
{{- with $config.desk.sign_in -}}
{{- $https = append $https (include "whosleft.urlPort" (.issuer | default .authority | default "https://")) -}}
{{- end -}}
{{- with $config.ops.otlp -}}
{{- $traces = append $traces (include "whosleft.urlPort" .) -}}
{{- end -}}
{{- if $https -}}
{{- range .Values.extraEnv -}}
{{- if and (has (lower .name) (list "https_proxy" "http_proxy" "all_proxy")) .value -}}
{{- $https = append $https (include "whosleft.urlPort" .value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- dict "database" (uniq $database) "directories" (uniq $directories) "inventories" (uniq $inventories) "https" (uniq $https) "mail" (uniq $mail) "traces" $traces | toJson -}}
{{- end -}}
