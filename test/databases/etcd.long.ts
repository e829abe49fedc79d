// etcd as a store that is dumped while it runs and loaded into its folder, as the page about databases shows it.
import { elsewhere } from "../elsewhere/elsewhere.ts";
import type { Machine } from "../machine/machine.ts";
import { fulfilsContract } from "./contract.ts";
import { storeOfPage } from "./store-of-page.ts";

const programs = elsewhere("bookworm", "etcd-server", "etcd-client");
const { folders, exclude, dumps, stopOnRestore } = storeOfPage("etcd");

const up = "until ETCDCTL_API=3 etcdctl get x >/dev/null 2>&1; do sleep 0.1; done";
const etcdctl = (web01: Machine, script: string) => web01.sh(`export ETCDCTL_API=3; ${up}; ${script}`);

fulfilsContract({
	name: "etcd",
	skip: programs.missing,
	units: [],
	stopOnRestore,
	folders,
	state: { exclude },
	dump: dumps[0],
	async prepare(web01) {
		const folder = programs.below("/opt/holdfast");
		await web01.sh(`
			cp -an ${folder}/usr/. /usr/; cp ${folder}/lib/systemd/system/etcd.service /etc/systemd/system/
			useradd --system etcd; systemctl daemon-reload
		`);
	},
	async fill(web01) {
		await web01.sh(
			"systemctl stop etcd; rm -rf /var/lib/etcd; install -d -o etcd -g etcd -m 0700 /var/lib/etcd; systemctl start etcd",
		);
		await etcdctl(web01, "for n in $(seq 40); do etcdctl put key/$n old$n >/dev/null; done");
	},
	change: async (web01) =>
		void (await etcdctl(
			web01,
			"etcdctl del key/1 >/dev/null; etcdctl put key/2 newer >/dev/null; etcdctl put more x >/dev/null; for n in $(seq 50); do head -c 20000 /dev/zero | tr '\\\\0' x | etcdctl put big/$n >/dev/null; done",
		)),
	facts: (web01) =>
		etcdctl(
			web01,
			"etcdctl get --prefix '' | cut -c-100; find /var/lib/etcd -not -user etcd; systemctl is-active etcd",
		),
	breakDown: async (web01) => void (await web01.sh("systemctl stop etcd")),
	repair: async (web01) => void (await web01.sh("systemctl start etcd")),
});
