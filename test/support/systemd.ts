// Without systemd: a `systemd-run` that starts its command and waits, for machines that are one sshd each.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const SYSTEMD_RUN = `#!/bin/bash
for word; do
	case $word in
	--property=StandardOutput=append:*) out=\${word#*append:} ;;
	--property=StandardError=append:*) err=\${word#*append:} ;;
	--setenv=*) export "\${word#--setenv=}" ;;
	--) break ;;
	esac
done
while [ "$1" != -- ]; do shift; done; shift
exec "$@" >>"$out" 2>>"$err"
`;

/** Install it in a folder that comes first in the PATH. */
export function standInForSystemd(bin: string): void {
	writeFileSync(join(bin, "systemd-run"), SYSTEMD_RUN, { mode: 0o755 });
	writeFileSync(join(bin, "systemctl"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
}
