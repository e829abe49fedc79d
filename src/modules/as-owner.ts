// Scripts for folders of a service. Root must not read or write by path what a service can replace with a link.
import { shellWord } from "../values/shell.ts";

/**
 * A script for `sh -euc`, with the folder as its first argument: runs `script` in the folder as its owner, with the other
 * arguments. It enters the folder first, since on NixOS one with DynamicUser= is below /var/lib/private, which only root
 * may pass. As root it runs only if every folder on the way is root's too.
 */
export const asOwner = (script: string): string => `
path=$1; shift
cd -P -- "$path"
owner=$(stat -c %u .)
if [ "$(id -u)" = 0 ]; then
	if [ "$owner" != 0 ]; then
		exec setpriv --reuid="$owner" --regid="$(stat -c %g .)" --clear-groups --no-new-privs sh -euc ${shellWord(script)} sh "$@"
	fi
	while [ "$path" != / ]; do
		[ "$(stat -c %u "$path")" = 0 ] || { echo "$path is not root's, but what it leads to is" >&2; exit 1; }
		path=$(dirname "$path")
	done
fi
${script}`;
