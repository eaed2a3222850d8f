import { UserData } from 'aws-cdk-lib/aws-ec2';
import { adminPorts, ports } from '../house.ts';

export type InstanceStart = {
  /** Connections that the kernel may track: about 320 bytes each. */
  readonly trackedConnections: number;
  /** The address that this instance takes, and the ports that it shows in front of the router's. */
  readonly front?: { readonly allocation: string; readonly region: string; readonly ports: readonly number[] };
};

/** Of the image: `USER 1000:1000`. */
const processUser = 1000;

/** Host networking takes no `systemControls` from a task definition, so the kernel is told here. */
const sysctls = (tracked: number): readonly string[] => [
  // Outgoing connections may use all ports but those on which we listen.
  'net.ipv4.ip_local_port_range=1024 65535',
  `net.ipv4.ip_local_reserved_ports=${[...Object.values(ports), ...Object.values(adminPorts)].join(',')}`,
  // A storm of devices waits in the queue instead of being refused; Node asks for 4096.
  'net.core.somaxconn=65535',
  'net.ipv4.tcp_max_syn_backlog=65535',
  'net.core.netdev_max_backlog=16384',
  'fs.nr_open=2097152',
  'net.ipv4.tcp_keepalive_time=60',
  'net.ipv4.tcp_keepalive_intvl=15',
  'net.ipv4.tcp_keepalive_probes=4',
  // Docker loads connection tracking even for host networking. The default keeps a lost flow for five days.
  `net.netfilter.nf_conntrack_max=${tracked}`,
  'net.netfilter.nf_conntrack_tcp_timeout_established=7200',
];

/** Runs before the ECS agent, at each boot: rules of the packet filter do not outlive one. */
const filterRules = (front: InstanceStart['front']): readonly string[] => [
  // A container on the host's network reaches the metadata service, whatever the hop limit, and with it the instance's
  // own role. Its task credentials come from another address.
  `iptables -w -I OUTPUT -d 169.254.169.254 -m owner --uid-owner ${processUser} -j REJECT`,
  ...(front === undefined
    ? []
    : front.ports.map(
        (port) =>
          `iptables -w -t nat -I PREROUTING -p tcp --dport ${port} -m addrtype --dst-type LOCAL -j REDIRECT --to-ports ${ports.router}`,
      )),
];

/**
 * An Elastic IP is taken by the instance itself: a group replaces its instance by another, and only that one knows when
 * it is there. The ECS image carries no AWS command line.
 */
const takeAddress = ({ allocation, region }: NonNullable<InstanceStart['front']>): readonly string[] => [
  'token=$(curl -sSf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" http://169.254.169.254/latest/api/token)',
  'instance=$(curl -sSf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id)',
  'for attempt in 1 2 3 4 5; do command -v aws >/dev/null || dnf -y install awscli-2 && break; sleep 10; done',
  `for attempt in 1 2 3 4 5; do aws ec2 associate-address --region ${region} --allocation-id ${allocation} --instance-id "$instance" --allow-reassociation && break; sleep 10; done`,
];

const file = (path: string, lines: readonly string[]): string => [`cat > ${path} <<'END'`, ...lines, 'END'].join('\n');

/** What an instance does at its first boot. Amazon Linux 2023 for ECS. */
export const instanceStart = (start: InstanceStart): UserData => {
  const { front } = start;
  const data = UserData.forLinux();
  data.addCommands(
    'set -uo pipefail',
    // Nobody logs in: what an instance says is in the logs, and a broken one is replaced.
    'systemctl disable --now sshd.service sshd.socket 2>/dev/null',
    file('/etc/modules-load.d/sallyport.conf', ['nf_conntrack']),
    'modprobe nf_conntrack',
    file('/etc/sysctl.d/90-sallyport.conf', sysctls(start.trackedConnections)),
    'sysctl --system',
    file('/usr/local/sbin/sallyport-filter', ['#!/bin/sh -e', ...filterRules(front)]),
    'chmod 755 /usr/local/sbin/sallyport-filter',
    file('/etc/systemd/system/sallyport-filter.service', [
      '[Unit]',
      'After=docker.service',
      'Before=ecs.service',
      '[Service]',
      'Type=oneshot',
      'RemainAfterExit=yes',
      'ExecStart=/usr/local/sbin/sallyport-filter',
      '[Install]',
      'WantedBy=multi-user.target',
    ]),
    'systemctl daemon-reload',
    'systemctl enable --now --no-block sallyport-filter.service',
    ...(front === undefined ? [] : takeAddress(front)),
    file('/etc/ecs/ecs.config', [
      'ECS_ENABLE_TASK_IAM_ROLE_NETWORK_HOST=true',
      'ECS_DISABLE_PRIVILEGED=true',
      // ECS places tasks with Docker's security options, `no-new-privileges` too, only where an agent says one of two words.
      'ECS_SELINUX_CAPABLE=true',
      // A task's own stop time-out counts; this is for tasks without one.
      'ECS_CONTAINER_STOP_TIMEOUT=2m',
      'ECS_ENABLE_SPOT_INSTANCE_DRAINING=false',
    ]),
  );
  return data;
};
