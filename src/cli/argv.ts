// Flags may stand before the command, as in `holdfast --config FILE list`; the parser wants them after it.

const WITH_VALUE = new Set([
	"--config",
	"--provider",
	"--service",
	"--path",
	"--into",
	"--from",
	"--keep-old",
	"--tag",
	"--on",
	"--wait",
	"--unit",
	"--parallel",
]);

/** Arguments with the leading flags moved to their end, or before a `--`. */
export function commandFirst(args: readonly string[]): string[] {
	let start = 0;
	while (args[start]?.startsWith("--") && args[start] !== "--")
		start += WITH_VALUE.has(args[start] ?? "") ? 2 : 1;
	if (start === 0 || start >= args.length) return [...args];
	const rest = args.slice(start);
	const end = rest.indexOf("--");
	return end < 0
		? [...rest, ...args.slice(0, start)]
		: [...rest.slice(0, end), ...args.slice(0, start), ...rest.slice(end)];
}
