/** Folders as the processes of a node see them; each node has its own of each. */
export const nodePaths = {
  cniBin: '/opt/cni/bin',
  cniConf: '/etc/cni/net.d',
  containerdSocket: '/run/containerd/containerd.sock',
  containerdMetrics: '127.0.0.1:1338',
} as const;

/** Image that holds the namespaces of a pod. */
export const pauseImage = 'example.test/pause:1';

/** Configuration of containerd 1.6 to 2.x. */
export function containerdConfig(): string {
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
# These look for devices of the machine or write into folders that nobody needs.
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
  address = "${nodePaths.containerdSocket}"

[metrics]
  address = "${nodePaths.containerdMetrics}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # A profile would be loaded into the machine's kernel.
  disable_apparmor = true
  # Machines without CAP_SYS_RESOURCE can't lower it.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${nodePaths.cniBin}"
    conf_dir = "${nodePaths.cniConf}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
`;
}

export interface KubeletConfigOptions {
  /** The node's own. */
  readonly address: string;
  /** Exists in every hierarchy. */
  readonly cgroup: string;
}

/** Configuration of kubelet, as JSON. */
export function kubeletConfig({ address, cgroup }: KubeletConfigOptions): string {
  return JSON.stringify({
    kind: 'KubeletConfiguration',
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    address,
    readOnlyPort: 0,
    // It listens in a network that nobody else is in.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDomain: 'cluster.local',
    clusterDNS: ['10.96.0.10'],
    containerRuntimeEndpoint: `unix://${nodePaths.containerdSocket}`,
    makeIPTablesUtilChains: false,
    // How full the machine's disk is concerns no test, and images that go can't be pulled again.
    evictionHard: {
      'memory.available': '1Mi',
      'nodefs.available': '0%',
      'imagefs.available': '0%',
      'nodefs.inodesFree': '0%',
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    maxPods: 250,
    nodeStatusUpdateFrequency: '2s',
    nodeStatusReportFrequency: '10s',
    nodeLeaseDurationSeconds: 8,
    kubeAPIQPS: 200,
    kubeAPIBurst: 400,
    eventRecordQPS: 0,
    serializeImagePulls: false,
  });
}
