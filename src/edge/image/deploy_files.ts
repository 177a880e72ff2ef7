// Files that start an exported image elsewhere: plain text, made for this package, meant to be read and changed.

export interface DeployFilesOptions {
  /** The image as a registry names it. */
  readonly image: string;
  /** Name of the package. */
  readonly name: string;
  readonly version: string;
}

/** By file name. */
export function deployFiles(options: DeployFilesOptions): Readonly<Record<string, string>> {
  const name = kubernetesName(options.name);
  return {
    Dockerfile: dockerfile(options),
    "compose.yaml": compose(name, options.image),
    "kubernetes.yaml": kubernetes(name, options),
    "kserve.yaml": kserve(name, options.image),
  };
}

/** Rule: Kubernetes object names, RFC 1123 labels: at most 63 of a-z, 0-9 and -. */
export function kubernetesName(name: string): string {
  return (
    name
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 50)
      .replace(/-+$/, "") || "model"
  );
}

function dockerfile({ image }: DeployFilesOptions): string {
  return `# The image needs no building; this is for whoever adds to it: files, certificates, another user.
FROM ${image}
# COPY --chown=65532:65532 deployment.yaml /deployment.yaml
# CMD ["serve", "-f", "/deployment.yaml", "--host", "0.0.0.0"]
`;
}

function compose(name: string, image: string): string {
  return `services:
  ${name}:
    image: ${image}
    ports: ["8080:8080", "8081:8081"]
    read_only: true
    user: "65532:65532"
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    mem_limit: 1g
    restart: unless-stopped
    stop_grace_period: 40s
    healthcheck:
      test: ["CMD", "/opt/ingot/bin/node", "-e", "fetch('http://127.0.0.1:8080/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
      interval: 10s
      timeout: 3s
      start_period: 10s
`;
}

function container(image: string, indent: string): string {
  return `- name: model
  image: ${image}
  ports:
    - { name: http, containerPort: 8080 }
    - { name: grpc, containerPort: 8081 }
  startupProbe: { httpGet: { path: /readyz, port: http }, periodSeconds: 1, failureThreshold: 60 }
  readinessProbe: { httpGet: { path: /readyz, port: http }, periodSeconds: 2 }
  livenessProbe: { httpGet: { path: /healthz, port: http }, periodSeconds: 10, timeoutSeconds: 5 }
  resources:
    requests: { cpu: 250m, memory: 256Mi }
    limits: { memory: 1Gi }
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: { drop: [ALL] }`.replaceAll("\n", `\n${indent}`);
}

function kubernetes(name: string, { image, version }: DeployFilesOptions): string {
  const labels = `{ app.kubernetes.io/name: ${name}, app.kubernetes.io/version: "${version}" }`;
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels: ${labels}
spec:
  replicas: 2
  selector: { matchLabels: { app.kubernetes.io/name: ${name} } }
  strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
  template:
    metadata:
      labels: ${labels}
      annotations: { prometheus.io/scrape: "true", prometheus.io/port: "8080", prometheus.io/path: /metrics }
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 40
      securityContext: { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: RuntimeDefault } }
      containers:
        ${container(image, "        ")}
---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
  labels: ${labels}
spec:
  selector: { app.kubernetes.io/name: ${name} }
  ports:
    - { name: http, port: 80, targetPort: http }
    - { name: grpc, port: 8081, targetPort: grpc }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: ${name}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${name} }
  minReplicas: 2
  maxReplicas: 10
  metrics:
    - { type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 70 } } }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: ${name}
spec:
  minAvailable: 1
  selector: { matchLabels: { app.kubernetes.io/name: ${name} } }
`;
}

/** KServe calls the port that is to be reached h2c or http1 by its name. */
function kserve(name: string, image: string): string {
  return `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: ${name}
spec:
  predictor:
    minReplicas: 1
    containers:
      ${container(image, "      ")
        .replace("- name: model", "- name: kserve-container")
        .replace("{ name: http, containerPort", "{ name: http1, containerPort")
        .replace(/\n *- \{ name: grpc.*/, "")
        .replaceAll("port: http }", "port: http1 }")}
`;
}
